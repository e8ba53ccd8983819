/**
 * The wire of Roomcast, version 1, as TypeScript types, one per table in docs/protocol.md.
 *
 * It deliberately describes only the `roomcast.v1` dialect. What clients tell each other is in
 * company.ts.
 */

import type {
  GetPresenceFrame, PresenceChangedFrame, PresenceStateFrame, SendSignalFrame, SetPresenceFrame, SignalFrame,
} from './company.ts';
import type { Update, UpdateData, UpdateOf, UpdateType } from './presets/sessions.ts';

/** RFC 3339, as the producer of the event wrote it. */
export type Timestamp = string;

/** Names one life of a room's log: 16 lower-case hex digits. */
export type Epoch = string;

/** Everything up to and including `seq` has been seen, in this epoch. Written `epoch:seq`. */
export interface Position {
  epoch: Epoch;
  seq: number;
}

// ---- Server to client ----------------------------------------------------------------------------------

export type ServerFrame =
  | ConnectedFrame
  | UpdateFrame
  | UpdatesFrame
  | StateFrame
  | SubscribedFrame
  | UnsubscribedFrame
  | PacedFrame
  | ExpiringFrame
  | RefreshedFrame
  | PresenceStateFrame
  | PresenceChangedFrame
  | SignalFrame
  | ErrorFrame
  | PongFrame;

/** How the client gets from its position to the room's head. */
export type Recovery = 'none' | 'replayed' | 'snapshot';

export interface ConnectedFrame {
  type: 'connected';
  sessionId: string;
  clientId: string;
  timestamp: Timestamp;
  expiresAt?: Timestamp; // when the connection ends with its token, if it has one
  epoch: Epoch;
  /** The number of the last update that the client sees. */
  seq: number;
  recovery: Recovery;
}

/** A single update, in a frame of its own. */
export type UpdateFrame = Update & { sentAt: Timestamp };

/**
 * Updates, of which `prev` is the number before and `seq` the last. A client that does not see all updates gets fewer than
 * there are numbers in between. A client whose position is before `prev` has a gap.
 */
export interface UpdatesFrame {
  type: 'dashboard.updates';
  prev: number;
  seq: number;
  /** When the server sent the frame. */
  sentAt: Timestamp;
  updates: Update[];
}

/** The state at exactly `seq`: start from nothing and apply the updates with the same reducer as those of the tail. */
export interface StateFrame {
  type: 'dashboard.state';
  epoch: Epoch;
  seq: number;
  updates: Update[];
}

/** The answer to a subscription. Its updates are the state of what the client did not see before: add them. */
export interface SubscribedFrame {
  type: 'subscribed';
  /** The `ref` of the frame that it answers, if it had one. */
  ref?: string;
  /** All topics of the client. */
  topics: string[];
  epoch: Epoch;
  seq: number;
  updates: Update[];
}

/** The answer to the end of a subscription. Forget the updates of topics that are not listed. */
export interface UnsubscribedFrame {
  type: 'unsubscribed';
  ref?: string;
  /** The topics that are left. */
  topics: string[];
}

/** The answer to a change of pace. */
export interface PacedFrame {
  type: 'paced';
  ref?: string;
  /** Milliseconds between two frames from now on: what was asked for, rounded up to a quarter of a second. */
  ms: number;
}

/** The connection ends with its token in a minute. */
export interface ExpiringFrame {
  type: 'auth.expiring';
  expiresAt: Timestamp;
}

/** The answer to a new token. Forget the updates of topics that are not listed. With `snapshot`, a state follows. */
export interface RefreshedFrame {
  type: 'auth.refreshed';
  ref?: string;
  expiresAt?: Timestamp;
  topics: string[];
  recovery: Exclude<Recovery, 'replayed'>;
}

export type ErrorCode =
  | 'bad_frame'
  | 'unknown_type'
  | 'bad_position'
  | 'bad_topic'
  | 'not_allowed'
  | 'topic_refused'
  | 'topic_full'
  | 'refresh_refused'
  | 'busy'
  | 'rate_limited';

export interface ErrorFrame {
  type: 'error';
  code: ErrorCode;
  message: string;
  retryable: boolean;
  timestamp: Timestamp;
  /** The `ref` of the frame that the error is about, if it had one. */
  ref?: string;
}

export interface PongFrame {
  type: 'pong';
}

// ---- Client to server ----------------------------------------------------------------------------------

export type ClientFrame =
  | PingFrame
  | RequestStateFrame
  | AckFrame
  | SubscribeFrame
  | UnsubscribeFrame
  | PaceFrame
  | RefreshFrame
  | SetPresenceFrame
  | GetPresenceFrame
  | SendSignalFrame;

/** Sent as exactly `{"type":"ping"}`: that text is answered without waking the room. */
export interface PingFrame {
  type: 'ping';
}

export interface RequestStateFrame {
  type: 'request.state';
  ref?: string;
}

export interface SubscribeFrame {
  type: 'subscribe';
  /** Names of topics, or prefixes followed by `*`. */
  topics: string[];
  ref?: string;
}

export interface UnsubscribeFrame {
  type: 'unsubscribe';
  topics: string[];
  ref?: string;
}

export interface PaceFrame {
  type: 'pace';
  /** Milliseconds between two frames, from 0 to 60,000. */
  ms: number;
  ref?: string;
}

export interface RefreshFrame {
  type: 'auth.refresh';
  token: string;
  ref?: string;
}

/** At most once a second, and only after updates or a state. Without acks, only pings show how well a client keeps up. */
export interface AckFrame {
  type: 'ack';
  seq: number;
  ref?: string;
}

