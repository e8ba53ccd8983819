/**
 * Draws lying bars with uPlot into a box, in the colours and letters that the box has, and again when these, its size or the
 * reader's colour scheme change.
 *
 * Loaded by Chart.svelte only where a chart is shown. The names beside the bars are not drawn here.
 */

import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface Shown {
  categories: readonly string[];
  /** A value for each category; null where there is none. */
  series: readonly { name: string; values: readonly (number | null)[] }[];
  range?: readonly [number, number] | undefined;
  text: (value: number) => string;
}

export interface Drawing {
  close(): void;
}

/** What of the page's style the drawing has. */
interface Look {
  /** Of the letters, in CSS pixels. */
  size: number;
  family: string;
  soft: string;
  line: string;
  ink: string;
  hues: readonly string[];
  /** Whether the page is read from right to left. */
  rtl: boolean;
}

/** How much of a category's height its bars have. */
const FILLED = 0.72;
/** Below this width in letters, the names of bars stand in the legend only. */
const ROOM_FOR_NAMES = 26;

export function drawBars(box: HTMLElement, shown: Shown): Drawing {
  let look = lookOf(box);
  const plot = new uPlot(optionsFor(box, shown, () => look), dataOf(shown), box);
  const again = () => {
    look = lookOf(box);
    plot.redraw(true, true);
  };
  // The box has the height of the names beside it, whatever is drawn in it. So this cannot go in circles.
  const resized = new ResizeObserver(() => {
    const { clientWidth: width, clientHeight: height } = box;
    if (width === 0 || height === 0 || (width === plot.width && height === plot.height)) return;
    look = lookOf(box);
    plot.setSize({ width, height });
  });
  resized.observe(box);
  const schemes = ['(prefers-color-scheme: dark)', '(forced-colors: active)', 'print'].map((query) => matchMedia(query));
  for (const scheme of schemes) scheme.addEventListener('change', again);
  return {
    close() {
      resized.disconnect();
      for (const scheme of schemes) scheme.removeEventListener('change', again);
      plot.destroy();
    },
  };
}

/** Colours are read from elements that have them, because a variable may stand for one colour in light and another in dark. */
function lookOf(box: HTMLElement): Look {
  const style = getComputedStyle(box);
  const hues = [...box.querySelectorAll('.hue')].map((element) => getComputedStyle(element).color);
  return {
    size: parseFloat(style.fontSize), family: style.fontFamily, soft: style.color, line: style.borderBlockStartColor, ink: style.outlineColor,
    hues, rtl: getComputedStyle(box.parentElement ?? box).direction === 'rtl',
  };
}

function dataOf({ categories, series }: Shown): uPlot.AlignedData {
  return [categories.map((_, place) => place), ...series.map(({ values }) => categories.map((_, place) => values[place] ?? null))];
}

function optionsFor(box: HTMLElement, shown: Shown, look: () => Look): uPlot.Options {
  const { categories, series, text } = shown;
  const font = () => `${look().size}px ${look().family}`;
  const [low, high] = extent(shown);
  return {
    width: box.clientWidth,
    height: box.clientHeight,
    padding: [0, (plot) => endRoom(shown, look(), plot.width, 'right'), 0, (plot) => endRoom(shown, look(), plot.width, 'left')],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, ori: 1, dir: -1, range: [-0.5, categories.length - 0.5] },
      y: { ori: 0, dir: look().rtl ? -1 : 1, range: [low, high] },
    },
    axes: [
      { show: false },
      {
        scale: 'y', side: 2, size: look().size * 2.15, gap: 6, font: font(), stroke: () => look().soft, space: look().size * 5,
        grid: { stroke: () => look().line, width: 1 }, ticks: { show: false }, values: (_, splits) => splits.map(text),
      },
    ],
    series: [{}, ...series.map((_, at): uPlot.Series => ({
      scale: 'y', width: 0, fill: () => look().hues[at] ?? look().ink, points: { show: false },
      paths: (plot) => ({ fill: barsPath(plot, series.length, at), stroke: null, clip: null, band: null, gaps: [], flags: 0 }),
    }))],
    hooks: { draw: [(plot) => label(plot, shown, look())], drawAxes: [(plot) => zeroLine(plot, look())] },
  };
}

