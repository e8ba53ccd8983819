/** The line of a room: the rate of each report over its period, nothing in between. A pure function. */

import type { Point } from '../parts/spark.ts';
import type { Report } from './fold.ts';
import { rateOf } from './rows.ts';

/** Milliseconds that the line shows. */
export const SPAN_MS = 120_000;

/** The steps of the line, oldest first. It always spans the same time, so that the lines of rooms can be compared. */
export function stepsOf(reports: readonly Report[], now: number): Point[] {
  const begin = now - SPAN_MS;
  const seen = reports.filter(({ at }) => at > begin);
  const steps = seen.flatMap((report) => [
    { at: Math.max(report.since, begin), value: rateOf(report) ?? 0 },
    { at: Math.min(report.at, now), value: 0 },
  ]);
  return [{ at: begin, value: 0 }, ...steps, { at: now, value: 0 }];
}
