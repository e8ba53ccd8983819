/** The updates of the document `tasks`. Made by `roomcast preset types`: do not edit. */

/** What each type of updates has as its data. */
export interface UpdateData {
  'task_created': {
    userId?: string;
    metadata?: {
      projectId: string;
    };
    data: {
      task: {
        id: string;
        title: string;
        status: string;
        description?: string;
        priority?: string;
        assigneeId?: string;
        dueAt?: string;
      };
      createdBy: {
        id: string;
        name?: string;
      };
    };
  };
  'task_updated': {
    userId?: string;
    metadata?: {
      projectId: string;
    };
    data: {
      taskId: string;
      changes: {
        status?: string;
        dueAt?: string;
        reviewerId?: string;
        assigneeId?: string;
        priority?: string;
        description?: string;
        blockedBy?: string | null;
      } | {
        status: string;
      };
      updatedBy: {
        id: string;
        name?: string;
      };
    };
  };
  'task_progress': {
    userId?: string;
    metadata: {
      projectId: string;
    };
    data: {
      taskId: string;
      executionId: string | 'none';
      progress: number | 0;
      stage: string | 'deleted';
      message?: string;
      logs?: readonly ({
        timestamp: string;
        level: string;
        message: string;
      })[];
    };
  };
  'task_deleted': {
    userId?: string;
    metadata?: {
      projectId: string;
    };
    data: {
      taskId: string;
      deletedBy: {
        id: string;
        name?: string;
      };
    };
  };
  'system_status': {
    data: {
      status: string;
      metrics: Record<string, number>;
      alerts?: readonly ({
        id: string;
        severity: string;
        message: string;
      })[];
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
