/**
 * A deploy, after everything was checked: says what will happen, does it, and goes back if the deployment does not work.
 *
 * `wrangler deploy` is right for each deploy: it applies migrations that are new, which `wrangler versions upload` refuses, and sets routes, domains and
 * queues, which that leaves alone.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { worker } from './account.mjs';
import { conforms, waitFor } from './health.mjs';
import { atOnce, hindrance, inWords } from './releases.mjs';
import { sendBack } from './returning.mjs';
import { inScratch } from './scratch.mjs';
import * as secrets from './secrets.mjs';

const say = (line) => console.log(line);

function announce(choice, plan) {
  const live = plan.entries[0];
  const { ours } = plan;
  say(`${plan.name}: ${inWords(ours)}, commit ${plan.tag}, ${(plan.bytes / 1000).toFixed(1)} KB compressed${plan.url ? `, to ${plan.url}` : ''}`);
  if (!live) say('  This is the first deploy: there is nothing to go back to if it fails.');
  else say(`  It follows ${live.id}, commit ${live.tag}${live.release ? `, ${inWords(live)}` : ''}.`);
  const why = live && hindrance(ours, live);
  if (why) say(`  It cannot be undone: ${why}.`);
  if (live) say(isSudden(plan) ? '  Objects take the new code at once: all connections end and come back with their positions.' : '  Objects take the new code when they rest, or after 5 minutes: connections end then, and come back with their positions.');
  for (const name of plan.lacking) say(`  ${name} is set from ${choice.secrets}.`);
}

/** Whether front Workers of this release could not talk to objects that still have the code of the one before. */
const isSudden = ({ entries, ours }) => entries.length > 0 && atOnce(entries[0], ours);

/** Says what would happen, and does it unless this is a rehearsal. Answers the exit code. */
export async function deploy(wrangler, choice, plan) {
  announce(choice, plan);
  if (choice.dryRun) {
    say('Nothing was changed: --dry-run.');
    return 0;
  }
  if (plan.lacking.length > 0 && secrets.make(choice.secrets)) say(`Made ${choice.secrets} with random secrets.`);
  const sent = await secrets.handed(plan.lacking, choice.secrets, (file) => send(wrangler, plan, file));
  if (plan.lacking.length > 0) remind(choice.secrets, plan.lacking);
  return judge(wrangler, choice, { ...plan, url: plan.url ?? sent.url }, sent.failed);
}

/** Looks at what was deployed, and goes back if it does not work. What cannot be looked at stays. Answers the exit code. */
async function judge(wrangler, choice, plan, failed) {
  if (!failed && !plan.url) {
    console.error('error: it is deployed, but wrangler does not say at which address, so nothing was looked at: add --url https://…');
    return 1;
  }
  const wrong = failed ? 'wrangler deploy failed; what it said is above' : await look(choice, plan);
  if (!wrong) {
    say(`Live: ${plan.url} has ${inWords(plan.ours)}.`);
    return 0;
  }
  console.error(`error: ${wrong}`);
  if (failed && (await isUntouched(wrangler, plan))) return 1;
  await undo(wrangler, choice, plan);
  return 1;
}

function remind(file, names) {
  say(`Keep a copy of ${file}, which has ${names.join(' and ')}, where only you can read it. Cloudflare shows them to nobody, and without`);
  say('SEALING_KEYS the secrets of all tenants are lost: docs/operations.md, "The sealing key".');
}

/** Deploys, and says whether that failed, and at which address the deployment answers as far as wrangler knows. */
function send(wrangler, plan, file) {
  const words = ['deploy', `--tag=${plan.tag}`, `--message=${inWords(plan.ours)}`];
  if (isSudden(plan)) words.push('--durable-objects-code-update-mode=immediate');
  if (file) words.push(`--secrets-file=${file}`);
  return inScratch(async (folder) => {
    const output = join(folder, 'output.ndjson');
    const { code } = await wrangler.show(words, { WRANGLER_OUTPUT_FILE_PATH: output });
    return { failed: code !== 0, url: code === 0 ? target(output) : undefined };
  });
}

/** The first address that wrangler says the Worker has. Routes and domains come with a note behind them. */
function target(output) {
  try {
    const lines = readFileSync(output, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    const targets = lines.find(({ type }) => type === 'deploy')?.targets ?? [];
    return targets.find((one) => /^https:\/\/[^\s/*]+$/.test(one));
  } catch {
    return undefined;
  }
}

/** What is wrong with the deployment; undefined if nothing is. */
async function look(choice, { url, ours }) {
  say(`Waiting for ${url}/healthz, ${choice.patience} s at most.`);
  const wrong = await waitFor(url, ours.release, choice.patience);
  if (wrong) return `${url}/healthz is not well after ${choice.patience} s: ${wrong}`;
  if (choice.conformance && !(await conforms(url, choice.conformance, choice.secrets))) return 'scripts/conformance found something wrong';
  return undefined;
}

/** Whether a deploy that failed has left what is live as it was. Says so. */
async function isUntouched(wrangler, { entries: [live] }) {
  const now = await worker(wrangler);
  if (now.problems.length > 0 || now.entries[0]?.id !== live?.id) return false;
  console.error(live ? `Still live: ${live.id}, commit ${live.tag}.` : 'Nothing is live.');
  return true;
}

/** Goes back to what was live, if that is possible, and says what is the case now. */
async function undo(wrangler, choice, plan) {
  const [live] = plan.entries;
  const why = live ? hindrance(plan.ours, live) : 'this was the first deploy';
  if (why) return console.error(`It was not undone: ${why}.\nnpx wrangler tail shows what the Worker says.`);
  return sendBack(wrangler, choice, live, plan.url);
}
