/** Compiled, and never run: `data` is known by `updateType`, for the documents that are built in. */

import { connect } from '../../src/index.ts';
import type { Update as AdminUpdate } from '../../src/presets/admin.ts';
import type { Update as ProjectUpdate } from '../../src/presets/projects.ts';
import type { Update as StatsUpdate } from '../../src/presets/stats.ts';
import type { Update as TaskUpdate, UpdateOf } from '../../src/presets/tasks.ts';

const sessions = connect({ session: 's-1' });
sessions.on('update', (update) => {
  if (update.updateType === 'analysis.scores') {
    const score: number | undefined = update.data.scores['cost'] ?? update.data.overallScore;
    const kind: 'pugh' | 'dq' = update.data.scoreType;
    // @ts-expect-error: scores have no title.
    const title: string = update.data.title;
    return [score, kind, title];
  }
  // @ts-expect-error: there is no such type.
  return update.updateType === 'analysis.nonsense';
});

const tasks = connect<TaskUpdate>({ session: 'tasks' });
tasks.view((done: string[], update) => (update.updateType === 'task_created' ? [...done, update.data.data.task.id] : done), []);

const good: UpdateOf<'task_deleted'>['data']['data']['deletedBy'] = { id: 'ada' };
// @ts-expect-error: who has deleted it has an id.
const wrong: UpdateOf<'task_deleted'>['data']['data']['deletedBy'] = { name: 'Ada' };

export type Others = AdminUpdate | ProjectUpdate | StatsUpdate;
export { good, wrong };
