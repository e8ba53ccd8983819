/**
 * The dashboards as the start page shows them: where each is, what its feed says last, and the one number that matters.
 *
 * The reducers are those of the dashboards.
 */

import type { AnyUpdate, Reducer } from 'roomcast';
import * as ingestion from '../ingestion/fold.ts';
import { told as toldIngestion } from '../ingestion/words.ts';
import type { Entry } from '../parts/Feed.svelte';
import * as projects from '../projects/fold.ts';
import { topicsOf as projectTopics } from '../projects/topics.ts';
import { told as toldProject } from '../projects/words.ts';
import { attention } from '../stats/attention.ts';
import * as stats from '../stats/fold.ts';
import { told as toldStats } from '../stats/words.ts';
import * as tasks from '../tasks/fold.ts';
import { topicsOf as taskTopics } from '../tasks/topics.ts';
import { told as toldTask } from '../tasks/words.ts';
import * as session from './session.ts';

export interface Figure {
  value: number | undefined;
  /** What is counted: if it is one, if it is several. */
  name: string | readonly [string, string];
  /** Of how many. */
  of?: number | undefined;
}

/** What a card shows of its feed. */
export interface Glance {
  last: Entry | null;
  figure: Figure;
}

export interface Card {
  name: string;
  about: string;
  href: string;
  session: string;
  path: string;
  /** Whether anyone may watch it, without a token. */
  anonymous: boolean;
  topics?: (token: string | null) => readonly string[];
  reducer: Reducer<Seen, AnyUpdate>;
  initial: Seen;
  glance: (seen: Seen) => Glance;
}

/** The view of a dashboard, and what happened last. Only the card knows which view it is. */
interface Seen {
  view: unknown;
  last: Entry | null;
}

interface Reads<U extends AnyUpdate, S> {
  apply: Reducer<S, U>;
  initial: S;
  /** What an update says; null if it is not worth saying. */
  told: (update: U, view: S) => Entry | null;
  figure: (view: S) => Figure;
}

type Place = Omit<Card, 'reducer' | 'initial' | 'glance'>;

function card<U extends AnyUpdate, S>(place: Place, { apply, initial, told, figure }: Reads<U, S>): Card {
  return {
    ...place,
    initial: { view: initial, last: null },
    reducer(seen, update) {
      const view = apply(seen.view as S, update as U);
      return { view, last: told(update as U, view) ?? seen.last };
    },
    glance: ({ view, last }) => ({ last, figure: figure(view as S) }),
  };
}

export const CARDS: readonly Card[] = [
  card(
    { name: 'Decision session', about: 'A decision in nine steps, with its branches, its conversation and its scores.', href: '/dashboard/session?session=demo-session', session: 'demo-session', path: '/api/sessions/{session}/live', anonymous: false },
    { apply: session.apply, initial: session.EMPTY, told: session.told, figure: ({ progress }) => ({ value: progress?.completed, of: progress?.total, name: 'components completed' }) },
  ),
  card(
    { name: 'Ingestion', about: 'What is being read into a graph, how it ended, and how long queries take. Anyone may watch it.', href: '/dashboard/ingestion', session: 'all', path: '/admin/ws/dashboard', anonymous: true },
    { apply: ingestion.apply, initial: ingestion.EMPTY, told: toldIngestion, figure: (view) => ({ value: view.stats?.ingestionsRunning, name: 'running' }) },
  ),
  card(
    { name: 'Projects', about: 'Agents at work: which questions wait for an answer, and where the stories stand.', href: '/dashboard/projects', session: 'all', path: '/ws/projects', anonymous: false, topics: (token) => projectTopics('', token) },
    {
      apply: projects.apply, initial: projects.EMPTY,
      told: (update, view) => ({ ...toldProject(update), subject: view.projects.get(update.data.projectId)?.name ?? update.data.projectId }),
      figure: ({ projects: { size }, escalations }) =>
        ({ value: size === 0 ? undefined : [...escalations.values()].filter(({ response }) => response === undefined).length, name: ['question waits', 'questions wait'] }),
    },
  ),
  card(
    { name: 'Tasks', about: 'Tasks and their progress, with their logs, and whether the system is well.', href: '/dashboard/tasks', session: 'tasks', path: '/ws/tasks', anonymous: false, topics: (token) => taskTopics('', token) },
    {
      apply: tasks.apply, initial: tasks.EMPTY,
      told: (update, view) => {
        const entry = toldTask(update);
        return entry && { ...entry, subject: (entry.task && view.tasks.get(entry.task)?.title) ?? entry.subject };
      },
      figure: ({ tasks: all }) => ({ value: all.size === 0 ? undefined : [...all.values()].filter(({ status }) => status === 'in_progress').length, name: 'in progress' }),
    },
  ),
  card(
    { name: 'Operations', about: 'Counts of tasks, conversations and approvals, and what asks for a person.', href: '/dashboard/stats', session: 'all', path: '/ws', anonymous: false },
    {
      apply: stats.apply, initial: stats.EMPTY, told: toldStats,
      figure: (view) => ({ value: view.tasks === undefined ? undefined : attention(view).reduce((sum, { count }) => sum + count, 0), name: ['waits for somebody', 'wait for somebody'] }),
    },
  ),
];

/** The sessions that a token for all of the cards names, as the command line takes them. */
export const SESSIONS = [...new Set(CARDS.filter(({ anonymous }) => !anonymous).map(({ session: name }) => name))].join(',');
