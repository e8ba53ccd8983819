/**
 * What those who look at a session tell each other: that somebody is typing, and short notes. Pure: time is an argument.
 *
 * Signals are kept nowhere, so this is all there is: what was heard since the page was opened, bounded.
 */

import type { Signal } from 'roomcast';

export interface Note {
  /** Numbers the notes of this page. */
  id: number;
  user: string;
  text: string;
  /** When it was heard, in milliseconds since 1970. */
  at: number;
}

export interface Talk {
  /** Until when each is shown as typing, in milliseconds since 1970. */
  typing: ReadonlyMap<string, number>;
  /** Oldest first. */
  notes: readonly Note[];
}

export const SILENCE: Talk = { typing: new Map(), notes: [] };

/** Somebody types for so long after the last sign of it. */
export const TYPING_MS = 4_000;
/** How often others are told that one is typing. */
export const TOLD_EVERY_MS = 2_000;
export const NOTES_KEPT = 20;
/** Of a signal's data, as JSON. */
export const SIGNAL_BYTES = 256;
const TYPISTS_KEPT = 50;

/** After a signal of another. Data that mean nothing here change nothing. */
export function heard(talk: Talk, { user = 'Somebody', data }: Signal, now: number): Talk {
  if (typeof data !== 'object' || data === null) return talk;
  if ('note' in data && typeof data.note === 'string') return noted(silent(talk, user), user, data.note, now);
  if (!('typing' in data) || data.typing !== true) return talk;
  const typing = new Map(talk.typing).set(user, now + TYPING_MS);
  return typing.size > TYPISTS_KEPT ? talk : { ...talk, typing };
}

/** After a note, also one's own. */
export function noted(talk: Talk, user: string, text: string, at: number): Talk {
  if (text.trim() === '') return talk;
  const note: Note = { id: (talk.notes.at(-1)?.id ?? 0) + 1, user, text, at };
  return { ...talk, notes: [...talk.notes, note].slice(-NOTES_KEPT) };
}

function silent(talk: Talk, user: string): Talk {
  if (!talk.typing.has(user)) return talk;
  const typing = new Map(talk.typing);
  typing.delete(user);
  return { ...talk, typing };
}

/** Without those who have stopped typing. */
export function settled(talk: Talk, now: number): Talk {
  const typing = new Map([...talk.typing].filter(([, until]) => until > now));
  return typing.size === talk.typing.size ? talk : { ...talk, typing };
}

/** When the next of them stops typing, if none says more; null if nobody types. */
export function nextSilence({ typing }: Talk): number | null {
  return typing.size === 0 ? null : Math.min(...typing.values());
}

/** How many bytes a note may still have; below 0 it is too long. */
export function bytesLeft(text: string): number {
  return SIGNAL_BYTES - new TextEncoder().encode(JSON.stringify({ note: text })).length;
}
