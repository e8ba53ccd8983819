import assert from 'node:assert/strict';
import test from 'node:test';
import type { Update, UpdateData, UpdateType } from 'roomcast/presets/tasks';
import { apply, EMPTY, FEED_KEPT, LINES_KEPT, SAMPLES_KEPT } from '../src/tasks/fold.ts';
import type { View } from '../src/tasks/fold.ts';
import { first, groups, UNKNOWN, USUAL } from '../src/tasks/groups.ts';
import { metricName, metricText } from '../src/tasks/words.ts';
import { events, fed, stateOf } from './kept.ts';

/** What Ada, who has the permission `operations`, is sent of everything. */
const stream = fed<Update>('tasks');
const file = events('tasks').map(({ event_type: type, aggregate_id: id, occurred_at: at, payload }) => ({ ...payload, type, id, at }) as Record<string, any>);
const of = (...types: string[]) => file.filter(({ type }) => types.includes(type));

let last = 0;
const update = <T extends UpdateType>(updateType: T, data: Omit<UpdateData[T], 'metadata'>, seconds = (last += 1)) =>
  ({ type: 'dashboard.update', seq: (last += 1), updateType, timestamp: new Date(Date.UTC(2026, 10, 24, 6, 0, seconds)).toISOString(), data: { metadata: { projectId: 'p' }, ...data } }) as unknown as Update;
const step = (progress: number, seconds?: number, logs?: UpdateData['task_progress']['data']['logs']) =>
  update('task_progress', { data: { taskId: 't', executionId: 'e', progress, stage: 'test', ...(logs && { logs }) } }, seconds);

test('fed to its end, the page shows what the example file says', () => {
  const view = stream.reduce(apply, EMPTY);
  const deleted = of('task.deleted').map(({ id }) => id);
  assert.deepEqual([...view.tasks.keys()].sort(), of('task.created').map(({ id }) => id).filter((id) => !deleted.includes(id)).sort());
  for (const task of view.tasks.values()) {
    const created = of('task.created').find(({ id }) => id === task.id)!;
    const changes = [created, ...of('task.updated').filter(({ id }) => id === task.id).map((one) => one.changes)];
    const latest = (field: string) => changes.filter((one) => one[field] !== undefined).at(-1)?.[field] ?? undefined;
    assert.equal(task.title, created.title);
    assert.deepEqual([task.status, task.priority, task.dueAt, task.blockedBy], ['status', 'priority', 'due_at', 'blocked_by'].map((field) => latest(field) ?? latest(field.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()))));
    const steps = of('task.progress', 'task.logged').filter(({ id }) => id === task.id);
    assert.deepEqual([task.run?.progress, task.run?.stage, task.run?.id], [steps.at(-1)?.progress, steps.at(-1)?.stage, steps.at(-1)?.execution_id]);
    assert.deepEqual(task.log.map(({ message }) => message), steps.flatMap(({ logs = [] }) => logs.map((line: { message: string }) => line.message)));
  }
  const [system, alert] = [of('system.status', 'system.alert').at(-1)!, of('system.alert').at(-1)!];
  assert.deepEqual([view.system?.status, view.system?.metrics, view.alerts?.list], [system.status, system.metrics, alert.alerts]);
});

/** What the server's state keeps: everything of a task but what was changed more than twenty changes ago. */
const facts = ({ tasks, system, alerts }: View) => ({ tasks: [...tasks].sort(([one], [other]) => (one < other ? -1 : 1)), system, alerts });

test('after each event, the state shows the same as the stream', () => {
  for (let end = 0; end <= stream.length; end += 1) {
    const whole = stream.slice(0, end);
    if (whole.at(-1)?.timestamp === stream[end]?.timestamp) continue;
    assert.deepEqual(facts(stateOf('tasks', whole).reduce(apply, EMPTY)), facts(whole.reduce(apply, EMPTY)), `after ${end} updates`);
  }
});

test('what comes by the topics of the project and of the user changes the view once', () => {
  const again = stream.flatMap((one) => ('metadata' in one.data ? [one, { ...one, seq: one.seq + 0.5, topic: 'user:ada:again' }] : [one])).filter(({ data }) => !('logs' in Object(Object(data).data)));
  const once = again.filter(({ topic }) => topic !== 'user:ada:again');
  const view = (updates: readonly Update[]) => {
    const { tasks, feed } = updates.reduce(apply, EMPTY);
    return { tasks: [...tasks], feed: feed.map(({ what, at }) => [what, at]) };
  };
  assert.deepEqual(view(again), view(once));
});

