/**
 * The arguments of scripts/deploy. A secret is never one of them: other users of the machine see the arguments of programs.
 */

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const USAGE = `usage: scripts/deploy [--env NAME] [--dry-run] [--rollback] [--secrets FILE] [--url URL] [--conformance TENANT]

  --env NAME            the environment of wrangler.toml, such as staging; without it, the settings at the top
  --dry-run             check everything, build, say what would happen, and change nothing
  --rollback            go back to the release before
  --secrets FILE        where SEALING_KEYS and ADMIN_TOKEN come from if the environment lacks them; a first deploy makes the file
  --url URL             the deployed address, if wrangler.toml does not say it
  --conformance TENANT  when it is live, run scripts/conformance --read-only as this tenant; go back if a check fails.
                        Its token secret may be in the file of --secrets
  --patience SECONDS    how long the deployed address may take to answer, 180 by default
  --config FILE         another wrangler.toml`;

/** How long the deployed address may take to answer, unless said otherwise. A custom domain that is new needs a certificate first. Beyond it: rolled back. */
const PATIENCE_S = 180;

const OPTIONS = {
  env: { type: 'string', default: '' },
  'dry-run': { type: 'boolean', default: false },
  rollback: { type: 'boolean', default: false },
  secrets: { type: 'string' },
  url: { type: 'string' },
  conformance: { type: 'string' },
  patience: { type: 'string', default: String(PATIENCE_S) },
  config: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
};

/** Reads the arguments. Paths are those of the folder in which the script was called. Throws an error that says what is wrong. */
export function readOptions(argv, folder) {
  const { values } = parseArgs({ args: argv, options: OPTIONS, strict: true });
  if (values.url !== undefined && !/^https?:\/\/[^/]+\/?$/.test(values.url)) throw new Error(`--url ${values.url}: must be http:// or https:// and a host`);
  if (!/^[1-9][0-9]*$/.test(values.patience)) throw new Error(`--patience ${values.patience}: must be a number of seconds`);
  if (values.rollback && values.secrets !== undefined) throw new Error('--secrets is for deploys: going back sets no secrets');
  return {
    ...values,
    dryRun: values['dry-run'],
    patience: Number(values.patience),
    url: values.url?.replace(/\/$/, ''),
    config: values.config === undefined ? resolve('wrangler.toml') : resolve(folder, values.config),
    secrets: values.secrets && resolve(folder, values.secrets),
  };
}
