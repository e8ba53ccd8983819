/** Why a room is awake, in words: what made it work, what keeps it in memory, and when it wakes next. Pure functions. */

import type { Report } from './fold.ts';

const TURNS = {
  published: ['post', 'posts'], joined: ['join', 'joins'], left: ['connection that ended', 'connections that ended'],
  said: ['frame of a client', 'frames of clients'], waited: ['wait of its own', 'waits of its own'], read: ['read', 'reads'],
  told: ['message of its tenant', 'messages of its tenant'], alarm: ['alarm', 'alarms'],
} as const;

const KEEPS: Record<string, string> = {
  window: 'a burst is gathered', states: 'members wait for the state', pace: 'updates wait for the pace of members',
  presence: 'changes of who is here are gathered', token: 'its tenant is asked about a token', relays: 'relays are fed, or told something',
};

const ALARMS: Record<string, string> = {
  sweep: 'the check of its members', refresh: 'updates are sent again', ends: 'a grant or a topic ends',
  occupancy: 'its tenant is told who is there', end: 'its end, if nobody uses it',
};

/** What made the room work in the period, most often first. */
export function causes({ did }: Report): string[] {
  const counted = Object.entries(TURNS).map(([name, words]) => ({ count: did.turns[name as keyof typeof TURNS], words }));
  const happened = counted.filter(({ count }) => count > 0).sort((one, other) => other.count - one.count);
  return happened.map(({ count, words: [one, many] }) => `${count} ${count === 1 ? one : many}`);
}

/** What keeps the room in memory; nothing if it may sleep. */
export const keeps = ({ room }: Report): string[] => room.keeps.map((name) => KEEPS[name] ?? name);

/** For what its alarm went off in the period. */
export function alarms({ did }: Report): string[] {
  return Object.entries(did.alarms).filter(([, count]) => count > 0).map(([name]) => ALARMS[name] ?? name);
}

/** Why its next alarm is. */
export const nextAlarm = ({ room }: Report): { at: number; why: string } | null =>
  room.alarm && { at: room.alarm.at, why: ALARMS[room.alarm.why] ?? room.alarm.why };

/** The shortest answer to why it is awake, for the table. */
export function shortly(report: Report): string {
  const [keep] = keeps(report);
  if (keep !== undefined) return keep;
  const [cause] = causes(report);
  return cause === undefined ? 'it may sleep' : `${cause}; it may sleep`;
}
