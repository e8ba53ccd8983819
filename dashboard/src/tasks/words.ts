/** What updates of the document `tasks` say, in words. The subject is the task's id: who knows its title puts that in. */

import type { Update, UpdateOf } from 'roomcast/presets/tasks';
import { nameOf, numberText, shortTime } from '../words.ts';
import type { Tone } from '../words.ts';
import type { Happened } from './fold.ts';

/** An identifier in the middle of a sentence. */
const low = (identifier: string) => nameOf(identifier).toLowerCase();

const STATES: Record<string, Tone> = { healthy: 'good', degraded: 'wait', error: 'bad' };
export const toneOfSystem = (status: string): Tone | undefined => (Object.hasOwn(STATES, status) ? STATES[status] : undefined);

export function toneOfLevel(level: string): Tone | undefined {
  if (level === 'error' || level === 'critical' || level === 'fatal') return 'bad';
  return level === 'warn' || level === 'warning' ? 'wait' : undefined;
}

const STATUSES: Record<string, Tone> = { done: 'good', blocked: 'bad', in_review: 'wait' };
export const toneOfStatus = (status: string): Tone | undefined => (Object.hasOwn(STATUSES, status) ? STATUSES[status] : undefined);

/** A part of 1: `0.31` → `31 %`. */
export const percentText = (part: number): string => `${numberText(Math.round(part * 100))} %`;

/** An entry for the feed; null for what is only a step, or a figure. */
export function told(update: Update): Happened | null {
  const { seq, timestamp: at } = update;
  switch (update.updateType) {
    case 'task_created': {
      const { task, createdBy } = update.data.data;
      return { seq, at, subject: task.title, task: task.id, what: `${task.id} created`, text: `was created by ${createdBy.name ?? createdBy.id}` };
    }
    case 'task_updated': {
      const { taskId, changes } = update.data.data;
      const gone = changes.status === 'deleted';
      return { seq, at, subject: taskId, task: taskId, what: `${taskId} ${gone ? 'deleted' : 'updated'}`, ...changed(update) };
    }
    case 'task_deleted': {
      const { taskId, deletedBy } = update.data.data;
      return { seq, at, subject: taskId, task: taskId, what: `${taskId} deleted`, text: `was deleted by ${deletedBy.name ?? deletedBy.id}` };
    }
    case 'task_progress': return gone(update);
    case 'system_status': return alerted(update);
    default: return null;
  }
}

/** Whoever follows only the progress of tasks hears in this way that one was deleted. */
function gone({ seq, timestamp: at, data: { data } }: UpdateOf<'task_progress'>): Happened | null {
  if (data.stage !== 'deleted') return null;
  return { seq, at, subject: data.taskId, task: data.taskId, what: `${data.taskId} deleted`, text: 'was deleted' };
}

function alerted({ seq, timestamp: at, data: { data } }: UpdateOf<'system_status'>): Happened | null {
  const [first] = data.alerts ?? [];
  if (first === undefined) return null;
  const text = `${data.alerts!.map(({ message }) => message).join('. ')}`;
  return { seq, at, subject: 'System', what: 'system alert', text, tone: toneOfSystem(data.status) };
}

function changed({ data: { data: { changes, updatedBy } } }: UpdateOf<'task_updated'>): { text: string; tone?: Tone | undefined } {
  const { status, assigneeId, priority, dueAt, blockedBy, reviewerId, description }: Partial<Record<string, string | null>> = changes;
  const parts = [
    status && `is ${low(status)}`,
    assigneeId && `is ${assigneeId}'s`,
    reviewerId && `is reviewed by ${reviewerId}`,
    priority && `has ${low(priority)} priority`,
    dueAt && `is due ${shortTime(dueAt)}`,
    blockedBy && `waits for: ${blockedBy}`,
    description && 'has a new description',
  ].filter(Boolean);
  const who = updatedBy.name ?? updatedBy.id;
  const tone = status ? toneOfStatus(status) : undefined;
  return { text: parts.length === 0 ? `was changed by ${who}` : `${parts.join(', ')} (${who})`, tone };
}

/** What a metric says: `0.31` of the processor is 31 %. */
export function metricText(name: string, value: number): string {
  return /^(cpu|memory|disk)$/.test(name) && value <= 1 ? percentText(value) : numberText(value);
}

/** `queueDepth` → `Queue depth`. */
export const metricName = (name: string) => nameOf(name.replaceAll(/([a-z\d])([A-Z])/g, '$1_$2').toLowerCase()).replace(/^Cpu$/, 'CPU');
