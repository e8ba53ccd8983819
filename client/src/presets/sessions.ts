/** The updates of the document `sessions`. Made by `roomcast preset types`: do not edit. */

/** What each type of updates has as its data. */
export interface UpdateData {
  'session.metadata': {
    title: string;
    description?: string;
  };
  'cycle.created': {
    cycleId: string;
    sessionId?: string;
    parentId?: string;
    branchPoint?: string;
  };
  'component.started': {
    cycleId: string;
    componentType: string;
  };
  'component.completed': {
    cycleId: string;
    componentType: string;
    completedAt: string;
    progress?: {
      completed: number;
      total: number;
      percent?: number;
    };
  };
  'component.output': {
    cycleId: string;
    componentType: string;
    summary?: string;
  };
  'conversation.message': {
    cycleId: string;
    componentType: string;
    message: {
      id: string;
      role: string;
      contentPreview?: string;
      timestamp: string;
    };
  };
  'analysis.scores': {
    cycleId: string;
    scoreType: 'pugh' | 'dq';
    scores: Record<string, number>;
    overallScore?: number;
  };
  'cycle.completed': {
    cycleId: string;
    dqScore?: number;
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
