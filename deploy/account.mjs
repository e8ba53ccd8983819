/**
 * What the account knows: who is signed in, what is deployed, which secrets and queues there are. Everything here only reads.
 */

import { queues } from './config.mjs';
import { problem } from './problem.mjs';
import { history } from './releases.mjs';
import { inOneLine, isUnknownWorker } from './wrangler.mjs';

/** Why nobody is signed in; undefined if somebody is. */
export async function signedOut(wrangler) {
  const answer = await wrangler.ask('whoami', '--json');
  const known = answer.code === 0 && parsed(answer.stdout)?.loggedIn === true;
  if (known) return undefined;
  // Without a network, or a token that can no longer be used, the last line says more than "signed out".
  const why = /"loggedIn":\s*false/.test(answer.stdout + answer.stderr) ? 'nobody is signed in to Cloudflare' : `wrangler whoami: ${inOneLine(answer)}`;
  return problem(why, 'run npx wrangler login, or set CLOUDFLARE_API_TOKEN (and CLOUDFLARE_ACCOUNT_ID if it can reach several accounts)');
}

/** The Worker: its history, latest first, and the names of its secrets, unless they cannot be read. Both are empty if it has never been deployed. */
export async function worker(wrangler) {
  const listed = await wrangler.ask('deployments', 'list', '--json');
  if (listed.code !== 0) {
    if (isUnknownWorker(listed)) return { entries: [], secrets: [], problems: [] };
    return { entries: [], problems: [problem(`what is deployed cannot be read: ${inOneLine(listed)}`, 'check the rights of the token: Workers Scripts, edit')] };
  }
  const [versions, named] = await Promise.all([wrangler.ask('versions', 'list', '--json'), secrets(wrangler)]);
  const known = new Map((parsed(versions.stdout) ?? []).map((version) => [version.id, version]));
  const entries = history(parsed(listed.stdout) ?? [], known);
  const split = entries.length > 0 && !entries[0].id;
  const problems = split ? [problem('a roll-out in steps is under way', 'end it first: npx wrangler versions deploy VERSION@100')] : [];
  return { entries, secrets: named.names, problems: [...problems, ...named.problems] };
}

async function secrets(wrangler) {
  const answer = await wrangler.ask('secret', 'list');
  const list = answer.code === 0 ? parsed(answer.stdout) : undefined;
  if (Array.isArray(list)) return { names: list.map(({ name }) => name), problems: [] };
  return { problems: [problem(`the names of the secrets cannot be read: ${inOneLine(answer)}`, 'check the rights of the token: Workers Scripts, edit')] };
}

/** The queues of the settings that do not exist. */
export async function missingQueues(wrangler, config) {
  const asked = queues(config).map(async (name) => [name, await wrangler.ask('queues', 'info', name)]);
  const missing = (await Promise.all(asked)).filter(([, answer]) => answer.code !== 0);
  return missing.map(([name, answer]) => problem(`the queue ${name} cannot be found: ${inOneLine(answer)}`, `npx wrangler queues create ${name}, or take it out of wrangler.toml`));
}

/** wrangler may print a warning before its JSON. */
function parsed(text) {
  try {
    return JSON.parse(text.slice(Math.max(0, text.search(/^[[{]/m))));
  } catch {
    return undefined;
  }
}
