import assert from 'node:assert/strict';
import test from 'node:test';
import type { Update } from 'roomcast/presets/stats';
import { attention, badges, changeText } from '../src/stats/attention.ts';
import { apply, EMPTY } from '../src/stats/fold.ts';
import type { Stats } from '../src/stats/fold.ts';
import { noticed, told } from '../src/stats/words.ts';
import { events, fed, stateOf } from './kept.ts';

/** What Mira is sent. */
const stream = fed<Update>('stats');

test('fed to its end, the page shows what the example file says', () => {
  const file = events('stats');
  const view = stream.reduce(apply, EMPTY);
  /** The last state of each thing, by the types of events. */
  const count = (kind: string, bucket: string, of: (event: (typeof file)[number]) => string) => {
    const last = new Map([...file].filter(({ event_type: type }) => type.startsWith(kind)).sort((one, other) => Date.parse(one.occurred_at) - Date.parse(other.occurred_at)).map((event) => [event.aggregate_id, of(event)]));
    return [...last.values()].filter((one) => one === bucket).length;
  };
  const tasks = ({ event_type: type }: (typeof file)[number]) => ({ 'task.created': 'pending', 'task.assigned': 'inProgress', 'task.completed': 'completed' })[type] ?? type;
  const conversations = ({ event_type: type, payload }: (typeof file)[number]) =>
    ({ 'conversation.created': 'active', 'conversation.updated': payload.state, 'conversation.escalated': 'escalated', 'conversation.resolved': 'resolved' })[type] ?? type;
  const approvals = ({ event_type: type, payload }: (typeof file)[number]) =>
    ({ 'approval.queued': 'pending', 'approval.decided': payload.decision, 'approval.executed': 'executed' })[type] ?? type;
  for (const bucket of ['pending', 'inProgress', 'completed'] as const) assert.equal(view.tasks?.[bucket], count('task.', bucket, tasks), bucket);
  for (const bucket of ['active', 'waiting', 'escalated', 'resolved'] as const) assert.equal(view.conversations?.[bucket], count('conversation.', bucket, conversations), bucket);
  for (const bucket of ['pending', 'approved', 'rejected', 'executed'] as const) assert.equal(view.approvals?.[bucket], count('approval.', bucket, approvals), bucket);
  const mine = file.filter(({ event_type: type, payload }) => type === 'task.assigned' && payload.assignee_id === 'mira.sol').map(({ aggregate_id }) => aggregate_id);
  assert.deepEqual(view.notices.map(({ id }) => id), mine.reverse());
});

test('at each point, the state shows the same as the stream, as far as the state has it', () => {
  for (let end = 0; end <= stream.length; end += 1) {
    const whole = stream.slice(0, end);
    const facts = ({ tasks, conversations, approvals, notices }: Stats) => ({ tasks, conversations, approvals, notices });
    assert.deepEqual(facts(stateOf('stats', whole).reduce(apply, EMPTY)), facts(whole.reduce(apply, EMPTY)), `after ${end} updates`);
  }
});

const some: Stats = {
  ...EMPTY,
  tasks: { pending: 1, inProgress: 2, completed: 3, total: 6 },
  conversations: { active: 1, waiting: 2, escalated: 1, resolved: 0, total: 4 },
  approvals: { pending: 0, approved: 1, rejected: 0, executed: 0, total: 1 },
};

test('what asks for a person always has the same places, the most urgent first', () => {
  assert.deepEqual(attention(EMPTY).map(({ id, count }) => [id, count]), [['escalated', 0], ['undecided', 0], ['unanswered', 0], ['approved', 0], ['unassigned', 0]]);
  assert.deepEqual(attention(some).map(({ count, text }) => `${count} ${text}`), [
    '1 conversation is escalated', '0 approvals wait for a decision', '2 conversations wait for an answer', '1 approval is to be carried out', '1 task has nobody yet',
  ]);
});

test('badges count what waits for somebody, and nothing before there are figures', () => {
  assert.deepEqual(badges(EMPTY), { tasks: undefined, conversations: undefined, approvals: undefined });
  assert.deepEqual(badges(some), { tasks: 1, conversations: 3, approvals: 0 });
});

test('a change is said with its sign', () => {
  assert.deepEqual([changeText(5, 3), changeText(3, 5), changeText(3, 3), changeText(3, undefined), changeText(undefined, 3)], ['+2', '−2', 'no change', '', '']);
});

test('what happened is said in words', () => {
  const [first] = stream;
  assert.equal(told(first!)?.text, '1 pending, 0 in progress, 0 completed');
  const { notices } = stream.reduce(apply, EMPTY);
  assert.equal(noticed(notices[0]!).text, 'was assigned to you');
});
