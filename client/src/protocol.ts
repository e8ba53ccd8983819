/**
 * The wire of Roomcast, version 1, as TypeScript types. Made by `roomcast types protocol`: do not edit.
 *
 * It deliberately describes only the `roomcast.v1` dialect. What clients tell each other is in
 * company.ts, and docs/protocol.md explains all of it.
 */

import type { CompanyFrame, CompanyNote } from './company.ts';
import type { Update } from './presets/sessions.ts';

/** A date and time as RFC 3339 writes it, with an offset. */
export type Timestamp = string;

/**
 * The name of a session, which is what a dashboard shows. It cannot contain `/`, which separates tenant and
 * session in a room's name, or `*`, which marks prefixes in grants. It cannot be `.` or `..`, because browsers
 * and proxies treat these as steps of the path and remove them.
 */
export type SessionId = string;

/** The id of a connection: new for each one, and safe to log. */
export type ClientId = string;

/** The name of a preset: 1 to 32 characters out of `a-z 0-9 -`, starting with a letter. */
export type PresetName = string;

/** The id of one life of a room, from its beginning to the deletion of its storage. */
export type Epoch = string;

/** A position in a room: everything up to and including `seq` of this epoch. Written `epoch:seq`. */
export interface Position {
  /** The epoch to which `seq` belongs. */
  epoch: Epoch;
  /** The last update that is included. */
  seq: number;
}

// ---- Server to client ----------------------------------------------------------------------------------

/** A frame of the server. */
export type ServerFrame =
  | ConnectedFrame
  | ExpiringFrame
  | ReturningFrame
  | RefreshedFrame
  | UnsubscribedFrame
  | PacedFrame
  | ErrorFrame
  | UpdateFrame
  | UpdatesFrame
  | StateFrame
  | SubscribedFrame
  | PongFrame
  | CompanyNote;

/** How a client gets from its position to the head. */
export type Recovery =
  /** Nothing follows: the room has no updates yet, or a plain client will ask for the state itself. */
  | 'none'
  /** The missed updates follow, if there are any. */
  | 'replayed'
  /** The state follows. */
  | 'snapshot';

/** How a client goes on after a new token. */
export type Renewal =
  /** With the tail: it may see what it could see before. */
  | 'none'
  /** With the tail, and within it the state of what it may see now. */
  | 'snapshot';

/** What can be wrong with a client's frame. The connection stays open. */
export type ErrorCode =
  /** It is not text or not a JSON object, or a field is missing or of the wrong type. */
  | 'bad_frame'
  /** The protocol does not have its `type`. */
  | 'unknown_type'
  /** It is an `ack` beyond the head. */
  | 'bad_position'
  /** A topic is malformed, or there are too many. */
  | 'bad_topic'
  /** The document does not let clients send it. */
  | 'not_allowed'
  /** The token does not allow a topic. */
  | 'topic_refused'
  /** As many members have the topic as may. */
  | 'topic_full'
  /** The new token is refused; the grant stays as it was. */
  | 'refresh_refused'
  /** The room is sending others so much that the state of a subscription has to wait. */
  | 'busy'
  /** The client sends more frames than it may. */
  | 'rate_limited';

/** The first frame. */
export interface ConnectedFrame {
  type: 'connected';
  sessionId: SessionId;
  clientId: ClientId;
  timestamp: Timestamp;
  /** When the connection ends with its token, if it has one. */
  expiresAt?: Timestamp;
  epoch: Epoch;
  /** The number of the last update that the client sees. */
  seq: number;
  recovery: Recovery;
  /** In a large room: milliseconds over which to spread the return, should the connection be lost. */
  returnWithinMs?: number;
}

/** The connection ends with its token in a minute. */
export interface ExpiringFrame {
  type: 'auth.expiring';
  expiresAt: Timestamp;
}

/** The room has become large: the milliseconds over which to spread the return, should the connection be lost. */
export interface ReturningFrame {
  type: 'returning';
  withinMs: number;
}

/** The answer to a new token. Forget the updates of topics that are not listed. */
export interface RefreshedFrame {
  type: 'auth.refreshed';
  /** The `ref` of the frame that it answers, if it had one. */
  ref?: string;
  /** When the connection ends with the token. */
  expiresAt?: Timestamp;
  /** The topics that are left. */
  topics: string[];
  recovery: Renewal;
}

