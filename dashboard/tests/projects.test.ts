import assert from 'node:assert/strict';
import test from 'node:test';
import type { Update, UpdateData, UpdateType } from 'roomcast/presets/projects';
import { columns, USUAL } from '../src/projects/board.ts';
import { apply, EMPTY, FEED_KEPT, keyOf, OVER_KEPT } from '../src/projects/fold.ts';
import type { Going, View } from '../src/projects/fold.ts';
import { events, fed, stateOf } from './kept.ts';

const stream = fed<Update>('projects');
const DELETED = 'juniper-search';
const file = events('projects').map(({ event_type: type, payload }) => ({ ...payload, type }) as Record<string, any>).filter(({ project_id }) => project_id !== DELETED);
const of = (...types: string[]) => file.filter(({ type }) => types.includes(type));
/** The last event of each thing, by its project and id. */
const lastOf = (id: string, ...types: string[]) => new Map(of(...types).map((one) => [`${one.project_id}\n${one[id]}`, one]));

/** What goes on and what is over, by its key. */
const all = <T extends { project: string; id: string }>({ on, over }: Going<T>) => new Map([...on.values(), ...over].map((one) => [keyOf(one), one]));

let last = 0;
const update = <T extends UpdateType>(updateType: T, payload: UpdateData[T]['payload'], projectId = 'p') =>
  ({ type: 'dashboard.update', seq: (last += 1), updateType, timestamp: '2026-11-24T06:00:00Z', data: { projectId, payload } }) as unknown as Update;

test('fed to its end, the page shows what the example file says', () => {
  const view = stream.reduce(apply, EMPTY);
  assert.deepEqual([...view.projects.keys()].sort(), [...new Set(file.map((one) => one.project_id))].sort());
  for (const project of view.projects.values()) {
    const said = of('project.created', 'project.updated', 'project.phase.changed').filter((one) => one.project_id === project.id);
    const latest = (field: string) => said.filter((one) => one[field] !== undefined).at(-1)?.[field];
    assert.deepEqual([project.name, project.phase, project.status, project.description], ['name', 'phase', 'status', 'description'].map(latest));
  }
  for (const [key, { status }] of lastOf('story_id', 'story.status.changed')) assert.equal(view.stories.get(key)?.status, status);
  for (const [key, { type, result, agent }] of lastOf('agent_id', 'agent.started', 'agent.completed')) {
    assert.deepEqual([all(view.agents).get(key)?.result, all(view.agents).get(key)?.agent], [result, agent ?? of('agent.started').find((one) => `${one.project_id}\n${one.agent_id}` === key)!.agent], type);
  }
  for (const [key, { response }] of lastOf('escalation_id', 'escalation.created', 'escalation.responded')) {
    const { question } = of('escalation.created').find((one) => `${one.project_id}\n${one.escalation_id}` === key)!;
    assert.deepEqual([all(view.escalations).get(key)?.response, all(view.escalations).get(key)?.question], [response, question]);
  }
  for (const [key, { type }] of lastOf('number', 'pr.created', 'pr.merged')) assert.equal(view.requests.on.has(key), type === 'pr.created');
  for (const [key, { message }] of lastOf('workflow', 'workflow.error')) assert.equal(view.faults.get(key)?.message, message);
  const sizes = [view.stories, all(view.agents), all(view.escalations), all(view.requests), view.faults].map(({ size }) => size);
  const things = [['story_id', 'story.status.changed'], ['agent_id', 'agent.started', 'agent.completed'], ['escalation_id', 'escalation.created', 'escalation.responded'],
    ['number', 'pr.created', 'pr.merged'], ['workflow', 'workflow.error']] as const;
  assert.deepEqual(sizes, things.map(([id, ...types]) => lastOf(id, ...types).size));
});

/** All that the page shows, but the feed: of that the state has less. */
function facts({ projects, stories, escalations, agents, requests, faults }: View) {
  const parts = <T extends { project: string }>(map: ReadonlyMap<string, T>, fields: readonly (keyof T)[]) =>
    [...map].map(([key, one]) => [key, ...fields.map((field) => one[field])]);
  return {
    projects: [...projects.values()].sort((one, other) => (one.id < other.id ? -1 : 1)),
    stories: parts(stories, ['status', 'at']),
    waiting: parts(escalations.on, ['question', 'severity', 'story', 'at']),
    answered: parts(new Map(escalations.over.map((one) => [keyOf(one), one])), ['question', 'severity', 'story', 'response', 'by', 'at']),
    working: parts(agents.on, ['agent', 'story', 'at']),
    worked: parts(new Map(agents.over.map((one) => [keyOf(one), one])), ['agent', 'story', 'result', 'durationMs', 'at']),
    open: parts(requests.on, ['title', 'story', 'url', 'at']),
    merged: parts(new Map(requests.over.map((one) => [keyOf(one), one])), ['title', 'url', 'by', 'at']),
    faults: parts(faults, ['message', 'step', 'at']),
  };
}

test('at each point, the state shows the same as the stream', () => {
  for (let end = 0; end <= stream.length; end += 1) {
    const whole = stream.slice(0, end);
    assert.deepEqual(facts(stateOf('projects', whole).reduce(apply, EMPTY)), facts(whole.reduce(apply, EMPTY)), `after ${end} updates`);
  }
});

test('nothing of a project is left when it was deleted, but that it was', () => {
  const view = stream.reduce(apply, EMPTY);
  for (const map of [view.stories, all(view.agents), all(view.escalations), all(view.requests), view.faults]) assert.equal([...map.values()].some(({ project }) => project === DELETED), false);
  const entry = view.feed.find(({ text }) => text === 'was deleted');
  assert.deepEqual([entry?.project, entry?.subject], [DELETED, 'Juniper Search']);
});

test('two projects may use the same ids', () => {
  const view = [update('story.status.changed', { storyId: '1', status: 'ready' }, 'a'), update('story.status.changed', { storyId: '1', status: 'done' }, 'b')].reduce(apply, EMPTY);
  assert.deepEqual([...view.stories.values()].map(({ project, status }) => [project, status]), [['a', 'ready'], ['b', 'done']]);
});

test('what is over is bounded, and what is going on is kept', () => {
  const begun = Array.from({ length: 500 }, (_, index) => update('agent.started', { agentId: `a-${index}`, agent: 'developer' }));
  const over = Array.from({ length: 400 }, (_, index) => update('agent.completed', { agentId: `a-${index}`, result: 'success' }));
  const view = [...begun, ...over].reduce(apply, EMPTY);
  assert.deepEqual([view.agents.on.size, view.agents.over.length, view.agents.over[0]?.id, view.feed.length], [100, OVER_KEPT, 'a-399', FEED_KEPT]);
});

test('an update that the page does not know shows only that its project exists', () => {
  const view = apply(EMPTY, update('sprint.planned' as UpdateType, {} as never));
  assert.deepEqual([[...view.projects.keys()], view.feed[0]?.text], [['p'], 'sprint planned']);
});

test('the usual columns are always there, others come after them, and the story that moved last is the first', () => {
  const { stories } = [['1', 'ready'], ['2', 'ready'], ['3', 'parked'], ['1', 'done'], ['1', 'ready']].map(([storyId, status]) => update('story.status.changed', { storyId: storyId!, status: status! })).reduce(apply, EMPTY);
  assert.deepEqual(columns(stories).map(({ status }) => status), [...USUAL, 'parked']);
  assert.deepEqual(columns(stories).find(({ status }) => status === 'ready')?.list.map(({ id }) => id), ['1', '2']);
});
