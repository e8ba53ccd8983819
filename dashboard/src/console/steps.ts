/** The line of a sparkline: the rate of each report over its period, nothing in between. A pure function. */

import type { Report } from './fold.ts';
import { rateOf } from './rows.ts';

/** Milliseconds that the line shows. */
export const SPAN_MS = 120_000;

/** The points of the line, from left to right, in a box of this size. The highest rate touches its upper edge. */
export function stepsOf(reports: readonly Report[], now: number, width: number, height: number): [number, number][] {
  const begin = now - SPAN_MS;
  const seen = reports.filter(({ at }) => at > begin);
  const most = Math.max(0, ...seen.map((report) => rateOf(report) ?? 0));
  const x = (at: number) => round(((Math.max(at, begin) - begin) / SPAN_MS) * width);
  const y = (rate: number) => (most > 0 ? round((rate / most) * height) : 0);
  const points: [number, number][] = [[0, 0]];
  for (const report of seen) {
    const level = y(rateOf(report) ?? 0);
    points.push([x(report.since), 0], [x(report.since), level], [x(Math.min(report.at, now)), level], [x(Math.min(report.at, now)), 0]);
  }
  return [...points, [width, 0]];
}

const round = (value: number): number => Math.round(value * 10) / 10;