/** The answer to the end of a subscription. Forget the updates of topics that are not listed. */
export interface UnsubscribedFrame {
  type: 'unsubscribed';
  /** The `ref` of the frame that it answers, if it had one. */
  ref?: string;
  /** The topics that are left. */
  topics: string[];
}

/** The answer to a change of pace. */
export interface PacedFrame {
  type: 'paced';
  /** The `ref` of the frame that it answers, if it had one. */
  ref?: string;
  /** Milliseconds between two frames from now on: what was asked for, rounded up to a quarter of a second. */
  ms: number;
}

/** Something was wrong with a frame. The connection stays open. */
export interface ErrorFrame {
  type: 'error';
  code: ErrorCode;
  /** What is wrong and how to fix it. For people. */
  message: string;
  /** Whether the same frame may succeed later. */
  retryable: boolean;
  timestamp: Timestamp;
  /** The `ref` of the frame that the error is about, if it had one. */
  ref?: string;
}

/** A single update, in a frame of its own. */
export type UpdateFrame = Update & {
  /** When the server sent the frame. */
  sentAt: Timestamp;
};

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

/** The answer to a ping. */
export interface PongFrame {
  type: 'pong';
}

// ---- Client to server ----------------------------------------------------------------------------------

/** A frame of a client. */
export type ClientFrame =
  | PingFrame
  | RequestStateFrame
  | AckFrame
  | SubscribeFrame
  | UnsubscribeFrame
  | PaceFrame
  | RefreshFrame
  | CompanyFrame;

/** The client wants a `pong`. The exact text `{"type":"ping"}` is answered without waking the room. */
export interface PingFrame {
  type: 'ping';
}

/** The client wants the state. */
export interface RequestStateFrame {
  type: 'request.state';
  /** An error about the frame, or its answer, repeats it. At most 64 characters. */
  ref?: string;
}

/**
 * The client has applied everything up to `seq`. At most once a second, and only after updates or a state. Without acks,
 * only pings show how well a client keeps up.
 */
export interface AckFrame {
  type: 'ack';
  /** The last update that was applied. */
  seq: number;
  /** An error about the frame, or its answer, repeats it. At most 64 characters. */
  ref?: string;
}

/** The client wants to see these topics too. */
export interface SubscribeFrame {
  type: 'subscribe';
  /** Names of topics, or prefixes followed by `*`. */
  topics: string[];
  /** An error about the frame, or its answer, repeats it. At most 64 characters. */
  ref?: string;
}

/** The client no longer wants to see these topics. */
export interface UnsubscribeFrame {
  type: 'unsubscribe';
  /** Names of topics, or prefixes followed by `*`. */
  topics: string[];
  /** An error about the frame, or its answer, repeats it. At most 64 characters. */
  ref?: string;
}

/** The client wants so much time between two frames. */
export interface PaceFrame {
  type: 'pace';
  /** Milliseconds, from 0 for none to 60,000. They count as the next multiple of 250. */
  ms: number;
  /** An error about the frame, or its answer, repeats it. At most 64 characters. */
  ref?: string;
}

/** The client has a new token. */
export interface RefreshFrame {
  type: 'auth.refresh';
  /** The token, which nobody has verified yet. */
  token: string;
  /** An error about the frame, or its answer, repeats it. At most 64 characters. */
  ref?: string;
}

// ---- Closing -------------------------------------------------------------------------------------------

/** The close codes that Roomcast chooses. Every other code from 1001 to 1999 means: connect again. */
export type CloseCode =
  /** The connection has served its purpose. */
  | 1000
  /** A frame above the size limit (RFC 6455). */
  | 1009
  /** The request was malformed. */
  | 4400
  /** The token is missing, invalid or expired. */
  | 4401
  /** The origin or the session was refused. */
  | 4403
  /** There is no such tenant. */
  | 4404
  /** The room was full, and another client took the place of one that had been silent. */
  | 4409
  /** The user has as many connections as a user may have. */
  | 4413
  /** The client continued to send more frames than it may. */
  | 4429
  /** The room is full, is busy or has failed. */
  | 4503
  /** The client has been silent for too long. */
  | 4504
  /** The client does not read what it is sent. */
  | 4508
  /** There were too many attempts from the client's address. */
  | 4529;

/** Why a connection is closed, as sent on the wire. */
export type CloseReason =
  /** The client may not join, or may not stay any longer. */
  | RefusalCode
  /** The client is at fault. */
  | ClientFault;

