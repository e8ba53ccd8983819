/** The topics of the tasks dashboard: tasks of projects, tasks of the reader, and what concerns everyone. */

import { claimsOf } from '../live/claims.ts';
import { ALL } from '../live/following.svelte.ts';
import { within } from '../live/topics.ts';

/** The choice of the tasks that are the reader's own. No project has this name: it has a character that topics cannot have. */
export const MINE = ',mine';

const EVERYONE = 'global';

export function topicsOf(choice: string, token: string | null): readonly string[] {
  const { user, topics } = claimsOf(token);
  const own = user === null ? [] : [`user:${user}:*`];
  const wanted = choice === ALL ? ['project:*', ...own] : choice === MINE ? own : [`project:${choice}:*`];
  return [...within([EVERYONE], topics), ...(choice === ALL ? within(wanted, topics) : wanted)];
}
