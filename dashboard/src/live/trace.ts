/**
 * `window.roomcast`, for debugging and for end-to-end tests: `seqs` lists the numbers that were applied by tail or replay, in order;
 * `snapshots` counts the states that were applied in their place.
 */

import type { AnyUpdate, Change } from 'roomcast';

export interface Trace {
  readonly seqs: number[];
  snapshots: number;
}

/** A page that stays open for weeks must not keep a list of everything. */
const SEQS_KEPT = 100_000;

/** Notes a change. What a state or a topic brings has numbers of its own, and is no part of the tail. */
export function note(trace: Trace, { source, updates }: Change<AnyUpdate>, kept = SEQS_KEPT): void {
  if (source === 'snapshot') trace.snapshots += 1;
  if (source !== 'tail' && source !== 'replay') return;
  for (const { seq } of updates) trace.seqs.push(seq);
  if (trace.seqs.length > kept) trace.seqs.splice(0, trace.seqs.length - kept);
}

/** The trace of this page, of all its connections together. */
export const trace: Trace = { seqs: [], snapshots: 0 };
