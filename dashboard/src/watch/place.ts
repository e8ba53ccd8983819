/** What the address of the page says: `/dashboard/watch?path=/orders/live&session=…&topics=project:7,project:8`. */

export interface Asked {
  /** The path of the endpoint; null if the address names none that could be one. */
  path: string | null;
  /** Why there is no path, if there should be. */
  fault: string;
  session: string | null;
  topics: readonly string[] | undefined;
}

/** A path of this server. Queries and fragments are the client's own. */
const PATH = /^\/(?!\/)[^?#\\\s]*$/;

export function asked(search: string): Asked {
  const query = new URLSearchParams(search);
  const [path, topics] = [query.get('path'), query.get('topics')];
  const good = path !== null && PATH.test(path);
  return {
    path: good ? path : null,
    fault: good || path === null ? '' : 'This is not a path: it begins with one slash, and has no question mark.',
    // A document whose path names no session has a single one, so it needs no name here.
    session: query.get('session') ?? (good && !path.includes('{session}') ? 'all' : null),
    topics: topics === null ? undefined : topicsIn(topics),
  };
}

/** A list of topics as people type it. */
export const topicsIn = (text: string): readonly string[] => text.split(/[,\s]+/).filter((topic) => topic !== '');
