/** The updates of the document `admin`. Made by `roomcast preset types`: do not edit. */

/** What each type of updates has as its data. */
export interface UpdateData {
  'ingestion_started': {
    ingestionId: string;
    source: string;
    totalFiles: number;
  };
  'ingestion_progress': {
    ingestionId: string;
    currentFile: string;
    status: string;
    filesProcessed: number;
    totalFiles?: number;
    errors?: readonly ({
      file: string;
      reason: string;
    })[];
  };
  'ingestion_complete': {
    ingestionId: string;
    fileName: string;
    status: string;
    filesProcessed: number;
    nodesCreated: number;
    durationMs?: number;
    errors?: readonly ({
      file: string;
      reason: string;
    })[];
  };
  'query_complete': {
    queryType: string;
    latencyMs: number;
  };
  'error': {
    errorType: string;
    severity: string;
    component?: string;
  };
  'stats_update': {
    filesProcessed: number;
    nodeCount: number;
    ingestionsRunning: number;
    ingestionsFailed: number;
    ingestionsTotal: number;
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
