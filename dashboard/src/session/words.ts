/** Sentences about a session: what a cycle is called, what an update says, what a screen reader is told. Pure. */

import type { Update } from 'roomcast/presets/sessions';
import type { Entry } from '../parts/Feed.svelte';
import { nameOf, numberText } from '../words.ts';
import type { Cycle } from './fold.ts';

/** `Cycle 2`, or the id if the cycle is not known. `cycles` are in their order. */
export function cycleName(cycles: readonly Cycle[], id: string): string {
  let numbers = numbered.get(cycles);
  if (!numbers) numbered.set(cycles, (numbers = new Map(cycles.map((cycle, index) => [cycle.id, index + 1]))));
  const number = numbers.get(id);
  return number === undefined ? id : `Cycle ${number}`;
}

/** The numbers of cycles by id. A feed of a session with many cycles asks for them often. */
const numbered = new WeakMap<readonly Cycle[], ReadonlyMap<string, number>>();

/** Where a branched cycle comes from. */
export function originOf(cycles: readonly Cycle[], { parentId, branchPoint }: Pick<Cycle, 'parentId' | 'branchPoint'>): string | undefined {
  if (!parentId) return undefined;
  const from = `Branched from ${cycleName(cycles, parentId)}`;
  return branchPoint ? `${from} at ${nameOf(branchPoint)}` : from;
}

/** `+3`, `0`, `−2`. */
export function signedText(value: number): string {
  return (value > 0 ? '+' : '') + numberText(value);
}

/** An update as an entry of the feed. */
export function inWords(update: Update, cycles: readonly Cycle[]): Entry {
  return { seq: update.seq, at: update.timestamp, ...said(update, cycles) };
}

type Said = Pick<Entry, 'subject' | 'text' | 'tone'>;

function said(update: Update, cycles: readonly Cycle[]): Said {
  const cycle = (id: string) => cycleName(cycles, id);
  const where = ({ cycleId, componentType }: { cycleId: string; componentType: string }) => (cycles.length > 1 ? `${nameOf(componentType)}, ${cycle(cycleId)}` : nameOf(componentType));
  switch (update.updateType) {
    case 'session.metadata': return { subject: update.data.title ?? 'The session', text: 'is now the title' };
    case 'cycle.created': {
      const origin = originOf(cycles, update.data);
      return { subject: cycle(update.data.cycleId), text: origin ? lowerFirst(origin) : 'has begun', tone: 'wait' };
    }
    case 'component.started': return { subject: where(update.data), text: 'has started' };
    case 'component.completed': {
      const { progress } = update.data;
      return { subject: where(update.data), text: progress ? `is completed, ${progress.completed} of ${progress.total}` : 'is completed', tone: 'good' };
    }
    case 'component.output': return { subject: where(update.data), text: 'has a new summary' };
    case 'conversation.message': return { subject: nameOf(update.data.message.role), text: `wrote about ${where(update.data)}` };
    case 'analysis.scores': return { subject: cycle(update.data.cycleId), text: scoresSaid(update.data) };
    case 'cycle.completed': {
      const { cycleId, dqScore } = update.data;
      return { subject: cycle(cycleId), text: dqScore === undefined ? 'is completed' : `is completed, with a decision quality of ${numberText(dqScore)}`, tone: 'good' };
    }
  }
}

function scoresSaid({ scoreType, overallScore }: Extract<Update, { updateType: 'analysis.scores' }>['data']): string {
  if (scoreType === 'pugh') return 'has new scores of its alternatives';
  return overallScore === undefined ? 'has new scores of its quality' : `has a decision quality of ${numberText(overallScore)}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** What a screen reader is told. Most updates are not worth an interruption. */
export function announcement(update: Update, cycles: readonly Cycle[]): string | undefined {
  const worth = update.updateType === 'component.completed' || update.updateType === 'cycle.created' || update.updateType === 'cycle.completed';
  if (!worth) return undefined;
  const { subject, text } = said(update, cycles);
  return `${subject} ${text}.`;
}
