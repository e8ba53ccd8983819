import assert from 'node:assert/strict';
import test from 'node:test';
import type { Update, UpdateData, UpdateType } from 'roomcast/presets/projects';
import { apply, EMPTY, FEED_KEPT, OVER_KEPT } from '../src/projects/fold.ts';
import type { View } from '../src/projects/fold.ts';
import { events, fed, stateOf } from './kept.ts';

const stream = fed<Update>('projects');
const DELETED = 'juniper-search';
const file = events('projects').map(({ event_type: type, payload }) => ({ ...payload, type }) as Record<string, any>).filter(({ project_id }) => project_id !== DELETED);
const of = (...types: string[]) => file.filter(({ type }) => types.includes(type));
/** The last event of each thing, by its project and id. */
const lastOf = (id: string, ...types: string[]) => new Map(of(...types).map((one) => [`${one.project_id}\n${one[id]}`, one]));

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
    assert.deepEqual([view.agents.get(key)?.result, view.agents.get(key)?.agent], [result, agent ?? of('agent.started').find((one) => `${one.project_id}\n${one.agent_id}` === key)!.agent], type);
  }
  for (const [key, { response }] of lastOf('escalation_id', 'escalation.created', 'escalation.responded')) {
    const { question } = of('escalation.created').find((one) => `${one.project_id}\n${one.escalation_id}` === key)!;
    assert.deepEqual([view.escalations.get(key)?.response, view.escalations.get(key)?.question], [response, question]);
  }
  for (const [key, { type }] of lastOf('number', 'pr.created', 'pr.merged')) assert.equal(view.requests.get(key)?.merged, type === 'pr.merged');
  for (const [key, { message }] of lastOf('workflow', 'workflow.error')) assert.equal(view.faults.get(key)?.message, message);
  const sizes = [view.stories, view.agents, view.escalations, view.requests, view.faults].map(({ size }) => size);
  const things = [['story_id', 'story.status.changed'], ['agent_id', 'agent.started', 'agent.completed'], ['escalation_id', 'escalation.created', 'escalation.responded'],
    ['number', 'pr.created', 'pr.merged'], ['workflow', 'workflow.error']] as const;
  assert.deepEqual(sizes, things.map(([id, ...types]) => lastOf(id, ...types).size));
});

/** What the server's state keeps: the last that was said of each thing, without what was said of it before. */
function facts({ projects, stories, escalations, agents, requests, faults }: View) {
  const parts = <T extends { project: string }>(map: ReadonlyMap<string, T>, fields: readonly (keyof T)[]) =>
    [...map].map(([key, one]) => [key, ...fields.map((field) => one[field])]);
  return {
    projects: [...projects.keys()].sort(),
    stories: parts(stories, ['status', 'at']),
    waiting: parts(escalations, ['question', 'severity', 'story', 'at']).filter(([key]) => escalations.get(String(key))!.response === undefined),
    answered: parts(escalations, ['response', 'by', 'at']),
    working: parts(agents, ['agent', 'story', 'at']).filter(([key]) => agents.get(String(key))!.result === undefined),
    worked: parts(agents, ['result', 'durationMs', 'at']),
    open: parts(requests, ['title', 'story', 'url', 'at']).filter(([key]) => !requests.get(String(key))!.merged),
    requests: parts(requests, ['merged', 'by', 'at']),
    faults: parts(faults, ['message', 'step', 'at']),
  };
}

test('at each point, the state shows the same as the stream, as far as the state has it', () => {
  for (let end = 0; end <= stream.length; end += 1) {
    const whole = stream.slice(0, end);
    assert.deepEqual(facts(stateOf('projects', whole).reduce(apply, EMPTY)), facts(whole.reduce(apply, EMPTY)), `after ${end} updates`);
  }
});

test('nothing of a project is left when it was deleted, but that it was', () => {
  const view = stream.reduce(apply, EMPTY);
  for (const map of [view.stories, view.agents, view.escalations, view.requests, view.faults]) assert.equal([...map.values()].some(({ project }) => project === DELETED), false);
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
  const working = [...view.agents.values()].filter(({ result }) => result === undefined);
  assert.deepEqual([working.length, view.agents.size, view.feed.length], [100, 100 + OVER_KEPT, FEED_KEPT]);
});

test('an update that the page does not know shows only that its project exists', () => {
  const view = apply(EMPTY, update('sprint.planned' as UpdateType, {} as never));
  assert.deepEqual([[...view.projects.keys()], view.feed[0]?.text], [['p'], 'sprint planned']);
});
