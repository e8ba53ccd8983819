/**
 * Which projects the page follows: all that the token allows, or one. The server is told with `subscribe` and `unsubscribe`, so
 * that only what is shown is sent.
 *
 * Projects that were seen once can be chosen again, also while another one is followed. What the server refuses is said, and
 * then nothing changes.
 */

import type { Client } from 'roomcast';
import type { Update } from 'roomcast/presets/projects';
import { claimsOf } from '../live/claims.ts';

export const ALL = '';

const topicOf = (project: string) => `project:${project}`;
const EVERY = topicOf('*');

/** What to ask for: the topics of all projects, or of one. A token with less than all names what it allows. */
export function topicsFor(project: string, token: string | null): readonly string[] {
  if (project !== ALL) return [topicOf(project)];
  const { topics } = claimsOf(token);
  if (topics === null || topics.some((one) => one.endsWith('*') && EVERY.startsWith(one.slice(0, -1)))) return [EVERY];
  return topics.filter((one) => one.startsWith(topicOf('')));
}

/** The project of the page's address. */
export const projectOfAddress = (): string => new URLSearchParams(location.search).get('project') ?? ALL;

export class Following {
  /** The project that is followed, or `ALL`. */
  project = $state(projectOfAddress());
  /** Set while the server changes what is sent. */
  changing = $state(false);
  fault = $state('');

  async follow(project: string, client: Client<Update>, token: string | null): Promise<void> {
    if (this.changing || project === this.project) return;
    const [before, wanted] = [client.state.topics ?? [], topicsFor(project, token)];
    this.changing = true;
    this.fault = '';
    try {
      await change(client, before, wanted);
      this.project = project;
      remember(project);
    } catch (error) {
      this.fault = `The server does not show this: ${error instanceof Error ? error.message : String(error)}`;
      if (wanted.length > 0) await change(client, wanted, before).catch(() => {});
    } finally {
      this.changing = false;
    }
  }
}

/** A topic leaves with the prefix that covers it, so what is not wanted goes first. */
async function change(client: Client<Update>, before: readonly string[], wanted: readonly string[]): Promise<void> {
  const less = before.filter((one) => !wanted.includes(one));
  if (less.length > 0) await client.unsubscribe(less);
  await client.subscribe(wanted);
}

/** The address names what is shown, so that it can be handed on and opened again. */
function remember(project: string): void {
  const query = new URLSearchParams(location.search);
  if (project === ALL) query.delete('project');
  else query.set('project', project);
  history.replaceState(null, '', `${location.pathname}${query.size > 0 ? `?${query}` : ''}`);
}
