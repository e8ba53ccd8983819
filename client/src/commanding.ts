/**
 * What the user of a client asks for. What is about the subscription is wanted from then on, also by later connections; a signal
 * counts only now.
 */

import { effectivePace } from './connecting.ts';
import { send, tell } from './machine.ts';
import { want } from './receiving.ts';
import type { Command, Turn } from './machine.ts';

export function command(turn: Turn, asked: Command): void {
  const { machine } = turn;
  const ref = 'ref' in asked ? asked.ref : '';
  // Who shares a connection may say things twice.
  if (ref && ref in machine.asked) return;
  if (ref) machine.asked = { ...machine.asked, [ref]: asked.type };
  switch (asked.type) {
    case 'subscribe':
      machine.wantsTopics = machine.wantsTopics === null ? null : [...new Set([...machine.wantsTopics, ...asked.topics])];
      return tell(turn, asked);
    case 'unsubscribe':
      machine.wantsTopics = (machine.wantsTopics ?? ['*']).filter((topic) => !covered(asked.topics, topic));
      return tell(turn, asked);
    case 'pace':
      machine.wantsPace = asked.ms;
      return setPace(turn, asked.ref);
    case 'presence':
      machine.shows = asked.data;
      tell(turn, { type: 'presence.set', data: asked.data });
      return ref ? answer(turn, ref, null) : undefined;
    case 'signal': return tell(turn, asked);
    case 'state': return want(turn);
  }
}

/** Tells what a command has led to. */
export function answer(turn: Turn, ref: string, value: unknown): void {
  forgetAsked(turn, ref);
  turn.actions.push({ do: 'answered', ref, value });
}

/** The connection is as it was wanted, so what was asked for without an answer has happened. */
export function settle(turn: Turn): void {
  const { asked, wantsTopics, wantsPace } = turn.machine;
  for (const [ref, type] of Object.entries(asked)) answer(turn, ref, type === 'pace' ? wantsPace : (wantsTopics ?? ['*']));
}

export function forgetAsked({ machine }: Turn, ref: string): void {
  const { [ref]: _, ...others } = machine.asked;
  machine.asked = others;
}

/** Whether one of these names or prefixes covers a topic. */
function covered(topics: readonly string[], topic: string): boolean {
  return topics.some((one) => one === topic || (one.endsWith('*') && topic.startsWith(one.slice(0, -1))));
}

/** Tells the server the pace, if that is another one now or somebody waits for the answer. */
export function setPace(turn: Turn, ref = ''): void {
  const { machine } = turn;
  const ms = effectivePace(turn);
  const wanted = machine.head !== null && (ref !== '' || ms !== machine.pace);
  if (!wanted) return;
  machine.pace = ms;
  send(turn, { type: 'pace', ms, ...(ref && { ref }) });
}
