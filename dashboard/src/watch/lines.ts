/** Data as lines of formatted JSON, with those marked that are not as they were before. */

export interface Line {
  /** Where in the data it is: tells the lines apart. */
  path: string;
  text: string;
  /** Whether it says something else than the data before. */
  changed: boolean;
}

export const LINES_SHOWN = 200;
const CHARS_SHOWN = 2_000;
const COMPACT_CHARS = 160;

const shortened = (text: string, most: number) => (text.length > most ? `${text.slice(0, most)}…` : text);

/** The beginning of the data, on one line. */
export const compact = (data: unknown): string => shortened(JSON.stringify(data) ?? 'undefined', COMPACT_CHARS);

/** The lines of data. Without data before, nothing has changed. The last line says how many there are more. */
export function linesOf(data: unknown, before: unknown): readonly Line[] {
  const old = before === undefined ? null : new Map(printed(before).map(({ path, text }) => [path, text]));
  const lines = printed(data);
  const shown = lines.slice(0, LINES_SHOWN).map(({ path, text, comma }) => ({ path, text: text + comma, changed: old !== null && old.get(path) !== text }));
  const more = lines.length - LINES_SHOWN;
  return more > 0 ? [...shown, { path: '~more', text: `… and ${more} more lines`, changed: false }] : shown;
}

/** A line without its comma, which comes and goes with the line after it. */
interface Printed {
  path: string;
  text: string;
  comma: string;
}

/** A key as a step of a path: as in RFC 6901, so that no two places have the same path. */
const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

function printed(value: unknown, path = '', name = '', depth = 0, comma = ''): Printed[] {
  const indent = '  '.repeat(depth);
  const start = `${indent}${name}`;
  if (typeof value !== 'object' || value === null) return [{ path, text: start + shortened(JSON.stringify(value) ?? 'null', CHARS_SHOWN), comma }];
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const entries = Object.entries(value);
  if (entries.length === 0) return [{ path, text: start + open + close, comma }];
  const label = (key: string) => (Array.isArray(value) ? '' : `${JSON.stringify(key)}: `);
  const inner = entries.flatMap(([key, one], index) => printed(one, `${path}/${escaped(key)}`, label(key), depth + 1, index < entries.length - 1 ? ',' : ''));
  return [{ path, text: start + open, comma: '' }, ...inner, { path: `${path}/~end`, text: indent + close, comma }];
}
