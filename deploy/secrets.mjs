/**
 * The two secrets of a deployment. Cloudflare shows none again, and without SEALING_KEYS no tenant's secrets can be read: so secrets that are made here
 * are in the operator's file before they are anywhere else. A secret that is set is never replaced, and none is printed or an argument.
 */

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { problem } from './problem.mjs';
import { inScratch } from './scratch.mjs';

const SEALING_KEYS = 'SEALING_KEYS';
const ADMIN_TOKEN = 'ADMIN_TOKEN';
/** The bytes of a sealing key: AES-256. */
const SEALING_BYTES = 32;
/** The fewest bytes of an admin token: the Worker refuses shorter ones (`src/config.rs`). */
const ADMIN_TOKEN_BYTES = 32;

/** The secrets that the environment lacks. */
export const missing = (present) => [SEALING_KEYS, ADMIN_TOKEN].filter((name) => !present.includes(name));

/** Why the missing secrets cannot be set. `first`: the Worker was never deployed, so nothing is encrypted yet. */
export function faults(lacking, file, first) {
  if (lacking.length === 0) return [];
  const names = lacking.join(' and ');
  if (file === undefined) {
    const mend = first
      ? 'add --secrets FILE: it makes FILE with random ones, which you keep, and sets them'
      : 'set them with npx wrangler secret put, from your copy, or add --secrets FILE with the file that has them';
    return [problem(`${names} ${lacking.length > 1 ? 'are' : 'is'} not set`, mend)];
  }
  return existsSync(file) ? readable(lacking, file) : writable(lacking, file, first);
}

function readable(lacking, file) {
  const faults = exposed(file);
  if (statSync(file).mode & 0o077) faults.push(problem(`others may read ${file}`, `chmod 600 ${file}`));
  const values = parse(readFileSync(file, 'utf8'));
  for (const name of lacking) {
    if (!values.has(name)) faults.push(problem(`${file} does not have ${name}`, 'add it, or name a file that does not exist yet'));
    else if (!isGood(name, values.get(name))) faults.push(problem(`${name} in ${file} is malformed`, 'SEALING_KEYS is NAME:BASE64 of 32 random bytes, ADMIN_TOKEN has at least 32 bytes: README.md, "Settings"'));
  }
  return faults;
}

function writable(lacking, file, first) {
  const faults = exposed(file);
  if (!existsSync(dirname(file))) faults.push(problem(`there is no folder ${dirname(file)}`, 'make it, so that the secrets can be kept there'));
  if (lacking.includes(SEALING_KEYS) && !first) {
    faults.push(problem('SEALING_KEYS is not set, and the Worker exists', 'put your copy of it into the file: a new key could not open what is stored'));
  }
  return faults;
}

/** A secret in the checkout would be committed some day, unless git ignores it. */
function exposed(file) {
  const inside = !relative(process.cwd(), file).startsWith('..');
  if (!inside || spawnSync('git', ['check-ignore', '-q', file]).status === 0) return [];
  return [problem(`${file} would be committed: it is in the checkout`, 'name a file outside of it')];
}

function isGood(name, value) {
  if (name === ADMIN_TOKEN) return Buffer.byteLength(value) >= ADMIN_TOKEN_BYTES;
  const keys = value.split(/\s+/).map((key) => key.match(/^[A-Za-z0-9_-]+:([A-Za-z0-9+/]+=*)$/)?.[1]);
  return keys.every((key) => key && Buffer.from(key, 'base64').length === SEALING_BYTES);
}

/** Lines of NAME=VALUE, as in `.dev.vars`. */
function parse(text) {
  const lines = text.matchAll(/^(?:export )?([A-Z_]+) *= *(["']?)(.*?)\2 *$/gm);
  return new Map([...lines].map(([, name, , value]) => [name, value]));
}

/** Makes the file if it does not exist. Says whether it did. */
export function make(file) {
  if (existsSync(file)) return false;
  const lines = [
    '# Cloudflare never shows these again. Without SEALING_KEYS the secrets of all tenants are lost.',
    `${SEALING_KEYS}="k1:${randomBytes(SEALING_BYTES).toString('base64')}"`,
    `${ADMIN_TOKEN}="${randomBytes(36).toString('base64')}"`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
  return true;
}

/** Calls `act` with a file that has the missing secrets and nothing else, and deletes it. Without missing ones: with nothing. */
export async function handed(lacking, file, act) {
  if (lacking.length === 0) return act(undefined);
  return inScratch((folder) => {
    const values = parse(readFileSync(file, 'utf8'));
    const part = join(folder, 'secrets.json');
    writeFileSync(part, JSON.stringify(Object.fromEntries(lacking.map((name) => [name, values.get(name)]))), { mode: 0o600 });
    return act(part);
  });
}
