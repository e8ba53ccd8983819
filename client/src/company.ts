/**
 * The part of the wire of Roomcast, version 1, that is about other clients: presence and signals. Made by
 * `roomcast types company`: do not edit.
 *
 * The rest of the wire is in protocol.ts.
 */

import type { ClientId } from './protocol.ts';

// ---- Server to client ----------------------------------------------------------------------------------

/** A frame that tells clients of each other. */
export type CompanyNote = PresenceStateFrame | PresenceChangedFrame | SignalFrame;

/** Who is here: in place of what was known before. */
export interface PresenceStateFrame {
  type: 'presence.state';
  /** The `ref` of the frame that it answers, if it had one. */
  ref?: string;
  /** How many persons are here. */
  count: number;
  users: Person[];
  /** These are not all who are here. */
  sample?: true;
}

/** What has changed of who is here. With `sample`, they are too many to be named. */
export type PresenceChangedFrame =
  /** The persons who have come, who have gone, and who show something else. */
  | {
      type: 'presence.changed';
      /** How many persons are here now. */
      count: number;
      joined: Person[];
      left: string[];
      changed: Person[];
      sample?: undefined;
    }
  /** Too many persons to be named. */
  | {
      type: 'presence.changed';
      /** How many persons are here now. */
      count: number;
      sample: true;
      joined?: undefined;
      left?: undefined;
      changed?: undefined;
    };

/** What another client says that counts now only. */
export interface SignalFrame {
  type: 'signal';
  topic?: string;
  /** Absent if the client has no token. */
  user?: string;
  clientId: ClientId;
  data: unknown;
}

/** Somebody who is here, and what it shows of itself. */
export interface Person {
  user: string;
  data?: unknown;
}

// ---- Client to server ----------------------------------------------------------------------------------

/** A client's frame for the others. */
export type CompanyFrame = SetPresenceFrame | GetPresenceFrame | SendSignalFrame;

/** The client shows something of its user. */
export interface SetPresenceFrame {
  type: 'presence.set';
  /** What it shows, as JSON of at most 1,024 bytes; `null` for nothing. */
  data: unknown;
  /** An error about the frame, or its answer, repeats it. At most 64 characters. */
  ref?: string;
}

/** The client wants to know who is here. */
export interface GetPresenceFrame {
  type: 'presence.get';
  /** An error about the frame, or its answer, repeats it. At most 64 characters. */
  ref?: string;
}

/** The client tells the others something that counts now only. */
export interface SendSignalFrame {
  type: 'signal';
  /** The topic of those who are told; without it, all are. */
  topic?: string;
  /** What they are told, as JSON of at most 256 bytes. */
  data: unknown;
  /** An error about the frame, or its answer, repeats it. At most 64 characters. */
  ref?: string;
}