/** The scale has 0, and a little more than nothing. */
function extent({ series, range }: Shown): [number, number] {
  if (range) return [...range];
  const values = series.flatMap(({ values: some }) => some.filter((value) => value !== null));
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  return low === high ? [0, 1] : [low, high];
}

/** Where a bar is, in pixels of the drawing. */
interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

function boxOf(plot: uPlot, bars: number, at: number, place: number, value: number): Box {
  const height = FILLED / bars;
  const top = place - FILLED / 2 + at * height;
  const [from, to] = [plot.valToPos(0, 'y', true), plot.valToPos(value, 'y', true)];
  const [above, below] = [plot.valToPos(top, 'x', true), plot.valToPos(top + height, 'x', true)];
  return { x: Math.min(from, to), y: Math.min(above, below), width: Math.abs(to - from), height: Math.max(1, Math.abs(below - above) - uPlot.pxRatio) };
}

function barsPath(plot: uPlot, bars: number, at: number): Path2D {
  const path = new Path2D();
  (plot.data[at + 1] ?? []).forEach((value, place) => {
    if (value === null || value === undefined) return;
    const { x, y, width, height } = boxOf(plot, bars, at, place, value);
    path.rect(x, y, Math.max(width, uPlot.pxRatio), height);
  });
  return path;
}

/** What stands at the end of a bar: its value and, if there are several and there is room, whose it is. */
function labelOf(shown: Shown, look: Look, width: number, at: number, value: number): string {
  const name = shown.series[at]?.name ?? '';
  const roomy = shown.series.length > 1 && width > look.size * ROOM_FOR_NAMES;
  // The number stands beside the bar.
  const parts = roomy ? [shown.text(value), name] : [shown.text(value)];
  return (look.rtl !== value < 0 ? parts.reverse() : parts).join('  ');
}

function label(plot: uPlot, shown: Shown, look: Look): void {
  const { ctx } = plot;
  ctx.save();
  ctx.font = `${look.size * uPlot.pxRatio}px ${look.family}`;
  ctx.fillStyle = look.ink;
  ctx.textBaseline = 'middle';
  shown.series.forEach(({ values }, at) => values.forEach((value, place) => {
    if (value === null) return;
    const { x, y, width, height } = boxOf(plot, shown.series.length, at, place, value);
    const toRight = value < 0 === look.rtl;
    const gap = look.size * 0.4 * uPlot.pxRatio;
    ctx.textAlign = toRight ? 'left' : 'right';
    ctx.fillText(labelOf(shown, look, plot.width, at, value), toRight ? x + width + gap : x - gap, y + height / 2);
  }));
  ctx.restore();
}

/** The room that the longest label needs beyond the bars, on one side. */
function endRoom(shown: Shown, look: Look, width: number, side: 'left' | 'right'): number {
  const context = document.createElement('canvas').getContext('2d');
  if (!context) return 0;
  context.font = `${look.size}px ${look.family}`;
  const negative = (side === 'left') !== look.rtl;
  const labels = shown.series.flatMap(({ values }, at) => values.filter((value) => value !== null && value < 0 === negative)
    .map((value) => labelOf(shown, look, width, at, value ?? 0)));
  if (labels.length === 0) return look.size * 0.75;
  return Math.ceil(Math.max(...labels.map((text) => context.measureText(text).width)) + look.size * 0.8);
}

function zeroLine(plot: uPlot, look: Look): void {
  const { ctx, bbox } = plot;
  const x = Math.round(plot.valToPos(0, 'y', true)) + (uPlot.pxRatio % 2) / 2;
  ctx.save();
  ctx.strokeStyle = look.soft;
  ctx.lineWidth = uPlot.pxRatio;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