/** Why a member is closed for its own fault. */
export type ClientFault =
  /** It sent a frame above the size limit. */
  | 'frame_too_big'
  /** It continued to send more frames than it may. */
  | 'rate_limited'
  /** The room was full, and it had been silent for longest. */
  | 'replaced'
  /** It has been silent for too long. */
  | 'silent'
  /** It does not read what it is sent. */
  | 'slow';

/** Why a request or an upgrade is refused. */
export type RefusalCode =
  /** The session's name is malformed. */
  | 'bad_session'
  /** `?resume=` is not a position. */
  | 'bad_position'
  /** `?topics=` or `?resume_topics=` is not a list of topics. */
  | 'bad_topics'
  /** `?pace=` is not a number of milliseconds, or too many. */
  | 'bad_pace'
  /** None of the four places has a token. */
  | 'token_missing'
  /** The token is malformed, wrongly signed, or lacks a claim. */
  | 'token_invalid'
  /** The token, its user, or its user in this session was revoked. */
  | 'token_revoked'
  /** The token has expired or is not valid yet. */
  | 'token_expired'
  /** The origin is not on the tenant's list. */
  | 'origin_refused'
  /** The token does not name this session. */
  | 'session_refused'
  /** The token does not allow one of the topics. */
  | 'topic_refused'
  /** The tenant is suspended. */
  | 'tenant_suspended'
  /** There is no tenant of this name. */
  | 'tenant_unknown'
  /** The user has as many connections as a user may have. */
  | 'user_full'
  /** There were too many attempts from this address. */
  | 'attempts_exceeded'
  /** The address has as many connections as an address may have. */
  | 'address_full'
  /** The room has as many members as it may have. */
  | 'room_full'
  /** The room has sent others as many states and missed updates as may be unread at once. */
  | 'room_busy'
  /** The room did not answer. */
  | 'room_failed';

/** Whether a client should come back after a close. */
export type MayReconnect =
  /** No: it would be closed again in the same way. */
  | 'no'
  /** Yes: with its position, after a pause. */
  | 'yes'
  /** Once, with a new token. */
  | 'with a new token';

// ---- Over HTTP -----------------------------------------------------------------------------------------

/** One error over HTTP: `application/problem+json`. */
export interface Problem {
  /** Always `about:blank`: the `code` distinguishes problems. */
  type: 'about:blank';
  /** The status in words. */
  title: string;
  /** The HTTP status. */
  status: number;
  /** What is wrong and how to fix it. */
  detail: string;
  /** The stable code, for programs. */
  code: ProblemCode;
  /** In a 422: what is wrong with which event. */
  errors?: MalformedEvent[];
  /** In a 422 or 409 of the admin API: what is wrong with the document of a tenant. */
  faults?: Fault[];
  /** In a 503, or a 401 from a room: what became of each event so far. */
  results?: EventResult[];
}

/** What a problem document is about. Refusals have a table of their own: `Refusal`. */
export type ProblemCode =
  | RefusalCode
  /** The body ended before it was complete. */
  | 'unreadable'
  /** `?from=`, `?to=` or `?limit=` names no page of a log. */
  | 'bad_range'
  /** A header of the signature is missing or malformed. */
  | 'signature_missing'
  /** No signature was made over this body with a secret of the tenant. */
  | 'signature_invalid'
  /** It was signed too long ago or in the future, or a room cannot tell whether it is a repeat. */
  | 'signature_stale'
  /** The admin token is missing or wrong. */
  | 'admin_refused'
  /** There is nothing at this path. */
  | 'not_found'
  /** The path does not support this method. */
  | 'method_not_allowed'
  /** The body did not arrive in time. */
  | 'body_late'
  /** Another tenant has one of these credentials or host names. */
  | 'conflict'
  /** The tenant is not as `If-Match` or `If-None-Match` wants it. */
  | 'precondition_failed'
  /** The request has more bytes or events than it may have. */
  | 'too_large'
  /** The headers say that the body is not JSON. */
  | 'unsupported_media_type'
  /** The headers say that the body is compressed or otherwise encoded. */
  | 'unsupported_encoding'
  /** Something is wrong with the events. */
  | 'malformed'
  /** This path needs a WebSocket. */
  | 'upgrade_required'
  /** The room or the tenant gets more events than it may. */
  | 'events_exceeded'
  /** Another failure. */
  | 'internal'
  /** A setting is missing or malformed. */
  | 'misconfigured';

