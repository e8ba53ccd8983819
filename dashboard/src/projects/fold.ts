/**
 * The view of the projects dashboard, and the reducer that folds updates into it.
 *
 * The server keeps how each story, agent, request and escalation began and ended last, and the latest eight changes of a project's name,
 * description and status. What it does not keep is left out.
 */

import type { Update, UpdateOf } from 'roomcast/presets/projects';
import { Shelf } from '../live/shelf.ts';
import type { Entry } from '../parts/Feed.svelte';
import { told } from './words.ts';

export interface Project {
  id: string;
  name?: string | undefined;
  description?: string | undefined;
  phase?: string | undefined;
  status?: string | undefined;
}

/** What belongs to a project, and has an id that is unique in it. */
interface Part {
  project: string;
  id: string;
  at: string;
}

export interface Story extends Part {
  status: string;
}

export interface Escalation extends Part {
  question?: string | undefined;
  severity?: string | undefined;
  story?: string | undefined;
  /** Undefined while it waits. */
  response?: string | undefined;
  by?: string | undefined;
}

export interface Agent extends Part {
  /** What kind of agent. */
  agent?: string | undefined;
  story?: string | undefined;
  /** Undefined while it works. */
  result?: string | undefined;
  durationMs?: number | undefined;
}

export interface Request extends Part {
  title?: string | undefined;
  story?: string | undefined;
  url?: string | undefined;
  /** Who merged it. */
  by?: string | undefined;
}

/** What went wrong last in a workflow. */
export interface Fault extends Part {
  message: string;
  step?: string | undefined;
}

/** An entry of the feed. Its subject is the project, which may have another name by now. */
export interface Happened extends Entry {
  project: string;
}

/** What has a beginning and an end. */
export interface Going<T> {
  /** What is going on: all of it, the one that began last at the end. */
  on: Shelf<T>;
  /** What is over, the last first; of what was over long ago, nothing is kept. */
  over: readonly T[];
}

/** In shelves, the one that changed last is at the end. */
export interface View {
  projects: Shelf<Project>;
  stories: Shelf<Story>;
  escalations: Going<Escalation>;
  agents: Going<Agent>;
  requests: Going<Request>;
  faults: Shelf<Fault>;
  feed: readonly Happened[];
}

export const FEED_KEPT = 100;
export const OVER_KEPT = 100;

const nothing = <T>(): Going<T> => ({ on: Shelf.empty(), over: [] });
export const EMPTY: View = {
  projects: Shelf.empty(), stories: Shelf.empty(), escalations: nothing(), agents: nothing(), requests: nothing(), faults: Shelf.empty(), feed: [],
};

export function apply(view: View, update: Update): View {
  const id = update.data.projectId;
  const changed = update.updateType === 'project.deleted' ? without(view, id) : withProject({ ...view, ...change(view, update) }, id);
  const name = (changed.projects.get(id) ?? view.projects.get(id))?.name ?? id;
  const entry: Happened = { ...told(update), subject: name, project: id };
  return { ...changed, feed: [entry, ...view.feed].slice(0, FEED_KEPT) };
}

/** Whatever is said about a project shows that it exists. */
function withProject(view: View, id: string): View {
  return view.projects.has(id) ? view : { ...view, projects: view.projects.with(id, { id }) };
}

function change(view: View, update: Exclude<Update, UpdateOf<'project.deleted'>>): Partial<View> {
  switch (update.updateType) {
    case 'project.created': case 'project.updated': case 'project.phase.changed': return { projects: described(view, update) };
    case 'story.status.changed': return { stories: last(view.stories, { ...part(update, update.data.payload.storyId), status: update.data.payload.status }) };
    case 'escalation.created': case 'escalation.responded': return { escalations: escalated(view, update) };
    case 'agent.started': case 'agent.completed': return { agents: worked(view, update) };
    case 'pr.created': case 'pr.merged': return { requests: requested(view, update) };
    case 'workflow.error': {
      const { workflow, message, step } = update.data.payload;
      return { faults: last(view.faults, { ...part(update, workflow), message, step }) };
    }
    // A newer server may send what this page does not know.
    default: return {};
  }
}

function part({ timestamp, data }: Update, id: string): Part {
  return { project: data.projectId, id, at: timestamp };
}

export const keyOf = ({ project, id }: Pick<Part, 'project' | 'id'>) => `${project}\n${id}`;

function described({ projects }: View, { data }: UpdateOf<'project.created'> | UpdateOf<'project.updated'> | UpdateOf<'project.phase.changed'>) {
  const { projectId: id, payload } = data;
  const { name, description, phase, status }: Omit<Project, 'id'> = payload;
  const said = Object.fromEntries(Object.entries({ name, description, phase, status }).filter(([, value]) => value !== undefined));
  return projects.with(id, { ...projects.get(id), id, ...said }, true);
}

function escalated({ escalations }: View, update: UpdateOf<'escalation.created'> | UpdateOf<'escalation.responded'>) {
  const at = part(update, update.data.payload.escalationId);
  if (update.updateType === 'escalation.created') {
    const { question, severity, storyId: story } = update.data.payload;
    return begun(escalations, { ...at, question, severity, story });
  }
  const { response, respondedBy: by } = update.data.payload;
  return ended(escalations, { ...known(escalations, at), ...at, response, by });
}

function worked({ agents }: View, update: UpdateOf<'agent.started'> | UpdateOf<'agent.completed'>) {
  const at = part(update, update.data.payload.agentId);
  if (update.updateType === 'agent.started') {
    const { agent, storyId: story } = update.data.payload;
    return begun(agents, { ...at, agent, story });
  }
  const { result, durationMs } = update.data.payload;
  return ended(agents, { ...known(agents, at), ...at, result, durationMs });
}

function requested({ requests }: View, update: UpdateOf<'pr.created'> | UpdateOf<'pr.merged'>) {
  const at = part(update, String(update.data.payload.number));
  if (update.updateType === 'pr.created') {
    const { title, storyId: story, url } = update.data.payload;
    return begun(requests, { ...at, title, story, url });
  }
  const before = known(requests, at);
  const { mergedBy: by, storyId } = update.data.payload;
  return ended(requests, { ...before, ...at, by, story: storyId ?? before?.story });
}

/** With the value as the last. */
const last = <T extends Part>(parts: Shelf<T>, value: T): Shelf<T> => parts.with(keyOf(value), value);

const others = <T extends Part>(parts: readonly T[], { project, id }: Part): readonly T[] => parts.filter((one) => one.project !== project || one.id !== id);

function begun<T extends Part>({ on, over }: Going<T>, value: T): Going<T> {
  return { on: last(on, value), over: others(over, value) };
}

function ended<T extends Part>({ on, over }: Going<T>, value: T): Going<T> {
  return { on: on.without(keyOf(value)), over: [value, ...others(over, value)].slice(0, OVER_KEPT) };
}

/** What was known of it before. */
function known<T extends Part>({ on, over }: Going<T>, { project, id }: Part): T | undefined {
  return on.get(keyOf({ project, id })) ?? over.find((one) => one.project === project && one.id === id);
}

/** Without a project, and all that belongs to it. */
function without(view: View, project: string): View {
  const stays = (one: Part) => one.project !== project;
  const going = <T extends Part>({ on, over }: Going<T>): Going<T> => ({ on: on.filter(stays), over: over.filter(stays) });
  const { projects, stories, escalations, agents, requests, faults, feed } = view;
  return {
    projects: projects.without(project), stories: stories.filter(stays), faults: faults.filter(stays),
    escalations: going(escalations), agents: going(agents), requests: going(requests), feed,
  };
}
