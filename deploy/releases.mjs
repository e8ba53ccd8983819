/**
 * Which release is live, which was before it, and whether one can go from one to the other.
 *
 * Each version that scripts/deploy makes says of itself what decides that: `schema` (of the rows of rooms), `hop` (what front Workers and objects tell
 * each other) and `migration` (the last one of the classes). Nothing here calls Cloudflare.
 */

import { readFileSync } from 'node:fs';

const FACTS = /^roomcast (\S+) schema (\d+) hop (\d+) migration (\S+)$/;

/** What this checkout is, from its sources. */
export function here(config) {
  const find = (file, pattern) => readFileSync(file, 'utf8').match(pattern)?.[1];
  return {
    release: find('Cargo.toml', /^version = "(.+)"/m),
    schema: Number(find('src/room/row.rs', /^pub const SCHEMA: u64 = (\d+);/m)),
    hop: Number(find('src/hop/mod.rs', /^pub const VERSION: u32 = (\d+);/m)),
    migration: config.migrations.at(-1)?.tag,
  };
}

/** What a version says of itself. */
export const inWords = ({ release, schema, hop, migration }) => `roomcast ${release} schema ${schema} hop ${hop} migration ${migration}`;

function facts(version) {
  const said = version.annotations?.['workers/message']?.match(FACTS);
  return said ? { release: said[1], schema: Number(said[2]), hop: Number(said[3]), migration: said[4] } : {};
}

/** The version of a deployment that has all of its traffic. */
const only = ({ versions }) => (versions.length === 1 ? versions[0].version_id : undefined);

/**
 * The history that `wrangler deployments list` and `versions list` tell, latest first. A change of a secret is a version, too, with the code of the version before it, and
 * says nothing of its own.
 */
export function history(deployments, versions) {
  const ordered = [...deployments].sort((one, other) => other.created_on.localeCompare(one.created_on));
  const entries = ordered.map((deployment) => ({ id: only(deployment), version: versions.get(only(deployment)) }));
  const secret = (entry) => entry.version?.annotations?.['workers/triggered_by'] === 'secret';
  return entries.map(({ id, version }, index) => {
    const code = entries.slice(index).find((entry) => entry.version && !secret(entry))?.version ?? version;
    const tag = code?.annotations?.['workers/tag'] ?? 'unknown';
    return { id, tag, made: code?.metadata?.created_on, onlySecrets: secret({ version }), ...(code ? facts(code) : {}) };
  });
}

/**
 * The release before the live one: behind all that has the same code, and behind roll-outs in steps. It was made before the live one: who goes back twice must not
 * come to the release that was left the first time.
 */
export function before(entries) {
  const [live] = entries;
  const isOlder = ({ id, tag, made }) => id && id !== live.id && (made && live.made ? made < live.made : tag !== live.tag);
  return entries.slice(1).find(isOlder);
}

/** Why one cannot go back from a release to an older one; undefined if one can. */
export function hindrance(live, older) {
  if (!older) return 'there is no release before this one';
  if (live.migration && older.migration && live.migration !== older.migration) {
    return `the migration ${live.migration} lies in between, and Cloudflare goes back past none: mend what is wrong and deploy again`;
  }
  if (live.schema && older.schema && live.schema > older.schema) {
    return `rooms are now of schema ${live.schema}, and the release before refuses them, as it knows only ${older.schema}: mend what is wrong and deploy again`;
  }
  return undefined;
}

/** Whether objects must take the code at once: front Workers of one release cannot talk to objects of another that has another `hop`. */
export const atOnce = (one, other) => one?.hop === undefined || one.hop !== other?.hop;
