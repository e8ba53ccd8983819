/** The columns of the board: where stories stand, in the order in which work goes. */

import type { Story } from './fold.ts';

export interface Column {
  status: string;
  /** The one that came last at the top. */
  list: readonly Story[];
}

/** These columns are always there. Others come after them, when a story has such a status. */
export const USUAL = ['backlog', 'ready', 'in_progress', 'blocked', 'review', 'done'];

export function columns(stories: ReadonlyMap<string, Story>): readonly Column[] {
  const lists = new Map<string, Story[]>(USUAL.map((status) => [status, []]));
  for (const story of stories.values()) lists.set(story.status, [story, ...(lists.get(story.status) ?? [])]);
  return [...lists].map(([status, list]) => ({ status, list }));
}
