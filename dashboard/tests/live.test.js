// The connection over time: the test plays the socket and steps the timers. Nothing waits in real time.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Live } from '../live.js';

const E = '00000000000000aa';
const update = (seq) => ({ type: 'dashboard.update', seq, updateType: 'cycle.created', timestamp: '', data: { cycleId: 'c' } });
const connected = (recovery, seq) => ({ type: 'connected', sessionId: 's', clientId: 'c', timestamp: '', epoch: E, seq, recovery });

/** A world in which the page connects: every socket that it opens, everything that it reports, and a clock. */
function world(t) {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  t.after(() => mock.timers.reset());
  const seen = { sockets: [], statuses: [], seqs: [], now: 0 };
  class Socket {
    sent = [];
    open = true;
    constructor(url, protocols) { Object.assign(this, { url, protocols }); seen.sockets.push(this); }
    send(text) { this.sent.push(text); }
    close() { this.open = false; }
    receives(...frames) { for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) }); }
    closedWith(code, reason = '') { this.onclose?.({ code, reason }); }
  }
  const listener = {
    updates: (updates, how) => { if (how !== 'tail') seen.seqs.length = 0; seen.seqs.push(...updates.map(({ seq }) => seq)); },
    position: (position) => { seen.position = position; },
    status: (status, closed) => { seen.statuses.push(status); seen.closed = closed; },
  };
  seen.pass = (ms) => { seen.now += ms; mock.timers.tick(ms); };
  seen.last = () => seen.sockets.at(-1);
  seen.live = new Live('s', 't.o.k', listener, { WebSocket: Socket, random: () => 0.5, now: () => seen.now, base: 'http://h/' });
  seen.live.connect();
  return seen;
}

const status = (seen) => seen.statuses.at(-1);

test('a connection is live when it has caught up, not when it is open', (t) => {
  const seen = world(t);
  assert.deepEqual(seen.last().protocols, ['roomcast.v1', 'roomcast.bearer.t.o.k']);
  seen.last().receives(connected('snapshot', 2));
  assert.equal(status(seen), 'connecting');
  seen.last().receives({ type: 'dashboard.state', epoch: E, seq: 2, updates: [update(2)] });
  assert.equal(status(seen), 'live');
});

test('the page connects again with its position and applies what it missed once', (t) => {
  const seen = world(t);
  seen.last().receives(connected('none', 0), update(1), update(2));
  seen.last().closedWith(1006);
  assert.equal(status(seen), 'reconnecting');
  seen.pass(500);
  assert.equal(seen.sockets.length, 2);
  assert.match(seen.last().url, new RegExp(`resume=${E}:2$`));
  seen.last().receives(connected('replayed', 4));
  assert.equal(status(seen), 'reconnecting');
  seen.last().receives(update(2), update(3), update(4));
  assert.equal(status(seen), 'live');
  assert.deepEqual(seen.seqs, [1, 2, 3, 4]);
});

test('after a gap the page connects again with its position', (t) => {
  const seen = world(t);
  seen.last().receives(connected('none', 0), update(1), update(3));
  assert.equal(seen.sockets[0].open, false);
  seen.pass(500);
  assert.match(seen.last().url, new RegExp(`resume=${E}:1$`));
  assert.deepEqual(seen.seqs, [1]);
});

test('the page pings every 30 s, and a missing pong ends the connection', (t) => {
  const seen = world(t);
  seen.last().receives(connected('none', 0));
  seen.pass(30_000);
  assert.deepEqual(seen.last().sent, ['{"type":"ping"}']);
  seen.last().receives({ type: 'pong' });
  seen.pass(29_999);
  assert.equal(status(seen), 'live');
  seen.pass(1);
  seen.pass(10_000);
  assert.deepEqual([seen.sockets[0].open, status(seen)], [false, 'reconnecting']);
});

test('the page acknowledges what it has applied, at most once a second, and nothing twice', (t) => {
  const seen = world(t);
  seen.last().receives(connected('none', 0));
  seen.pass(5_000);
  assert.deepEqual(seen.last().sent, []);
  seen.last().receives(update(1));
  seen.pass(999);
  seen.last().receives(update(2), update(3));
  assert.deepEqual(seen.last().sent, []);
  seen.pass(1);
  assert.deepEqual(seen.last().sent, ['{"type":"ack","seq":3}']);
  seen.pass(5_000);
  assert.equal(seen.last().sent.length, 1);
  seen.last().receives(update(4));
  seen.last().closedWith(1006);
  seen.pass(500);
  seen.last().receives(connected('replayed', 4));
  seen.pass(2_000);
  assert.deepEqual(seen.last().sent, [], 'an ack does not outlive its connection');
});

