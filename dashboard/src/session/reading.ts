/** What the parts of the page read from a session: orders, progress, the cycle in which work goes on. Pure, and words are elsewhere. */

import { NOT_STARTED } from './fold.ts';
import type { Component, Cycle, Progress, ScoreType, Session } from './fold.ts';

/** The components of PrOACT, in the order in which a decision goes through them. */
export const COMPONENTS: readonly string[] = [
  'issue_raising',
  'problem_frame',
  'objectives',
  'alternatives',
  'consequences',
  'tradeoffs',
  'recommendation',
  'decision_quality',
  'notes_next_steps',
];

/** The cycles in the order of their creation. Those whose creation was not seen come last, by name. */
export function cyclesInOrder(session: Session): readonly Cycle[] {
  const rank = (cycle: Cycle) => cycle.createdSeq || Infinity;
  return [...session.cycles.values()].sort((a, b) => (rank(a) === rank(b) ? compare(a.id, b.id) : rank(a) - rank(b)));
}

/** The cycle in which work is going on: the newest open one, else the newest. */
export function activeCycle(cycles: readonly Cycle[]): Cycle | undefined {
  return cycles.filter((cycle) => !cycle.completed).at(-1) ?? cycles.at(-1);
}

/** The nine components in their order, started or not, followed by those that this page does not know. */
export function componentsInOrder(cycle: Cycle | undefined): readonly (Component & { type: string })[] {
  const seen = cycle?.components ?? new Map<string, Component>();
  const others = [...seen.keys()].filter((type) => !COMPONENTS.includes(type)).sort(compare);
  return [...COMPONENTS, ...others].map((type) => ({ type, ...(seen.get(type) ?? NOT_STARTED) }));
}

/** The progress in the update of the component that was completed last. If there is none, the components are counted. */
export function cycleProgress(cycle: Cycle | undefined): Required<Progress> {
  const done = [...(cycle?.components.values() ?? [])].filter(({ status }) => status === 'completed');
  const last = done.sort((a, b) => b.statusSeq - a.statusSeq)[0];
  const { completed, total } = last?.progress ?? { completed: done.length, total: COMPONENTS.length };
  return { completed, total, percent: percentOf(last?.progress ?? { completed, total }) };
}

/** An event need not say the percentage. */
export function percentOf({ completed, total, percent }: Progress): number {
  return percent ?? (total > 0 ? Math.round((completed * 100) / total) : 0);
}

/** The component that was started last and is not completed. */
export function componentAtWork(cycle: Cycle | undefined): string | undefined {
  const started = [...(cycle?.components ?? [])].filter(([, { status }]) => status === 'started');
  return started.sort(([, a], [, b]) => b.statusSeq - a.statusSeq)[0]?.[0];
}

/** The decision quality of a cycle: of its end or, before that, of its scores. */
export function qualityOf(cycle: Cycle | undefined): number | undefined {
  return cycle?.completed?.dqScore ?? cycle?.dq?.overall;
}

/** The cycles that have scores of a kind, at most `most`: the chosen one first, then the newest of the others, in their order. */
export function scoredCycles(cycles: readonly Cycle[], chosen: Cycle | undefined, kind: ScoreType, most: number): readonly Cycle[] {
  const others = cycles.filter((cycle) => cycle[kind] && cycle !== chosen);
  const own = chosen?.[kind] ? [chosen] : [];
  return [...own, ...others.slice(Math.max(0, others.length - most + own.length))];
}

/** Compares by code unit and not by locale, so that every reader sees the same order. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
