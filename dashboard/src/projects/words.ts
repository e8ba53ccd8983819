/** What updates of the document `projects` say, in words. The subject is the project's id: who knows its name puts that in. */

import type { Update, UpdateOf } from 'roomcast/presets/projects';
import type { Entry } from '../parts/Feed.svelte';
import { durationText, nameOf } from '../words.ts';
import type { Tone } from '../words.ts';

/** An identifier in the middle of a sentence. */
const low = (identifier: string) => {
  const name = nameOf(identifier);
  return name === identifier ? name : name.charAt(0).toLowerCase() + name.slice(1);
};

const RESULTS: Record<string, Tone> = { success: 'good', failed: 'bad', needs_input: 'wait', changes_requested: 'wait' };

/** How the work of an agent ended. */
export const toneOf = (result: string): Tone | undefined => (Object.hasOwn(RESULTS, result) ? RESULTS[result] : undefined);

/** An entry for the feed. */
export function told(update: Update): Entry {
  const { seq, timestamp: at, data } = update;
  return { seq, at, subject: data.projectId, ...said(update) };
}

function said(update: Update): { text: string; tone?: Tone | undefined } {
  switch (update.updateType) {
    case 'project.created': return { text: 'was created' };
    case 'project.updated': return { text: changes(update) };
    case 'project.deleted': return { text: 'was deleted' };
    case 'project.phase.changed': return { text: `is now in ${low(update.data.payload.phase)}` };
    case 'story.status.changed': {
      const { storyId, status } = update.data.payload;
      return { text: `story ${storyId} moved to ${nameOf(status)}`, tone: status === 'done' ? 'good' : status === 'blocked' ? 'bad' : undefined };
    }
    case 'escalation.created': return { text: `asks: ${update.data.payload.question}`, tone: 'wait' };
    case 'escalation.responded': return { text: `has an answer${by(update.data.payload.respondedBy)}: ${update.data.payload.response}` };
    case 'agent.started': {
      const { agent, storyId } = update.data.payload;
      return { text: `${low(agent)} began${storyId === undefined ? '' : ` story ${storyId}`}` };
    }
    case 'agent.completed': {
      const { agentId, result, durationMs } = update.data.payload;
      return { text: `${agentId}: ${low(result)}${durationMs === undefined ? '' : ` after ${durationText(durationMs)}`}`, tone: toneOf(result) };
    }
    case 'pr.created': return { text: `pull request ${update.data.payload.number}: ${update.data.payload.title}` };
    case 'pr.merged': return { text: `pull request ${update.data.payload.number} was merged${by(update.data.payload.mergedBy)}`, tone: 'good' };
    case 'workflow.error': return { text: `${update.data.payload.workflow}: ${update.data.payload.message}`, tone: 'bad' };
    default: return { text: low((update as { updateType: string }).updateType) };
  }
}

const by = (who: string | undefined) => (who === undefined ? '' : ` by ${who}`);

function changes({ data: { payload: { name, description, status } } }: UpdateOf<'project.updated'>): string {
  const parts = [
    name !== undefined && 'has a new name',
    status !== undefined && `is ${low(status)}`,
    description !== undefined && 'has a new description',
  ].filter((one) => one !== false);
  return parts.length === 0 ? 'was changed' : parts.join(', ');
}
