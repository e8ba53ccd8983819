/** Replays of the log, over pages that are served from memory. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pages, replay } from '../src/history.ts';
import type { ReplayOptions } from '../src/history.ts';
import type { AnyUpdate } from '../src/types.ts';

const START = Date.parse('2026-01-07T10:00:00Z');

/** Twelve updates, a tenth of a second apart. */
const log: AnyUpdate[] = Array.from({ length: 12 }, (_, index) => ({
  type: 'dashboard.update', seq: index + 1, updateType: 'x', timestamp: new Date(START + index * 100).toISOString(), data: {},
}));

/** A server that gives five updates a page, and notes what it was asked. */
function server(asked: URL[] = [], tokens: (string | null)[] = []): ReplayOptions {
  const answer = async (address: URL, { headers }: { headers?: Record<string, string> } = {}) => {
    asked.push(address);
    tokens.push(headers?.['authorization'] ?? null);
    const from = Number(address.searchParams.get('from'));
    const to = Number(address.searchParams.get('to') ?? Infinity);
    const updates = log.filter(({ seq }) => seq >= from && seq <= to).slice(0, 5);
    const last = updates.at(-1)?.seq ?? 0;
    const more = last < Math.min(12, to) ? { next: last + 1 } : {};
    return Response.json({ epoch: 'e', first: 1, head: 12, updates, ...more });
  };
  return { url: 'https://live.example/t/acme/', session: 's-1', fetch: answer as never };
}

async function seqs(updates: AsyncIterable<AnyUpdate>): Promise<number[]> {
  const all: number[] = [];
  for await (const { seq } of updates) all.push(seq);
  return all;
}

test('a replay has everything in order, from page to page', async () => {
  const asked: URL[] = [];
  const tokens: (string | null)[] = [];
  assert.deepEqual(await seqs(replay({ ...server(asked, tokens), token: async () => 't', topics: ['a', 'b*'] })), log.map(({ seq }) => seq));
  assert.deepEqual(asked.map(({ searchParams }) => searchParams.get('from')), ['1', '6', '11']);
  assert.equal(asked[0]?.pathname, '/t/acme/api/sessions/s-1/log');
  assert.equal(asked[0]?.searchParams.get('topics'), 'a,b*');
  assert.deepEqual(tokens, ['Bearer t', 'Bearer t', 'Bearer t']);
});

test('a range is a part of it', async () => {
  assert.deepEqual(await seqs(replay({ ...server(), from: 4, to: 8 })), [4, 5, 6, 7, 8]);
  for await (const page of pages({ ...server(), from: 12 })) assert.deepEqual(page.map(({ seq }) => seq), [12]);
});

test('a replay takes as long as it took, divided by its speed', async () => {
  const began = performance.now();
  await seqs(replay({ ...server(), speed: 10 }));
  // Timers may be late, and never early.
  assert.ok(performance.now() - began >= 100, 'eleven pauses of 10 ms');
});

test('a replay can be paused, played and stopped', async () => {
  const replaying = replay({ ...server(), speed: 100 });
  const seen: number[] = [];
  const ended = (async () => {
    for await (const { seq } of replaying) {
      seen.push(seq);
      if (seq === 3) {
        replaying.pause();
        setTimeout(() => replaying.play(), 50);
      }
      if (seq === 7) replaying.stop();
    }
  })();
  await ended;
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7]);
});

test('a refusal is an error with the code of the problem', async () => {
  const refusing = async () => Response.json({ code: 'session_refused', detail: 'The token does not name it.' }, { status: 403 });
  const refused = seqs(replay({ ...server(), fetch: refusing as never }));
  assert.equal(await refused.catch(({ code }) => code), 'session_refused');
});
