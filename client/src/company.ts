/**
 * The part of the wire of Roomcast, version 1, that is about other clients: presence and signals.
 *
 * The page of decision sessions uses none of it. The rest of the wire is in protocol.ts.
 */

// ---- Server to client ----------------------------------------------------------------------------------

/** Somebody who is here, and what it shows of itself. */
export interface Person {
  user: string;
  data?: unknown;
}

/** Who is here: in place of what was known before. */
export interface PresenceStateFrame {
  type: 'presence.state';
  /** The `ref` of the frame that it answers, if it had one. */
  ref?: string;
  count: number;
  users: Person[];
  /** These are not all who are here. */
  sample?: true;
}

/** What has changed of who is here. With `sample`, they are too many to be named. */
export type PresenceChangedFrame =
  | { type: 'presence.changed'; count: number; joined: Person[]; left: string[]; changed: Person[]; sample?: undefined }
  | { type: 'presence.changed'; count: number; sample: true };

/** What another client says that counts now only. */
export interface SignalFrame {
  type: 'signal';
  topic?: string;
  /** Absent if the client has no token. */
  user?: string;
  clientId: string;
  data: unknown;
}

// ---- Client to server ----------------------------------------------------------------------------------

export interface SetPresenceFrame {
  type: 'presence.set';
  /** At most 1,024 bytes as JSON; null for nothing. */
  data: unknown;
  ref?: string;
}

export interface GetPresenceFrame {
  type: 'presence.get';
  ref?: string;
}

export interface SendSignalFrame {
  type: 'signal';
  /** Who sees this topic is told; without it, everyone. */
  topic?: string;
  /** At most 256 bytes as JSON. */
  data: unknown;
  ref?: string;
}
