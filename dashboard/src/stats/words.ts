/** What updates of the document `stats` say, in words. */

import type { Update } from 'roomcast/presets/stats';
import type { Entry } from '../parts/Feed.svelte';
import { numberText } from '../words.ts';
import type { Notice } from './fold.ts';

const NOTICES: Record<Notice['kind'], Pick<Entry, 'text' | 'tone'>> = {
  'task:assigned': { text: 'was assigned to you' },
  'approval:requested': { text: 'waits for your approval', tone: 'wait' },
};

/** A notice as an entry of the feed. */
export const noticed = ({ seq, at, kind, id, title }: Notice): Entry => ({ seq, at, subject: title ?? id, ...NOTICES[kind] });

/** What an update says; null if it is not known. */
export function told(update: Update): Entry | null {
  const { seq, timestamp: at } = update;
  switch (update.updateType) {
    case 'stats:tasks': {
      const { pending, inProgress, completed } = update.data;
      return { seq, at, subject: 'Tasks', text: `${numberText(pending)} pending, ${numberText(inProgress)} in progress, ${numberText(completed)} completed` };
    }
    case 'stats:conversations': {
      const { active, waiting, escalated } = update.data;
      return { seq, at, subject: 'Conversations', text: `${numberText(active)} active, ${numberText(waiting)} waiting, ${numberText(escalated)} escalated` };
    }
    case 'stats:approvals': {
      const { pending, approved, rejected } = update.data;
      return { seq, at, subject: 'Approvals', text: `${numberText(pending)} pending, ${numberText(approved)} approved, ${numberText(rejected)} rejected` };
    }
    case 'task:assigned': return { seq, at, subject: update.data.title ?? update.data.taskId, ...NOTICES[update.updateType] };
    case 'approval:requested': return { seq, at, subject: update.data.title ?? update.data.approvalId, ...NOTICES[update.updateType] };
    default: return null;
  }
}
