/** The line of a spark, as the path of an SVG that is 100 wide and 20 high. */

export interface Point {
  /** Anything that grows, such as milliseconds since 1970. */
  at: number;
  value: number;
}

const [WIDTH, TOP, BOTTOM] = [100, 1.5, 19];

/** Empty without points. A single one is a level line. */
export function linePath(points: readonly Point[], steps: boolean): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return '';
  const most = points.reduce((high, { value }) => Math.max(high, value), 0) || 1;
  const x = ({ at }: Point) => round(last.at === first.at ? 0 : ((at - first.at) / (last.at - first.at)) * WIDTH);
  const y = ({ value }: Point) => round(BOTTOM - (Math.max(0, value) / most) * (BOTTOM - TOP));
  const line = points.slice(1).map((point) => (steps ? `H${x(point)}V${y(point)}` : `L${x(point)} ${y(point)}`));
  return `M${x(first)} ${y(first)}${line.join('')}${first.at === last.at ? `H${WIDTH}` : ''}`;
}

const round = (value: number) => Math.round(value * 100) / 100;

/** Numbers without times, one after the other. */
export const inOrder = (values: readonly number[]): readonly Point[] => values.map((value, at) => ({ at, value }));
