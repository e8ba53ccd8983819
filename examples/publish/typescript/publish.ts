// Publishes events to Roomcast: signed by Standard Webhooks, and repeated until the server has them.
//
//     npm install
//     node publish.ts ../events.json        (node 22.18 or newer)
//
// It reads ROOMCAST_URL, ROOMCAST_TENANT and ROOMCAST_WEBHOOK_SECRET. It does not keep events until the server has them: that is for
// the caller, who has them in a table or a queue.

import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';

const ATTEMPTS = 8;
const LONGEST_PAUSE_MS = 30_000;

type Event = {
  event_id: string;
  event_type: string;
  aggregate_type: string;
  aggregate_id: string;
  occurred_at: string;
  payload: Record<string, unknown>;
  metadata?: Record<string, unknown>;
};
type Result = { eventId: string; status: 'accepted' | 'duplicate' | 'superseded' | 'ignored'; seq?: number; reason?: string };
type Problem = { code: string; detail: string; errors?: { index: number; field: string; reason: string }[] };

/** The server has answered, and has not taken the events. */
class Refused extends Error {}

/** Says what became of each of up to 500 events. Throws `Refused`, or the last error if no attempt has succeeded. */
type Publish = (events: Event[]) => Promise<Result[]>;

function publisher(url: string, tenant: string, secret: string): Publish {
  const address = `${url.replace(/\/$/, '')}/t/${tenant}/api/events`;
  const webhook = new Webhook(secret);

  // A repetition has the same body and id, but a time and a signature of its own.
  const post = async (body: string, id: string) => {
    const now = new Date();
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': webhook.sign(id, now, body),
    };
    const options = { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.timeout(30_000) } as const;
    const answer = await fetch(address, options);
    return { status: answer.status, retryAfterMs: Number(answer.headers.get('retry-after')) * 1000 || 0, text: await answer.text() };
  };

  return async (events) => {
    const [body, id] = [JSON.stringify(events), `msg_${randomUUID()}`];
    for (let attempt = 1; ; attempt++) {
      // If the connection is lost, nobody knows whether the events have arrived. A repetition does no harm.
      const answer = await post(body, id).catch((lost: Error) => lost);
      const lost = answer instanceof Error;
      if (!lost && answer.status === 202) return JSON.parse(answer.text).results;
      const again = lost || [408, 429].includes(answer.status) || answer.status >= 500;
      const error = lost ? answer : new Refused(why(answer.status, answer.text));
      if (!again || attempt === ATTEMPTS) throw error;
      const backOff = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
      const pause = Math.max(backOff, lost ? 0 : answer.retryAfterMs);
      console.warn(`trying again in ${(pause / 1000).toFixed(1)} s: ${told(error)}`);
      await sleep(pause);
    }
  };
}

function why(status: number, text: string): string {
  if (!/^\{.*"code":/s.test(text)) return `${status}, and not from Roomcast: is ROOMCAST_URL right?`;
  const { code, detail, errors = [] }: Problem = JSON.parse(text);
  return `${status} ${code}: ${detail}${errors.map((error) => `\n  event ${error.index}: ${error.field} ${error.reason}`).join('')}`;
}

// fetch says only in the cause why it has failed.
function told(error: Error): string {
  const { code } = (error.cause ?? {}) as { code?: string };
  return code ? `${error.message} (${code})` : error.message;
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

try {
  const [, , file] = process.argv;
  if (!file) throw new Error('usage: node publish.ts FILE');
  const publish = publisher(setting('ROOMCAST_URL'), setting('ROOMCAST_TENANT'), setting('ROOMCAST_WEBHOOK_SECRET'));
  const events: Event[] = JSON.parse(await readFile(file, 'utf8'));
  for (const { eventId, status, seq, reason } of await publish(events)) console.log(eventId, status, seq ?? reason);
} catch (error) {
  console.error(`error: ${told(error as Error)}`);
  process.exitCode = 1;
}
