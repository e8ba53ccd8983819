/**
 * Whether a deployment works, seen from outside: `/healthz`, and on request the suite of docs/protocol.md.
 *
 * `/healthz` is answered by front Workers: it says that the settings are right, and nothing of rooms.
 */

import { setTimeout as sleep } from 'node:timers/promises';

import { problem } from './problem.mjs';
import { inOneLine, run } from './wrangler.mjs';

/** How long one answer may take. Beyond it: asked again. */
const ANSWER_MS = 5_000;
/** The pause between two questions. */
const PAUSE_MS = 500;
/** Good answers in a row until a deployment counts as well: while a version spreads, the one before may still answer. */
const IN_A_ROW = 3;

/** Waits until the deployment is well. Answers undefined, or what it said last when the time was over. `release`: the one that has to answer, if known. */
export async function waitFor(url, release, seconds) {
  const until = Date.now() + seconds * 1000;
  let good = 0;
  let wrong;
  while (good < IN_A_ROW) {
    wrong = await fault(url, release);
    good = wrong ? 0 : good + 1;
    if (wrong && Date.now() > until) return wrong;
    if (good < IN_A_ROW) await sleep(PAUSE_MS);
  }
  return undefined;
}

async function fault(url, release) {
  try {
    const answer = await fetch(`${url}/healthz`, { redirect: 'manual', signal: AbortSignal.timeout(ANSWER_MS) });
    const body = await answer.json().catch(() => ({}));
    if (answer.status !== 200 || body.status !== 'ok') return `${answer.status} ${body.detail ?? 'and not the answer of Roomcast'}`;
    if (release && body.version !== release) return `Roomcast ${body.version} still answers`;
    return undefined;
  } catch (error) {
    return error.cause?.message || error.message;
  }
}

const suite = (tenant, vars) => ['--tenant', tenant, ...(vars ? ['--vars', vars] : [])];

/** Why the suite could not run as a tenant. Builds it, too, so that nobody waits for that while something is wrong. */
export async function unready(tenant, vars) {
  if (!tenant) return [];
  const token = ['token', '--session', 'check', '--user', 'check', ...suite(tenant, vars)];
  const ran = await run('cargo', ['run', '--quiet', '--locked', '--bin', 'roomcast', '--', ...token]);
  if (ran.code === 0) return [];
  const setting = `${tenant.toUpperCase().replaceAll('-', '_')}_TOKEN_SECRET`;
  const why = `scripts/conformance cannot run as ${tenant}: ${inOneLine({ stdout: '', stderr: ran.stderr })}`;
  return [problem(why, `set ${setting}, in the environment, in .dev.vars, or in the file of --secrets`)];
}

/** Runs the suite as a tenant, and changes nothing. */
export async function conforms(url, tenant, vars) {
  const ran = await run('scripts/conformance', [url, '--read-only', ...suite(tenant, vars)], { shown: true });
  return ran.code === 0;
}
