/**
 * What a frame means for a client at a position: which updates are new, whether the view begins from nothing, and whether
 * something is missing. Pure, and tied to the server by tests/vectors/following.json.
 *
 * It does not look into updates, and knows no sockets and no time.
 */

import type { ConnectedFrame, Position, ServerFrame, SubscribedFrame } from './protocol.ts';
import type { AnyUpdate } from './types.ts';

export interface Accepted {
  /** The position after the frame. `null` is that of a client that has seen nothing. */
  position: Position | null;
  /** What is new, in order. */
  updates: readonly AnyUpdate[];
  /** Whether the view begins from nothing before these updates. */
  reset: boolean;
  /** Whether something is missing: connect again with the position. */
  gap: boolean;
}

export function accept(position: Position | null, frame: ServerFrame): Accepted {
  switch (frame.type) {
    case 'connected': return begun(position, frame);
    case 'dashboard.state': {
      const { epoch, seq, updates } = frame;
      return { position: { epoch, seq }, updates, reset: true, gap: false };
    }
    case 'subscribed': return added(position, frame);
    case 'dashboard.update': return continued(position, frame.seq - 1, frame.seq, [frame]);
    case 'dashboard.updates': return continued(position, frame.prev, frame.seq, frame.updates);
    default: return unchanged(position);
  }
}

/**
 * With `none` the room is empty, so whatever the client has seen is of another epoch. With `snapshot` the state follows, with its
 * own position. A replay of another epoch would be numbered differently, so it counts as a gap.
 */
function begun(position: Position | null, { epoch, seq, recovery }: ConnectedFrame): Accepted {
  if (recovery === 'none') return { position: { epoch, seq }, updates: [], reset: true, gap: false };
  if (recovery === 'replayed' && position?.epoch !== epoch) return { ...unchanged(null), gap: true };
  return unchanged(position);
}

/** All updates of a subscription are new, though some may have numbers below the position. */
function added(position: Position | null, { epoch, seq, updates }: SubscribedFrame): Accepted {
  if (position?.epoch !== epoch) return { ...unchanged(position), gap: true };
  return { position: { epoch, seq: Math.max(position.seq, seq) }, updates, reset: false, gap: false };
}

function continued(position: Position | null, prev: number, seq: number, updates: readonly AnyUpdate[]): Accepted {
  if (!position || prev > position.seq) return { ...unchanged(position), gap: true };
  if (seq <= position.seq) return unchanged(position);
  const fresh = updates.filter((update) => update.seq > position.seq);
  return { position: { epoch: position.epoch, seq }, updates: fresh, reset: false, gap: false };
}

function unchanged(position: Position | null): Accepted {
  return { position, updates: [], reset: false, gap: false };
}

/** As it is written in `?resume=`. */
export function formatPosition({ epoch, seq }: Position): string {
  return `${epoch}:${seq}`;
}
