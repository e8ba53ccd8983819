/**
 * The view of the tasks dashboard, and the reducer that folds updates into it.
 *
 * An update about a task comes once for each topic that shows it, its project's and its user's: the second changes nothing. Progress
 * may wait to be joined with newer progress, so the order of what happened is that of its time, not that of its numbers.
 */

import type { Update, UpdateData, UpdateOf } from 'roomcast/presets/tasks';
import { Shelf } from '../live/shelf.ts';
import type { Entry } from '../parts/Feed.svelte';
import { told } from './words.ts';

export interface LogLine {
  /** Counts the lines of a task, so that each keeps its place on the page. */
  number: number;
  at: string;
  level: string;
  message: string;
}

export interface Task {
  id: string;
  project?: string | undefined;
  title?: string | undefined;
  description?: string | undefined;
  status?: string | undefined;
  priority?: string | undefined;
  assignee?: string | undefined;
  reviewer?: string | undefined;
  dueAt?: string | undefined;
  blockedBy?: string | undefined;
  run?: Run | undefined;
  log: readonly LogLine[];
}

/** The last execution of a task. */
export interface Run {
  id: string;
  /** 0 to 1. */
  progress: number;
  stage: string;
  message?: string | undefined;
  at: string;
}

export interface System {
  status: string;
  metrics: Readonly<Record<string, number>>;
  at: string;
}

export type Alert = NonNullable<UpdateData['system_status']['data']['alerts']>[number];

/** An entry of the feed. Its subject is the task, by its title if that is known by then. */
export interface Happened extends Entry {
  task?: string | undefined;
  /** What happened, to tell when it comes again by another topic. */
  what: string;
}

export interface View {
  /** The one whose status has changed last at the end. */
  tasks: Shelf<Task>;
  system?: System;
  alerts?: { list: readonly Alert[]; at: string };
  /** The metrics that this page has seen, oldest first. */
  samples: readonly System[];
  feed: readonly Happened[];
}

export const LINES_KEPT = 500;
export const FEED_KEPT = 100;
export const SAMPLES_KEPT = 120;
export const EMPTY: View = { tasks: Shelf.empty(), samples: [], feed: [] };

export function apply(view: View, update: Update): View {
  const changed = change(view, update);
  if (changed === view) return view;
  return noted(changed, update, view);
}

/** The same view if the update says nothing new. */
function change(view: View, update: Update): View {
  switch (update.updateType) {
    case 'system_status': return withSystem(view, update);
    case 'task_deleted': return withoutTask(view, update.data.data.taskId);
    case 'task_created': return withTask(view, update.data.data.task.id, (task) => created(task, update));
    case 'task_updated': {
      const { taskId, changes } = update.data.data;
      return changes.status === 'deleted' ? withoutTask(view, taskId) : withTask(view, taskId, (task) => updated(task, update));
    }
    case 'task_progress': {
      const { taskId, stage } = update.data.data;
      return stage === 'deleted' ? withoutTask(view, taskId) : withTask(view, taskId, (task) => progressed(task, update));
    }
    // A newer server may send what this page does not know.
    default: return view;
  }
}

/** A task whose status changes becomes the last one. */
function withTask(view: View, id: string, change: (task: Task) => Task): View {
  const before = view.tasks.get(id);
  const task = change(before ?? { id, log: [] });
  return { ...view, tasks: view.tasks.with(id, task, task.status === before?.status) };
}

function withoutTask(view: View, id: string): View {
  const tasks = view.tasks.without(id);
  return tasks === view.tasks ? view : { ...view, tasks };
}

function created(task: Task, { data: { data, metadata } }: UpdateOf<'task_created'>): Task {
  const { title, status, description, priority, assigneeId: assignee, dueAt } = data.task;
  return { ...task, project: metadata?.projectId ?? task.project, title, status, description, priority, assignee, dueAt };
}

function updated(task: Task, { data: { data, metadata } }: UpdateOf<'task_updated'>): Task {
  const changes: Partial<Record<string, string | null>> = data.changes;
  const changed = (name: string, before: string | undefined) => {
    const to = changes[name];
    // A field that is absent has not changed; null takes its value away.
    return to === undefined ? before : (to ?? undefined);
  };
  return {
    ...task,
    project: metadata?.projectId ?? task.project,
    title: changed('title', task.title),
    description: changed('description', task.description),
    status: changed('status', task.status),
    priority: changed('priority', task.priority),
    assignee: changed('assigneeId', task.assignee),
    reviewer: changed('reviewerId', task.reviewer),
    dueAt: changed('dueAt', task.dueAt),
    blockedBy: changed('blockedBy', task.blockedBy),
  };
}

function progressed(task: Task, { data: { data, metadata }, timestamp: at }: UpdateOf<'task_progress'>): Task {
  const { executionId: id, progress, stage, message, logs = [] } = data;
  const run = task.run !== undefined && Date.parse(at) < Date.parse(task.run.at) ? task.run : { id, progress, stage, message, at };
  return { ...task, project: metadata.projectId, run, log: logged(task.log, logs) };
}

function logged(log: readonly LogLine[], lines: NonNullable<UpdateOf<'task_progress'>['data']['data']['logs']>): readonly LogLine[] {
  if (lines.length === 0) return log;
  const next = (log.at(-1)?.number ?? 0) + 1;
  return [...log, ...lines.map(({ timestamp, level, message }, index) => ({ number: next + index, at: timestamp, level, message }))].slice(-LINES_KEPT);
}

function withSystem(view: View, { data: { data }, timestamp: at }: UpdateOf<'system_status'>): View {
  const { status, metrics, alerts } = data;
  const newer = (than: string | undefined) => than === undefined || Date.parse(at) >= Date.parse(than);
  const system = newer(view.system?.at) ? { status, metrics, at } : view.system!;
  const samples = system.at === at ? [...view.samples, system].slice(-SAMPLES_KEPT) : view.samples;
  const told = alerts !== undefined && newer(view.alerts?.at) ? { list: alerts, at } : view.alerts;
  return { ...view, system, samples, ...(told && { alerts: told }) };
}

/** With an entry in the feed, if it is worth one and has none yet. A task that is deleted now had its title `before`. */
function noted(view: View, update: Update, before: View): View {
  const entry = told(update);
  if (entry === null || view.feed.some(({ what, at }) => what === entry.what && at === entry.at)) return view;
  const title = entry.task === undefined ? undefined : before.tasks.get(entry.task)?.title;
  return { ...view, feed: [{ ...entry, subject: title ?? entry.subject }, ...view.feed].slice(0, FEED_KEPT) };
}
