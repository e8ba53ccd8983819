/** The updates of the document `stats`. Made by `roomcast preset types`: do not edit. */

/** What each type of updates has as its data. */
export interface UpdateData {
  'task:assigned': {
    taskId: string;
    title?: string;
  };
  'approval:requested': {
    approvalId: string;
    title?: string;
  };
  'stats:tasks': {
    pending: number;
    inProgress: number;
    completed: number;
    total: number;
  };
  'stats:conversations': {
    active: number;
    waiting: number;
    escalated: number;
    resolved: number;
    total: number;
  };
  'stats:approvals': {
    pending: number;
    approved: number;
    rejected: number;
    executed: number;
    total: number;
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
