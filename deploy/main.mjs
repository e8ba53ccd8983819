/**
 * scripts/deploy: checks everything, deploys, looks whether it works, and goes back if it does not.
 *
 * What is checked is in `config.mjs` (the settings), `account.mjs` (Cloudflare), `secrets.mjs` and `bundle.mjs`; `releases.mjs` decides whether one can go back.
 */

import { spawnSync } from 'node:child_process';

import * as account from './account.mjs';
import { build } from './bundle.mjs';
import * as configuration from './config.mjs';
import { deploy } from './deploying.mjs';
import { unready } from './health.mjs';
import { readOptions, USAGE } from './options.mjs';
import { problem } from './problem.mjs';
import { here } from './releases.mjs';
import { goBack } from './returning.mjs';
import * as secrets from './secrets.mjs';
import { wrangler as wranglerOf } from './wrangler.mjs';

function options() {
  try {
    return readOptions(process.argv.slice(2), process.env.DEPLOY_FROM ?? process.cwd());
  } catch (error) {
    console.error(`error: ${error.message}\n${USAGE}`);
    return process.exit(1);
  }
}

function git(...words) {
  const ran = spawnSync('git', words, { encoding: 'utf8' });
  return ran.status === 0 ? ran.stdout.trim() : undefined;
}

/** The commit that is deployed, as the tag of its version. */
function tagged() {
  const commit = git('rev-parse', '--short=12', 'HEAD');
  const changed = git('status', '--porcelain');
  if (commit === undefined) return { tag: 'no-git', warning: 'this is no checkout of git: the version does not say which commit it is' };
  if (!changed) return { tag: commit };
  return { tag: `${commit}-changed`, warning: 'there are changes that are not committed: nobody can check out what is deployed' };
}

/** What makes this checkout unfit to follow the live release. */
function backwards(live, ours, config) {
  if (!live) return [];
  const faults = [];
  if (live.schema > ours.schema) faults.push(problem(`live rooms are of schema ${live.schema}, and this release knows only ${ours.schema}`, 'deploy a release that is at least as new: this one would refuse those rooms'));
  if (live.migration && !config.migrations.some(({ tag }) => tag === live.migration)) faults.push(problem(`the live Worker has the migration ${live.migration}, which wrangler.toml does not have`, 'put it back: entries that were deployed stay'));
  return faults;
}

async function askAccount(wrangler, config) {
  const out = await account.signedOut(wrangler);
  if (out) return { signedIn: false, entries: [], problems: [out] };
  const [worker, queues] = await Promise.all([account.worker(wrangler), account.missingQueues(wrangler, config)]);
  return { ...worker, signedIn: true, problems: [...worker.problems, ...queues] };
}

async function checkAll(wrangler, choice, { config, top }) {
  const ours = here(config);
  const told = await askAccount(wrangler, config);
  // What cannot be read is not missing.
  const lacking = told.secrets ? secrets.missing(told.secrets) : [];
  const built = await build(wrangler);
  const problems = [
    ...configuration.faults({ config, top, env: choice.env, url: choice.url }),
    ...told.problems,
    ...secrets.faults(lacking, choice.secrets, told.entries.length === 0),
    ...backwards(told.entries[0], ours, config),
    ...built.problems,
    ...(await unready(choice.conformance, choice.secrets)),
  ];
  return { ours, lacking, entries: told.entries, signedIn: told.signedIn, bytes: built.bytes, problems };
}

function stopAt(problems, signedIn = true) {
  if (problems.length === 0) return;
  for (const { what, mend } of problems) console.error(`error: ${what}\n       ${mend}`);
  if (!signedIn) console.error('       Secrets, queues and what is deployed could not be looked at.');
  console.error(`\nNothing was changed. ${problems.length === 1 ? 'One thing is' : `${problems.length} things are`} wrong.`);
  process.exit(1);
}

async function main() {
  const choice = options();
  if (choice.help) return console.log(USAGE);
  const found = configuration.read(choice.config, choice.env);
  stopAt(found.problems);
  const wrangler = wranglerOf(choice);
  const url = choice.url ?? configuration.address(found.config);
  if (choice.rollback) {
    const told = await askAccount(wrangler, { queues: {} });
    stopAt(told.problems, told.signedIn);
    return goBack(wrangler, choice, { name: found.config.name, url, entries: told.entries });
  }
  const checked = await checkAll(wrangler, choice, found);
  const { tag, warning } = tagged();
  if (warning) console.error(`warning: ${warning}`);
  stopAt(checked.problems, checked.signedIn);
  return deploy(wrangler, choice, { ...checked, name: found.config.name, url, tag });
}

process.exitCode = (await main()) ?? 0;