// ---- Closing -------------------------------------------------------------------------------------------

/** The codes that Roomcast itself chooses; every other code from 1001 to 1999 means: connect again. */
export type CloseCode = 1000 | 1009 | 4400 | 4401 | 4403 | 4404 | 4409 | 4413 | 4429 | 4503 | 4504 | 4508 | 4529;

/** The `code` of a refusal: the close reason here, the field of a problem document over HTTP. */
export type RefusalCode =
  | 'bad_session' | 'bad_position' | 'bad_topics' | 'bad_pace' | 'token_missing' | 'token_invalid'
  | 'token_revoked' | 'token_expired' | 'origin_refused' | 'session_refused' | 'topic_refused'
  | 'tenant_suspended' | 'tenant_unknown' | 'user_full' | 'attempts_exceeded' | 'address_full'
  | 'room_full' | 'room_busy' | 'room_failed';

/** The reason next to a close code. */
export type CloseReason = RefusalCode | 'frame_too_big' | 'rate_limited' | 'replaced' | 'silent' | 'slow';

export type MayReconnect = 'no' | 'yes' | 'with a new token';

// ---- Over HTTP -----------------------------------------------------------------------------------------

/** The `code` of a problem document. */
export type ProblemCode =
  | RefusalCode | 'unreadable' | 'bad_range' | 'signature_missing' | 'signature_invalid' | 'signature_stale'
  | 'admin_refused' | 'not_found' | 'method_not_allowed' | 'body_late' | 'conflict'
  | 'precondition_failed' | 'too_large' | 'unsupported_media_type' | 'unsupported_encoding'
  | 'malformed' | 'upgrade_required' | 'events_exceeded' | 'internal' | 'misconfigured';

/** Every error over HTTP: `application/problem+json`. */
export interface Problem {
  type: 'about:blank';
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  /** With `malformed`. */
  errors?: MalformedEvent[];
  /** With `malformed` and `conflict` of the admin API. */
  faults?: Fault[];
  /** With `room_failed`, and with `signature_stale` if a room found it. */
  results?: EventResult[];
}

/** What is wrong with the document of a tenant. */
export interface Fault {
  /** A path such as `tokens.keys[0].secret`; empty for the whole document. */
  place: string;
  reason: string;
}

export interface MalformedEvent {
  /** The event's place in the request, from 0. */
  index: number;
  /** A path such as `payload.cycle_id`; empty if the fault is in the event as a whole. */
  field: string;
  reason: MalformedReason;
}

/** For people. */
export type MalformedReason =
  | `the body is not JSON ${string}`
  | 'the array is empty'
  | 'a batch must be a JSON array'
  | 'an event must be a JSON object'
  | 'is missing'
  | `is required by ${string}`
  | 'must be a string of 1 to 128 characters'
  | 'must be a string'
  | 'must be a JSON object'
  | 'must name 1 to 50 users or permissions, each a string of 1 to 128 characters'
  | 'makes a topic of over 128 characters, or one with a control character'
  | 'must be a whole number of at most 2^53 - 1'
  | 'must be an RFC 3339 time with an offset, such as 2026-01-07T10:00:00Z'
  | 'must be a whole number of seconds since 1970, up to the year 9999'
  | 'must be 1.0'
  | 'must be the base64 of a JSON object, and must not be there beside data'
  | 'must be percent-encoded UTF-8 in printable ASCII'
  | 'does not fit the body'
  | 'must be 1 to 128 characters out of A-Z a-z 0-9 - _ . : ~ @ + =, and neither . nor ..';

/** What became of a posted event, in the first room that it goes to. */
export interface EventResult extends RoomResult {
  eventId: string;
  /** What became of it in other rooms, if several documents take it. */
  also?: RoomResult[];
}

/** What became of a posted event in one room. */
export interface RoomResult {
  /** The document by which it goes there, if that is not the first of the deployment. */
  preset?: string;
  status: OutcomeStatus;
  /** With `accepted`, `duplicate` and `superseded`; with `failed` if it is known. */
  session?: string;
  /** With `accepted`, `duplicate` and `superseded`. */
  seq?: number;
  /** With `ignored`. */
  reason?: IgnoredBecause;
  /** With `ignored` because `invalid`: the field, and what is wrong with it. For people. */
  detail?: string;
}

export type OutcomeStatus = 'accepted' | 'duplicate' | 'superseded' | 'ignored' | 'failed';

/** Why an event goes to no room. */
export type IgnoredBecause = 'unknown_event_type' | 'no_session' | 'invalid';

/** A page of the log: `GET /api/sessions/:id/log`. */
export interface LogPage {
  epoch: Epoch;
  /** The oldest number that the log still has. */
  first: number;
  /** The number of the last update that the reader sees. */
  head: number;
  updates: Update[];
  /** Where the next page begins. Absent if there is none. */
  next?: number;
}

// ---- Updates -------------------------------------------------------------------------------------------

// Of the preset `sessions`: presets/ has those of the others, made by `roomcast preset types`.

export type { Update, UpdateData, UpdateOf, UpdateType };

export type SessionMetadata = UpdateData['session.metadata'];
export type CycleCreated = UpdateData['cycle.created'];
export type ComponentStarted = UpdateData['component.started'];
export type ComponentCompleted = UpdateData['component.completed'];
export type ComponentOutput = UpdateData['component.output'];
export type ConversationMessage = UpdateData['conversation.message'];
export type AnalysisScores = UpdateData['analysis.scores'];
export type CycleCompleted = UpdateData['cycle.completed'];
export type Progress = NonNullable<ComponentCompleted['progress']>;
export type MessagePreview = ConversationMessage['message'];
