/** The backend of the pages, as a team has one: it mints tokens, posts signed events, and reads the state. */

import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Update } from '../../src/index.ts';
import { setting } from './stage.ts';

export const url = setting('URL');
/** What the pages watch. */
export const SESSION = process.env['SESSION'] ?? 's-1';

export interface DomainEvent {
  event_id: string;
  event_type: string;
  aggregate_type: string;
  aggregate_id: string;
  occurred_at: string;
  payload: object;
}

/** An event of now. */
export function event(event_type: string, payload: object, aggregate = `Session/${SESSION}`): DomainEvent {
  const [aggregate_type = '', aggregate_id = ''] = aggregate.split('/');
  return { event_id: randomUUID(), event_type, aggregate_type, aggregate_id, occurred_at: new Date().toISOString(), payload };
}

export const renamed = (title: string) => event('session.renamed', { title });

/** Posts events that have to be taken. */
export async function post(...events: DomainEvent[]): Promise<void> {
  const answer = await posting(events);
  assert.equal(answer.status, 202, await answer.text());
}

/** Posts events until the server has taken them, though it is killed meanwhile. */
export async function postSafely(...events: DomainEvent[]): Promise<void> {
  for (;;) {
    const status = await posting(events).then(async (answer) => (await answer.text(), answer.status), () => 0);
    if (status === 202) return;
    assert.ok(status === 0 || status >= 500, `refused with ${status}`);
    // As backends do, so that a server that comes back does not meet a storm.
    await pause(20);
  }
}

/** A request that is signed as in Standard Webhooks. */
function posting(events: DomainEvent[]): Promise<Response> {
  const body = JSON.stringify(events);
  const [id, at] = [`msg_${randomUUID()}`, String(Math.floor(Date.now() / 1_000))];
  const key = Buffer.from(setting('WEBHOOK_SECRET').replace('whsec_', ''), 'base64');
  const signature = `v1,${createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')}`;
  const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature };
  return fetch(`${url}/api/events`, { method: 'POST', headers, body });
}

/** So long an expired token still counts, because clocks differ. */
const LEEWAY_S = 60;

/** A token with which connections end in so many seconds, or up to one sooner. Each is another text. */
export function mint({ endsInS = 3_600, user = 'ada' } = {}): string {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { iss: 'roomcast', aud: 'roomcast:demo', sub: user, sessions: [SESSION], exp: now + endsInS - LEEWAY_S, jti: randomUUID() };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', setting('TOKEN_SECRET')).update(signed).digest('base64url')}`;
}

/** The state of the session, as `GET /api/sessions/:id/state` has it. */
export async function state(): Promise<{ epoch: string; seq: number; updates: Update[] }> {
  const answer = await fetch(`${url}/api/sessions/${SESSION}/state`, { headers: { authorization: `Bearer ${mint()}` } });
  assert.equal(answer.status, 200);
  return answer.json();
}
