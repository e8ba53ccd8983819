/**
 * What the user of a client asks for. What is about the subscription is wanted from then on, also by later connections; a signal
 * counts only now.
 */

import { effectivePace } from './connecting.ts';
import { send } from './machine.ts';
import { want } from './receiving.ts';
import type { Command, Turn } from './machine.ts';

export function command(turn: Turn, asked: Command): void {
  const { machine } = turn;
  const connected = machine.head !== null;
  switch (asked.type) {
    case 'subscribe':
      machine.wantsTopics = machine.wantsTopics === null ? null : [...new Set([...machine.wantsTopics, ...asked.topics])];
      if (connected) send(turn, { type: 'subscribe', topics: [...asked.topics], ref: asked.ref });
      return;
    case 'unsubscribe':
      machine.wantsTopics = (machine.wantsTopics ?? ['*']).filter((topic) => !covered(asked.topics, topic));
      if (connected) send(turn, { type: 'unsubscribe', topics: [...asked.topics], ref: asked.ref });
      return;
    case 'pace':
      machine.wantsPace = asked.ms;
      return setPace(turn, asked.ref);
    case 'presence':
      machine.shows = asked.data;
      if (connected) send(turn, { type: 'presence.set', data: asked.data });
      return;
    case 'signal': {
      const { data, topic } = asked;
      if (connected) send(turn, topic === undefined ? { type: 'signal', data } : { type: 'signal', topic, data });
      return;
    }
    case 'state':
      return want(turn);
  }
}

/** Whether one of these names or prefixes covers a topic. */
function covered(topics: readonly string[], topic: string): boolean {
  return topics.some((one) => one === topic || (one.endsWith('*') && topic.startsWith(one.slice(0, -1))));
}

/** Tells the server the pace, if that is another one now or somebody waits for the answer. */
function setPace(turn: Turn, ref: string): void {
  const { machine } = turn;
  const ms = effectivePace(turn);
  const wanted = machine.head !== null && (ref !== '' || ms !== machine.pace);
  if (!wanted) return;
  machine.pace = ms;
  send(turn, ref === '' ? { type: 'pace', ms } : { type: 'pace', ms, ref });
}
