/** The updates of the document `console`. Made by `roomcast preset types`: do not edit. */

/** What each type of updates has as its data. */
export interface UpdateData {
  'room': {
    tenant: string;
    name: string;
    document: string;
    session: string;
    since: number;
    at: number;
    room: {
      epoch: string | null;
      head: number | null;
      members: {
        all: number;
        v1: number;
        plain: number;
        json: number;
        socketIo: number;
        conflated: number;
        held: number;
      };
      keeps: readonly (string)[];
      alarm: {
        at: number;
        why: string;
      } | null;
    };
    did: {
      turns: {
        published: number;
        joined: number;
        left: number;
        said: number;
        waited: number;
        read: number;
        told: number;
        alarm: number;
      };
      alarms: {
        sweep: number;
        refresh: number;
        ends: number;
        occupancy: number;
        end: number;
      };
      events: number;
      updates: number;
      bursts: number;
      frames: number;
      bytes: number;
      rowsWritten: number;
      rowsRead: number;
      keptMs: number;
    };
  };
}

export type UpdateType = keyof UpdateData;

/** An update of one type. */
export interface UpdateOf<Type extends UpdateType> {
  type: 'dashboard.update';
  /** Its number in its room. */
  seq: number;
  /** What it is about, for clients that subscribe to some topics only. */
  topic?: string;
  /** The trace in which its event was made or posted (W3C Trace Context). */
  traceparent?: string;
  updateType: Type;
  /** When its event occurred: RFC 3339, as its producer wrote it. */
  timestamp: string;
  /** What its producer calls what it belongs to. */
  correlationId?: string;
  data: UpdateData[Type];
}

/** Any update: `updateType` tells which, and so what `data` is. */
export type Update = { [Type in UpdateType]: UpdateOf<Type> }[UpdateType];
