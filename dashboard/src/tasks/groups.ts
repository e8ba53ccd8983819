/** Tasks by their status, in the order in which people look at them. */

import type { Task } from './fold.ts';

export interface Group {
  status: string;
  /** The one that came last at the top. */
  list: readonly Task[];
}

/** These are always there. Others come after them. */
export const USUAL = ['in_progress', 'blocked', 'in_review', 'open', 'done'];

/** What is said of a task whose status nobody has told this page. */
export const UNKNOWN = 'not known';

export function groups(tasks: ReadonlyMap<string, Task>): readonly Group[] {
  const lists = new Map<string, Task[]>(USUAL.map((status) => [status, []]));
  for (const task of tasks.values()) {
    const status = task.status ?? UNKNOWN;
    lists.set(status, [task, ...(lists.get(status) ?? [])]);
  }
  return [...lists].map(([status, list]) => ({ status, list }));
}

/** The task whose log is shown until the reader chooses one: the first that has a log, else the first. */
export function first(all: readonly Group[]): Task | undefined {
  const tasks = all.flatMap(({ list }) => list);
  return tasks.find(({ log }) => log.length > 0) ?? tasks[0];
}
