/**
 * Words and numbers as readers see them, as pure functions.
 *
 * Deliberately changes nothing that people wrote (titles, summaries, messages).
 */

/** What is good, what waits, what is bad: always said in words as well. */
export type Tone = 'good' | 'wait' | 'bad';

/** Names that `nameOf` would get wrong by itself. */
const NAMES: Record<string, string> = { tradeoffs: 'Trade-offs', github: 'GitHub', notes_next_steps: 'Notes and next steps', pr: 'Pull request' };

// Making a formatter takes longer than a hundred uses of it.
const NUMBER = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const DAY_AND_CLOCK = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const WHOLE_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** `decision_quality` → `Decision quality`. A text that is no identifier was written by people and is not changed. */
export function nameOf(identifier: string): string {
  const known = Object.hasOwn(NAMES, identifier) ? NAMES[identifier] : undefined;
  if (known !== undefined) return known;
  if (!/^[a-z][a-z0-9]*([_.-][a-z0-9]+)*$/.test(identifier)) return identifier;
  const words = identifier.replaceAll(/[_.-]/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The first letters of a name, for its mark: `anna.kranz` → `AK`. */
export function initials(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  return [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? '')][0] ?? '').join('').toUpperCase();
}

/** A number with a real minus sign and at most two decimals, grouped as the reader's language does. */
export function numberText(value: number): string {
  return NUMBER.format(value).replace('-', '−');
}

/** The time of day for today, with the date for other days, in the reader's own time zone and format. */
export function shortTime(timestamp: string, today = new Date()): string {
  const time = new Date(timestamp);
  if (Number.isNaN(time.getTime())) return timestamp;
  return (isSameDay(time, today) ? CLOCK : DAY_AND_CLOCK).format(time);
}

function isSameDay(a: Date, b: Date): boolean {
  return a.getDate() === b.getDate() && a.getMonth() === b.getMonth() && a.getFullYear() === b.getFullYear();
}

/** Day and time of day, in the reader's own time zone and format. */
export function longTime(timestamp: string): string {
  const time = new Date(timestamp);
  return Number.isNaN(time.getTime()) ? timestamp : WHOLE_TIME.format(time);
}

/** The time of day with seconds, in the reader's own time zone. */
export function clockTime(timestamp: string): string {
  const time = new Date(timestamp);
  if (Number.isNaN(time.getTime())) return timestamp;
  return time.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
}

/** An age for people: `now`, `12 s`, `3 min`, `5 h`, `2 d`. */
export function ageText(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 2) return 'now';
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 36 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** A duration for people: `420 ms`, `3.4 s`, `2 min 5 s`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${numberText(Math.round(ms / 100) / 10)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}
