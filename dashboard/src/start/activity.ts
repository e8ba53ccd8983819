/** How many updates came in the last minutes, in slices of time. What came before the page was opened is not activity. */

import type { Point } from '../parts/spark.ts';

export const SLICE_MS = 10_000;
export const SLICES = 30;

/** How many in which slice; slices without any are absent. */
export type Activity = ReadonlyMap<number, number>;

const sliceOf = (at: number) => Math.floor(at / SLICE_MS);

/** With so many more at a time in milliseconds. Slices that are not shown any more are forgotten. */
export function counted(activity: Activity, count: number, at: number): Activity {
  const now = sliceOf(at);
  const recent = new Map([...activity].filter(([slice]) => slice > now - SLICES));
  return recent.set(now, (recent.get(now) ?? 0) + count);
}

/** One point for each slice until now. */
export function points(activity: Activity, now: number): readonly Point[] {
  const last = sliceOf(now);
  return Array.from({ length: SLICES }, (_, index) => last - SLICES + 1 + index).map((slice) => ({ at: slice, value: activity.get(slice) ?? 0 }));
}

export const total = (activity: Activity, now: number): number => points(activity, now).reduce((sum, { value }) => sum + value, 0);
