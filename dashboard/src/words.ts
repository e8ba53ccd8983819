/**
 * Words and numbers as readers see them, as pure functions.
 *
 * Deliberately changes nothing that people wrote (titles, summaries, messages).
 */

/** Names that `nameOf` would get wrong by itself. */
const NAMES: Record<string, string> = { tradeoffs: 'Trade-offs', notes_next_steps: 'Notes and next steps', pr: 'Pull request' };

/** `decision_quality` → `Decision quality`. A text that is no identifier was written by people and is not changed. */
export function nameOf(identifier: string): string {
  const known = Object.hasOwn(NAMES, identifier) ? NAMES[identifier] : undefined;
  if (known !== undefined) return known;
  if (!/^[a-z][a-z0-9]*([_.-][a-z0-9]+)*$/.test(identifier)) return identifier;
  const words = identifier.replaceAll(/[_.-]/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A number with a real minus sign and at most two decimals, grouped as the reader's language does. */
export function numberText(value: number): string {
  return new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 }).format(value).replace('-', '−');
}

/** The time of day for today, with the date for other days, in the reader's own time zone and format. */
export function shortTime(timestamp: string, today = new Date()): string {
  const time = new Date(timestamp);
  if (Number.isNaN(time.getTime())) return timestamp;
  const clock: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' };
  const sameDay = time.toDateString() === today.toDateString();
  return time.toLocaleString(undefined, sameDay ? clock : { day: 'numeric', month: 'short', ...clock });
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