/** What is wrong with a document. */
export interface Fault {
  /** Where, as a path such as `tokens.keys[0].secret`; empty for the whole document. */
  place: string;
  /** What, and how to mend it. */
  reason: string;
}

/** What is wrong with one event of a request. */
export interface MalformedEvent {
  /** The event's place in the request, from 0. */
  index: number;
  /** The field, as a path such as `payload.cycle_id`; empty for the event as a whole. */
  field: string;
  /** What is wrong with it. For people. */
  reason: MalformedReason;
}

/** What can be wrong with an event, or with one of its fields. */
export type MalformedReason =
  /** The body is not JSON. The place of the error follows. */
  | `the body is not JSON ${string}`
  /** The request has no events. */
  | 'the array is empty'
  /** A batch is not a list. */
  | 'a batch must be a JSON array'
  /** An event is a number, a string or a list. */
  | 'an event must be a JSON object'
  /** A field is missing that every event must have. */
  | 'is missing'
  /** A field is missing that this type of event must have. The type follows. */
  | `is required by ${string}`
  /** A name is not a string, is empty, or is longer than `NAME_CHARS`. */
  | 'must be a string of 1 to 128 characters'
  /** A field that is sent shortened is not a string. */
  | 'must be a string'
  /** The payload or the metadata is not an object. */
  | 'must be a JSON object'
  /** The time at which the event occurred is malformed. */
  | 'must be an RFC 3339 time with an offset, such as 2026-01-07T10:00:00Z'
  /** A time that is a number of seconds is not one. */
  | 'must be a whole number of seconds since 1970, up to the year 9999'
  /** The event is of another version of `CloudEvents`. */
  | 'must be 1.0'
  /** The encoded data of a `CloudEvent` is malformed, or stands beside other data. */
  | 'must be the base64 of a JSON object, and must not be there beside data'
  /** The value of a header is not percent-encoded as in `CloudEvents`. */
  | 'must be percent-encoded UTF-8 in printable ASCII'
  /** A header says that the event is another than the body. */
  | 'does not fit the body'
  /** The audience is malformed or names nobody. */
  | 'must name 1 to 50 users or permissions, each a string of 1 to 128 characters'
  /** The topic becomes too long, or has a control character. */
  | 'makes a topic of over 128 characters, or one with a control character'
  /** An amount of a tally is not a whole number, or is too large. */
  | 'must be a whole number of at most 2^53 - 1'
  /** The name of the session is malformed. */
  | 'must be 1 to 128 characters out of A-Z a-z 0-9 - _ . : ~ @ + =, and neither . nor ..';

/** The answer to posted events: 202. */
export interface Results {
  /** One result per event, in the order of the request. */
  results: EventResult[];
}

/** What became of one event. */
export type EventResult = RoomResult & {
  /** The event's own id. */
  eventId: string;
  /** What became of it in the other rooms, if several documents take it. */
  also?: RoomResult[];
};

/** What became of one event in one room. */
export type RoomResult = Outcome & {
  /** The document by which the event goes there, if it is not the first of the tenant. */
  preset?: PresetName;
};

/** What can become of a well-formed event. */
export type Outcome =
  /** It is durable, and its update is sent to the session's members. */
  | {
      status: 'accepted';
      /** The session it belongs to. */
      session: SessionId;
      /** Its number there. */
      seq: number;
    }
  /** It was accepted before. */
  | {
      status: 'duplicate';
      /** The session it belongs to. */
      session: SessionId;
      /** The number it got the first time. */
      seq: number;
    }
  /** The update that its key holds occurred later, so it changes nothing. */
  | {
      status: 'superseded';
      /** The session it belongs to. */
      session: SessionId;
      /** The number of the update that occurred later. */
      seq: number;
    }
  /** It is shown to nobody. */
  | {
      status: 'ignored';
      /** Why. */
      reason: IgnoredBecause;
      /** What exactly is wrong with it. */
      detail?: string;
    }
  /** Its room has not accepted it: repeat the request. */
  | {
      status: 'failed';
      /** The session it belongs to, if that is known. */
      session?: SessionId;
    };

/** Why an event is shown to nobody. */
export type IgnoredBecause =
  /** The event map has no row for its type. */
  | 'unknown_event_type'
  /** It names no session, and no earlier event of its aggregate did. */
  | 'no_session'
  /** It does not have what the event map needs, and the event map says to skip such events. */
  | 'invalid';

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

// Updates are those of the preset `sessions`: presets/ has those of the others, made by `roomcast preset types`.

export type { Update };