test('progress that is older than what is shown does not take its place, and its log counts', () => {
  const log = [{ timestamp: '2026-11-24T06:00:10Z', level: 'info', message: 'a' }];
  const view = [step(0.5, 20), step(0.3, 10, log)].reduce(apply, EMPTY);
  assert.equal(view.tasks.get('t')?.run?.progress, 0.5);
  assert.deepEqual(view.tasks.get('t')?.log.map(({ message }) => message), ['a']);
});

test('a task that was deleted is gone, whichever topic says so', () => {
  const gone = [
    update('task_deleted', { data: { taskId: 't', deletedBy: { id: 'ada' } } }),
    update('task_updated', { data: { taskId: 't', changes: { status: 'deleted' }, updatedBy: { id: 'ada' } } }),
    update('task_progress', { data: { taskId: 't', executionId: 'none', progress: 0, stage: 'deleted' } }),
  ];
  for (const one of gone) {
    const view = [step(0.5), one].reduce(apply, EMPTY);
    assert.deepEqual([view.tasks.size, view.feed.map(({ what }) => what)], [0, ['t deleted']]);
  }
  const all = [step(0.5), ...gone].reduce(apply, EMPTY);
  assert.equal(all.feed.length, 1);
  const created = update('task_created', { data: { task: { id: 't', title: 'Its title', status: 'open' }, createdBy: { id: 'ada' } } });
  assert.equal([created, ...gone].reduce(apply, EMPTY).feed[0]?.subject, 'Its title');
});

test('a log is bounded, and its lines keep their numbers', () => {
  const lines = (index: number) => [{ timestamp: '2026-11-24T06:00:00Z', level: 'info', message: `line ${index}` }];
  const { log } = Array.from({ length: 2_000 }, (_, index) => step(0.5, 1, lines(index))).reduce(apply, EMPTY).tasks.get('t')!;
  assert.deepEqual([log.length, log[0]?.number, log.at(-1)?.message], [LINES_KEPT, 2_000 - LINES_KEPT + 1, 'line 1999']);
});

test('the state of the system is that of the latest time, and its past is bounded', () => {
  const status = (seconds: number, cpu: number) => update('system_status', { data: { status: 'healthy', metrics: { cpu } } }, seconds);
  const view = [status(20, 0.2), status(10, 0.1)].reduce(apply, EMPTY);
  assert.deepEqual([view.system?.metrics.cpu, view.samples.length], [0.2, 1]);
  assert.equal(Array.from({ length: 500 }, (_, index) => status(index, 0.5)).reduce(apply, EMPTY).samples.length, SAMPLES_KEPT);
});

test('the feed is bounded', () => {
  const many = Array.from({ length: 500 }, (_, index) => update('task_created', { data: { task: { id: `t-${index}`, title: 'A', status: 'open' }, createdBy: { id: 'ada' } } }));
  assert.equal(many.reduce(apply, EMPTY).feed.length, FEED_KEPT);
});

test('an update that the page does not know changes nothing', () => {
  assert.equal(apply(EMPTY, update('task_archived' as UpdateType, {} as never)), EMPTY);
});

test('metrics are shown as people write them', () => {
  assert.deepEqual([metricName('queueDepth'), metricText('cpu', 0.31), metricText('queueDepth', 1_200)], ['Queue depth', '31 %', '1,200']);
  assert.equal(metricName('cpu'), 'CPU');
});

test('the usual columns are always there, others come after them, and the task that came last is the first', () => {
  const created = (id: string, status: string) => update('task_created', { data: { task: { id, title: 'A', status }, createdBy: { id: 'ada' } } });
  const changed = (taskId: string, status: string) => update('task_updated', { data: { taskId, changes: { status }, updatedBy: { id: 'ada' } } });
  const { tasks } = [created('a', 'open'), created('b', 'open'), created('c', 'parked'), step(0.5), created('d', 'done'), changed('d', 'open')].reduce(apply, EMPTY);
  const all = groups(tasks);
  assert.deepEqual(all.map(({ status }) => status), [...USUAL, 'parked', UNKNOWN]);
  assert.deepEqual(all.find(({ status }) => status === 'open')?.list.map(({ id }) => id), ['d', 'b', 'a']);
  assert.equal(first(all)?.id, 'd');
  const withLog = [step(0.6, 30, [{ timestamp: '2026-11-24T06:00:00Z', level: 'info', message: 'a' }])].reduce(apply, { ...EMPTY, tasks });
  assert.equal(first(groups(withLog.tasks))?.id, 't');
  assert.equal(first(groups(EMPTY.tasks)), undefined);
});