test('an upgrade that is not answered is given up after 10 s', (t) => {
  const seen = world(t);
  seen.pass(10_000);
  assert.deepEqual([seen.sockets[0].open, status(seen)], [false, 'reconnecting']);
});

test('nothing from a socket that was given up is handled', (t) => {
  const seen = world(t);
  const [first] = seen.sockets;
  first.receives(connected('none', 0), update(1));
  seen.live.lost();
  first.receives(update(2));
  first.closedWith(4403);
  assert.deepEqual([seen.seqs, status(seen)], [[1], 'reconnecting']);
});

test('the pause grows while attempts fail, and is short again after a settled connection', (t) => {
  const seen = world(t);
  for (const pause of [500, 1_500, 3_000]) {
    seen.last().closedWith(1006);
    const before = seen.sockets.length;
    seen.pass(pause - 1);
    assert.equal(seen.sockets.length, before);
    seen.pass(1);
    assert.equal(seen.sockets.length, before + 1);
  }
  seen.last().receives(connected('none', 0));
  seen.pass(5_000);
  seen.last().closedWith(1006);
  seen.pass(500);
  assert.equal(seen.sockets.length, 5);
});

test('when the network is back, the page connects at once and only once', (t) => {
  const seen = world(t);
  seen.last().closedWith(1006);
  seen.live.wake();
  assert.equal(seen.sockets.length, 2);
  seen.live.wake();
  seen.pass(9_000);
  assert.equal(seen.sockets.length, 2);
});

test('a page that becomes visible checks whether the connection is alive', (t) => {
  const seen = world(t);
  seen.last().receives(connected('none', 0));
  seen.live.wake();
  assert.deepEqual(seen.last().sent, ['{"type":"ping"}']);
  seen.pass(10_000);
  assert.equal(status(seen), 'reconnecting');
});

test('after a code that forbids it, the page connects again only with a new token, from its position', (t) => {
  const seen = world(t);
  seen.last().receives(connected('none', 0), update(1));
  seen.last().closedWith(4401, 'token_expired');
  assert.deepEqual(seen.closed, { code: 4401, reason: 'token_expired', reconnect: 'with a new token' });
  seen.live.wake();
  seen.pass(120_000);
  assert.equal(seen.sockets.length, 1);
  seen.live.renew('n.e.w');
  assert.deepEqual(seen.last().protocols, ['roomcast.v1', 'roomcast.bearer.n.e.w']);
  assert.match(seen.last().url, new RegExp(`resume=${E}:1$`));
});

test('updates that the listener could not apply count as not seen', (t) => {
  const seen = world(t);
  seen.last().receives(connected('none', 0));
  seen.live.listener.updates = () => { throw new Error('a mistake in the reducer'); };
  assert.throws(() => seen.last().receives(update(1)));
  assert.equal(seen.position.seq, 0);
});

test('the page shows that it reads with two pings after a long recovery, and one after every mebibyte', (t) => {
  const seen = world(t);
  const long = (seq, chars) => ({ ...update(seq), data: { cycleId: 'c', text: 'x'.repeat(chars) } });
  const state = { type: 'dashboard.state', epoch: E, seq: 2, updates: [long(1, 50_000), long(2, 50_000)] };
  seen.last().receives(connected('snapshot', 2), state);
  assert.equal(status(seen), 'live');
  assert.deepEqual(seen.last().sent, ['{"type":"ping"}', '{"type":"ping"}']);
  seen.last().receives(long(3, 600_000));
  assert.equal(seen.last().sent.length, 2);
  seen.last().receives(long(4, 600_000), long(5, 600_000));
  assert.equal(seen.last().sent.length, 3);
});

test('after a short recovery the first ping comes after 30 s', (t) => {
  const seen = world(t);
  seen.last().receives(connected('snapshot', 1), { type: 'dashboard.state', epoch: E, seq: 1, updates: [update(1)] });
  assert.equal(status(seen), 'live');
  assert.deepEqual(seen.last().sent, []);
  seen.pass(30_000);
  assert.deepEqual(seen.last().sent, ['{"type":"ack","seq":1}', '{"type":"ping"}']);
});

test('frames about the token change neither the view nor the position', (t) => {
  const seen = world(t);
  seen.last().receives(connected('none', 0), update(1));
  seen.last().receives({ type: 'auth.expiring', expiresAt: '2026-01-07T11:01:00.000Z' });
  seen.last().receives({ type: 'auth.refreshed', expiresAt: '2026-01-07T11:01:00.000Z', topics: ['*'], recovery: 'none' });
  assert.deepEqual(seen.position, { epoch: E, seq: 1 });
  assert.equal(status(seen), 'live');
  seen.last().receives(update(2));
  assert.deepEqual(seen.seqs, [1, 2]);
});
