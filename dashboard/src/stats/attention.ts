/** What of the figures asks for a person, the most urgent first; and how figures have changed. */

import { numberText } from '../words.ts';
import type { Tone } from '../words.ts';
import type { Stats } from './fold.ts';

export interface Attention {
  id: 'escalated' | 'undecided' | 'unanswered' | 'approved' | 'unassigned';
  /** Which panel tells more. */
  of: 'tasks' | 'conversations' | 'approvals';
  count: number;
  /** What they are, and what they wait for. */
  text: string;
  tone: Tone;
}

const many = (count: number, one: string, several: string) => (count === 1 ? one : several);

/** Always the same five, so that none changes its place when another comes or goes. */
export function attention({ tasks, conversations, approvals }: Stats): readonly Attention[] {
  const [escalated, waiting] = [conversations?.escalated ?? 0, conversations?.waiting ?? 0];
  const [pending, approved, open] = [approvals?.pending ?? 0, approvals?.approved ?? 0, tasks?.pending ?? 0];
  return [
    { id: 'escalated', of: 'conversations', count: escalated, text: many(escalated, 'conversation is escalated', 'conversations are escalated'), tone: 'bad' },
    { id: 'undecided', of: 'approvals', count: pending, text: many(pending, 'approval waits for a decision', 'approvals wait for a decision'), tone: 'wait' },
    { id: 'unanswered', of: 'conversations', count: waiting, text: many(waiting, 'conversation waits for an answer', 'conversations wait for an answer'), tone: 'wait' },
    { id: 'approved', of: 'approvals', count: approved, text: many(approved, 'approval is to be carried out', 'approvals are to be carried out'), tone: 'wait' },
    { id: 'unassigned', of: 'tasks', count: open, text: many(open, 'task has nobody yet', 'tasks have nobody yet'), tone: 'wait' },
  ];
}

/** What badges in a navigation show: how many of each wait for somebody. */
export function badges({ tasks, conversations, approvals }: Stats): Readonly<Record<Attention['of'], number | undefined>> {
  return {
    tasks: tasks?.pending,
    conversations: conversations && conversations.waiting + conversations.escalated,
    approvals: approvals?.pending,
  };
}

/** How a figure has changed since the page was opened. */
export function changeText(now: number | undefined, before: number | undefined): string {
  if (now === undefined || before === undefined) return '';
  const by = now - before;
  return by === 0 ? 'no change' : `${by > 0 ? '+' : ''}${numberText(by)}`;
}
