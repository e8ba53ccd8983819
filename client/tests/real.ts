/**
 * Clients against a real server, for tests/e2e/client.rs: they watch until they have seen the update `HEAD`, then the program prints what
 * each has seen, as JSON. All but the first `PLAIN` ask for compressed frames.
 */

import { deflate } from '../src/deflate.ts';
import { connect } from '../src/index.ts';
import type { AnyUpdate } from '../src/index.ts';

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

const [url, session, token] = [setting('URL'), setting('SESSION'), setting('TOKEN')];
const [head, clients, plain] = [Number(setting('HEAD')), Number(setting('CLIENTS')), Number(setting('PLAIN'))];
/** How many compressed frames were read. */
let inflated = 0;

function counted() {
  const read = deflate();
  return (data: unknown) => {
    inflated += Number(data instanceof ArrayBuffer);
    return read(data);
  };
}

interface Seen {
  seqs: number[];
  /** How often the view began from nothing. */
  resets: number;
  /** Milliseconds from each loss of a connection to the next that was level. */
  recoveries: number[];
}

function watch(number: number): Promise<Seen> {
  const seen: Seen = { seqs: [], resets: 0, recoveries: [] };
  // Servers die more often here than connections are healthy by default.
  const compress = number < plain ? {} : { compress: counted };
  const client = connect<AnyUpdate>({ url, session, token, ...compress, reconnect: { baseMs: 300, healthyAfterMs: 300 } });
  let lost: number | undefined;
  client.on('state', ({ phase }) => {
    if (phase === 'waiting') lost ??= performance.now();
    if (phase !== 'live' || lost === undefined) return;
    seen.recoveries.push(Math.round(performance.now() - lost));
    lost = undefined;
  });
  return new Promise((resolve, reject) => {
    client.on('error', reject);
    client.on('change', ({ reset, updates }) => {
      seen.resets += Number(reset);
      seen.seqs.push(...updates.map(({ seq }) => seq));
      if ((seen.seqs.at(-1) ?? 0) < head) return;
      client.close();
      resolve(seen);
    });
  });
}

const seen = await Promise.all(Array.from({ length: clients }, (_, number) => watch(number)));
console.log(JSON.stringify({ seen, inflated }));
