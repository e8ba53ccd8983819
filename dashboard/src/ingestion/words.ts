/** What updates of the document `admin` say, in words. */

import type { Update } from 'roomcast/presets/admin';
import type { Entry } from '../parts/Feed.svelte';
import { durationText, nameOf, numberText } from '../words.ts';
import type { Tone } from '../words.ts';

export type Happened = Entry;

const RESULTS: Record<string, { word: string; tone: Tone }> = {
  success: { word: 'done', tone: 'good' },
  partial: { word: 'done in part', tone: 'wait' },
  failed: { word: 'failed', tone: 'bad' },
};

/** How an ingestion ended. A result that is not known is shown as it is written. */
export function result(status: string): { word: string; tone: Tone | undefined } {
  return Object.hasOwn(RESULTS, status) ? RESULTS[status]! : { word: nameOf(status).toLowerCase(), tone: undefined };
}

/** How bad an error is. */
export function toneOf(severity: string): Tone | undefined {
  if (severity === 'critical' || severity === 'error') return 'bad';
  return severity === 'warning' ? 'wait' : undefined;
}

export function filesText(files: number, total?: number): string {
  const of = total === undefined ? '' : ` of ${numberText(total)}`;
  return `${numberText(files)}${of} ${(total ?? files) === 1 ? 'file' : 'files'}`;
}

/** An entry for the feed; null for what is only a step, or a figure. */
export function happened(update: Update): Happened | null {
  return update.updateType === 'ingestion_progress' ? null : told(update);
}

/** What an update says, steps included; null for figures. */
export function told({ seq, timestamp: at, ...update }: Update): Happened | null {
  switch (update.updateType) {
    case 'ingestion_started': {
      const { ingestionId, source, totalFiles } = update.data;
      return { seq, at, subject: ingestionId, text: `began: ${filesText(totalFiles)} from ${nameOf(source)}` };
    }
    case 'ingestion_progress': {
      const { ingestionId, status, filesProcessed, totalFiles } = update.data;
      return { seq, at, subject: ingestionId, text: `${status}, ${filesText(filesProcessed, totalFiles)}` };
    }
    case 'ingestion_complete': {
      const { fileName, status, filesProcessed, nodesCreated, durationMs } = update.data;
      const { word, tone } = result(status);
      const within = durationMs === undefined ? '' : ` in ${durationText(durationMs)}`;
      return { seq, at, subject: fileName, text: `${word}: ${filesText(filesProcessed)}, ${numberText(nodesCreated)} nodes${within}`, tone };
    }
    case 'query_complete':
      return { seq, at, subject: nameOf(update.data.queryType), text: `answered in ${durationText(update.data.latencyMs)}` };
    case 'error': {
      const { errorType, severity, component } = update.data;
      return { seq, at, subject: errorType, text: component === undefined ? severity : `${severity} in ${component}`, tone: toneOf(severity) };
    }
    default: return null;
  }
}
