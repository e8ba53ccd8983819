/** The updates of the document `projects`. Made by `roomcast preset types`: do not edit. */

/** What each type of updates has as its data. */
export interface UpdateData {
  'project.created': {
    projectId: string;
    payload: {
      name: string;
      description?: string;
      phase?: string;
    };
  };
  'project.updated': {
    projectId: string;
    payload: {
      name?: string;
      description?: string;
      status?: string;
    };
  };
  'project.phase.changed': {
    projectId: string;
    payload: {
      phase: string;
      previousPhase?: string;
    };
  };
  'story.status.changed': {
    projectId: string;
    payload: {
      storyId: string;
      status: string;
      previousStatus?: string;
    };
  };
  'escalation.created': {
    projectId: string;
    payload: {
      escalationId: string;
      question: string;
      severity?: string;
      storyId?: string;
    };
  };
  'escalation.responded': {
    projectId: string;
    payload: {
      escalationId: string;
      response: string;
      respondedBy?: string;
    };
  };
  'agent.started': {
    projectId: string;
    payload: {
      agentId: string;
      agent: string;
      storyId?: string;
    };
  };
  'agent.completed': {
    projectId: string;
    payload: {
      agentId: string;
      result: string;
      durationMs?: number;
    };
  };
  'pr.created': {
    projectId: string;
    payload: {
      number: number;
      title: string;
      storyId?: string;
      url?: string;
    };
  };
  'pr.merged': {
    projectId: string;
    payload: {
      number: number;
      mergedBy?: string;
      storyId?: string;
    };
  };
  'workflow.error': {
    projectId: string;
    payload: {
      workflow: string;
      message: string;
      step?: string;
    };
  };
  'project.deleted': {
    projectId: string;
    payload: {
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
