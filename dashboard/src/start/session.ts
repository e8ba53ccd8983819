/** As much of a decision session as its card shows: what happened last in words, and how far the cycle is that was worked on last. */

import type { Update, UpdateData } from 'roomcast/presets/sessions';
import type { Entry } from '../parts/Feed.svelte';
import { nameOf } from '../words.ts';

export interface Session {
  title?: string;
  progress?: NonNullable<UpdateData['component.completed']['progress']>;
}

export const EMPTY: Session = {};

export function apply(session: Session, update: Update): Session {
  switch (update.updateType) {
    case 'session.metadata': return { ...session, title: update.data.title };
    case 'component.completed': return update.data.progress === undefined ? session : { ...session, progress: update.data.progress };
    default: return session;
  }
}

export function told(update: Update): Entry {
  const { seq, timestamp: at } = update;
  const [subject, text] = said(update);
  return { seq, at, subject, text };
}

function said(update: Update): [string, string] {
  switch (update.updateType) {
    case 'session.metadata': return ['The session', `is called “${update.data.title}”`];
    case 'cycle.created': return ['A cycle', update.data.parentId === undefined ? 'began' : 'branched off'];
    case 'cycle.completed': return ['A cycle', 'was completed'];
    case 'component.started': return [nameOf(update.data.componentType), 'began'];
    case 'component.completed': return [nameOf(update.data.componentType), 'was completed'];
    case 'component.output': return [nameOf(update.data.componentType), update.data.summary ?? 'has a new output'];
    case 'analysis.scores': return [update.data.scoreType === 'pugh' ? 'Pugh scores' : 'Decision quality', 'were computed'];
    case 'conversation.message': return [nameOf(update.data.message.role), update.data.message.contentPreview ?? 'said something'];
    default: return [nameOf((update as { updateType: string }).updateType), 'happened'];
  }
}
