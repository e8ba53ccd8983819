// What updates mean for this page: one function for what was fetched and for what comes after it.

export const EMPTY = { title: 'Untitled', cycles: {}, messages: [] };

const CYCLE = { completed: [], score: undefined };

const CHANGES = {
  'session.metadata': (session, { title }) => ({ ...session, title }),
  'cycle.created': (session, { cycleId }) => cycle(session, cycleId, {}),
  'component.completed': (session, { cycleId, componentType }) => {
    const { completed } = session.cycles[cycleId] ?? CYCLE;
    return cycle(session, cycleId, { completed: [...new Set([...completed, componentType])] });
  },
  'cycle.completed': (session, { cycleId, dqScore }) => cycle(session, cycleId, { score: dqScore }),
  'conversation.message': (session, { message }) => ({
    ...session, messages: [...session.messages.filter(({ id }) => id !== message.id), message].slice(-20),
  }),
};

function cycle(session, id, change) {
  return { ...session, cycles: { ...session.cycles, [id]: { id, ...CYCLE, ...session.cycles[id], ...change } } };
}

/** The types that change something. */
export const TYPES = Object.keys(CHANGES);

export function apply(session, { updateType, data }) {
  return CHANGES[updateType]?.(session, data) ?? session;
}
