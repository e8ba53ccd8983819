/**
 * The view of the stats dashboard, and the reducer that folds updates into it.
 *
 * Each update replaces the whole of what it is about, so that the state and the full stream give the same figures. The feed
 * is the exception: a page that comes late has only what is kept.
 */

import type { Update, UpdateData } from 'roomcast/presets/stats';

/** Something that a person should look at. */
export interface Notice {
  seq: number;
  at: string;
  kind: 'task:assigned' | 'approval:requested';
  id: string;
  title?: string | undefined;
}

/** Figures over time, oldest first, in milliseconds since 1970. */
export interface Sample {
  at: number;
  pending: number;
  inProgress: number;
  completed: number;
}

export interface Stats {
  tasks?: UpdateData['stats:tasks'];
  conversations?: UpdateData['stats:conversations'];
  approvals?: UpdateData['stats:approvals'];
  notices: readonly Notice[];
  samples: readonly Sample[];
}

export const NOTICES_KEPT = 30;
export const SAMPLES_KEPT = 240;
export const EMPTY: Stats = { notices: [], samples: [] };

export function apply(stats: Stats, update: Update): Stats {
  switch (update.updateType) {
    case 'stats:tasks': return { ...stats, tasks: update.data, samples: withSample(stats.samples, update.data, update.timestamp) };
    case 'stats:conversations': return { ...stats, conversations: update.data };
    case 'stats:approvals': return { ...stats, approvals: update.data };
    case 'task:assigned': return withNotice(stats, update, update.data.taskId);
    case 'approval:requested': return withNotice(stats, update, update.data.approvalId);
    default: return stats;
  }
}

function withSample(samples: readonly Sample[], { pending, inProgress, completed }: UpdateData['stats:tasks'], timestamp: string): readonly Sample[] {
  const at = Date.parse(timestamp);
  // A chart goes from left to right, so a tally of an event that came late takes the place of the last one.
  const before = samples.filter((sample) => sample.at < at);
  return [...before, { at, pending, inProgress, completed }].slice(-SAMPLES_KEPT);
}

type Noticed = Extract<Update, { updateType: Notice['kind'] }>;

function withNotice(stats: Stats, { seq, timestamp, updateType, data }: Noticed, id: string): Stats {
  const notice: Notice = { seq, at: timestamp, kind: updateType, id, title: data.title };
  return { ...stats, notices: [notice, ...stats.notices].slice(0, NOTICES_KEPT) };
}
