/** What a page shows of a decision session. The journeys fold the state that the server has with the same function. */

import type { Update } from '../../../src/index.ts';

export interface Session {
  title: string;
  /** The components of each cycle that are completed. */
  cycles: Record<string, string[]>;
  messages: string[];
}

export const EMPTY: Session = { title: '', cycles: {}, messages: [] };

export function apply(session: Session, { updateType, data }: Update): Session {
  switch (updateType) {
    case 'session.metadata': return { ...session, title: data.title };
    case 'cycle.created': return { ...session, cycles: { ...session.cycles, [data.cycleId]: [] } };
    case 'component.completed': {
      const completed = [...(session.cycles[data.cycleId] ?? []), data.componentType].sort();
      return { ...session, cycles: { ...session.cycles, [data.cycleId]: completed } };
    }
    case 'conversation.message': return { ...session, messages: [...session.messages, data.message.id].slice(-20) };
    default: return session;
  }
}
