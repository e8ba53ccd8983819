/**
 * The view of the projects dashboard, and the reducer that folds updates into it.
 *
 * The server keeps the latest update of each story, agent, request, escalation. Of what is over it therefore does not tell what
 * was known at its beginning, such as the question of an escalation that was answered: what is not known is left out.
 */

import type { Update, UpdateOf } from 'roomcast/presets/projects';
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
  merged: boolean;
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

type Parts<T> = ReadonlyMap<string, T>;

/** All maps of parts have the one that changed last at their end. */
export interface View {
  projects: ReadonlyMap<string, Project>;
  stories: Parts<Story>;
  escalations: Parts<Escalation>;
  agents: Parts<Agent>;
  requests: Parts<Request>;
  faults: Parts<Fault>;
  feed: readonly Happened[];
}

export const FEED_KEPT = 100;
/** Of what is over. What is going on is always kept. */
export const OVER_KEPT = 100;
export const EMPTY: View = {
  projects: new Map(), stories: new Map(), escalations: new Map(), agents: new Map(), requests: new Map(), faults: new Map(), feed: [],
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
  return view.projects.has(id) ? view : { ...view, projects: new Map(view.projects).set(id, { id }) };
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

const keyOf = ({ project, id }: Pick<Part, 'project' | 'id'>) => `${project}\n${id}`;

function described({ projects }: View, { data }: UpdateOf<'project.created'> | UpdateOf<'project.updated'> | UpdateOf<'project.phase.changed'>) {
  const { projectId: id, payload } = data;
  const { name, description, phase, status }: Omit<Project, 'id'> = payload;
  const said = Object.fromEntries(Object.entries({ name, description, phase, status }).filter(([, value]) => value !== undefined));
  return new Map(projects).set(id, { ...projects.get(id), id, ...said });
}

function escalated({ escalations }: View, update: UpdateOf<'escalation.created'> | UpdateOf<'escalation.responded'>) {
  const at = part(update, update.data.payload.escalationId);
  if (update.updateType === 'escalation.created') {
    const { question, severity, storyId: story } = update.data.payload;
    return last(escalations, { ...at, question, severity, story });
  }
  const { response, respondedBy: by } = update.data.payload;
  return last(escalations, { ...escalations.get(keyOf(at)), ...at, response, by }, (one) => one.response !== undefined);
}

function worked({ agents }: View, update: UpdateOf<'agent.started'> | UpdateOf<'agent.completed'>) {
  const at = part(update, update.data.payload.agentId);
  if (update.updateType === 'agent.started') {
    const { agent, storyId: story } = update.data.payload;
    return last(agents, { ...at, agent, story });
  }
  const { result, durationMs } = update.data.payload;
  return last(agents, { ...agents.get(keyOf(at)), ...at, result, durationMs }, (one) => one.result !== undefined);
}

function requested({ requests }: View, update: UpdateOf<'pr.created'> | UpdateOf<'pr.merged'>) {
  const at = part(update, String(update.data.payload.number));
  if (update.updateType === 'pr.created') {
    const { title, storyId: story, url } = update.data.payload;
    return last(requests, { ...at, title, story, url, merged: false });
  }
  const before = requests.get(keyOf(at));
  const { mergedBy: by, storyId } = update.data.payload;
  return last(requests, { ...before, ...at, merged: true, by, story: storyId ?? before?.story }, ({ merged }) => merged);
}

/** With the value as the last. Of those that are over, the ones that ended longest ago are forgotten. */
function last<T extends Part>(parts: Parts<T>, value: T, over?: (one: T) => boolean): Parts<T> {
  const changed = new Map(parts);
  changed.delete(keyOf(value));
  changed.set(keyOf(value), value);
  const past = over ? [...changed.values()].filter(over) : [];
  for (const one of past.slice(0, -OVER_KEPT)) changed.delete(keyOf(one));
  return changed;
}

/** Without a project, and all that belongs to it. */
function without(view: View, project: string): View {
  const left = <T extends Part>(parts: Parts<T>): Parts<T> => new Map([...parts].filter(([, one]) => one.project !== project));
  const projects = new Map(view.projects);
  projects.delete(project);
  const { stories, escalations, agents, requests, faults, feed } = view;
  return {
    projects, stories: left(stories), escalations: left(escalations), agents: left(agents), requests: left(requests), faults: left(faults), feed,
  };
}
