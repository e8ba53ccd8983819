/**
 * What has to be in wrangler.toml, environment by environment, so that what is deployed works.
 *
 * wrangler itself reads the file and says what an environment inherits; nothing of that is done a second time here. What only the account
 * knows is in `account.mjs`.
 */

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { unstable_readConfig as readConfig } from 'wrangler';

import { problem } from './problem.mjs';

/** The objects of the Worker: binding, and class. */
const OBJECTS = { ROOM: 'Room', POINTER: 'Pointer', TENANT: 'Tenant', DIRECTORY: 'Directory', SEAT: 'Seat' };
const FLAG = 'no_web_socket_compression';
const TENANT_NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** The settings of an environment, and those at the top; or the problem that keeps them from being read. */
export function read(file, env) {
  if (!existsSync(file)) return { problems: [problem(`there is no ${file}`, 'run it in a checkout, or name the file with --config')] };
  try {
    const at = (name) => readConfig({ config: file, env: name }, { hideWarnings: true });
    const top = at(undefined);
    if (env && !top.definedEnvironments?.includes(env)) {
      return { problems: [problem(`wrangler.toml has no environment ${env}`, `add [env.${env}]: docs/deploy.md has one to copy`)] };
    }
    return { top, config: env ? at(env) : top, problems: [] };
  } catch (error) {
    return { problems: [problem(`wrangler.toml cannot be read: ${error.message.trim()}`, 'mend the file; git diff wrangler.toml shows what was changed')] };
  }
}

/** Everything that is wrong with the settings. */
export function faults({ config, top, env, url }) {
  const where = env ? `[env.${env}]` : 'wrangler.toml';
  const all = [bindings(config, where), migrations(config), assets(config), settings(config, where), domains(config, url)];
  return [...all.flat(), ...(env ? shared(config, top, env) : [])];
}

function bindings(config, where) {
  const found = new Map(config.durable_objects.bindings.map((one) => [one.name, one.class_name]));
  const missing = Object.entries(OBJECTS).filter(([name, kind]) => found.get(name) !== kind);
  const faults = missing.map(([name, kind]) => problem(`${where} does not bind ${name} to the class ${kind}`, 'environments do not inherit bindings: repeat the lines, as docs/deploy.md shows'));
  if (!config.ratelimits?.some(({ name }) => name === 'ATTEMPTS')) {
    faults.push(problem(`${where} has no rate limit ATTEMPTS`, 'repeat [[ratelimits]] there: without it, attempts to connect are counted by objects, which costs a request each'));
  }
  if (!config.compatibility_flags.includes(FLAG)) {
    faults.push(problem(`compatibility_flags lacks ${FLAG}`, 'put it back: without it the runtime compresses each message for each connection'));
  }
  return faults;
}

function migrations({ migrations }) {
  const tags = migrations.map(({ tag }) => tag);
  const sorted = [...tags].sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
  const made = migrations.flatMap(({ new_sqlite_classes: classes }) => classes ?? []);
  const faults = [];
  if (new Set(tags).size < tags.length || tags.join() !== sorted.join()) {
    faults.push(problem(`the migrations are ${tags.join(', ')}`, 'put them in their order, each tag once: an entry that was deployed never moves or changes'));
  }
  for (const kind of Object.values(OBJECTS)) {
    const times = made.filter((one) => one === kind).length;
    if (times !== 1) faults.push(problem(`${times ? `${times} migrations make` : 'no migration makes'} the class ${kind}`, 'name each class once, under new_sqlite_classes; git show HEAD:wrangler.toml has the migrations as they were'));
  }
  return faults;
}

function assets({ assets, configPath }) {
  if (assets?.binding !== 'ASSETS' || !assets.directory) return [problem('[assets] does not name the pages', 'put back directory = "dashboard/dist" and binding = "ASSETS"')];
  const folder = resolve(dirname(configPath), assets.directory);
  if (existsSync(join(folder, 'index.html'))) return [];
  return [problem(`there are no pages in ${assets.directory}`, 'run scripts/build')];
}

function settings({ vars, routes }, where) {
  const faults = [];
  const tenant = vars.DEFAULT_TENANT;
  if (tenant === undefined) faults.push(problem(`${where} does not set DEFAULT_TENANT`, 'set it under vars to the tenant of requests that name none, or to "" if there is to be none'));
  else if (tenant !== '' && !TENANT_NAME.test(tenant)) faults.push(problem(`DEFAULT_TENANT is ${JSON.stringify(tenant)}`, 'a tenant has 1 to 32 characters out of a-z 0-9 -, and begins with a letter'));
  if (vars.ADDRESS_HEADER !== 'cf-connecting-ip') faults.push(problem(`${where} does not set ADDRESS_HEADER to "cf-connecting-ip"`, 'set it under vars: Cloudflare sets this header itself, and without it nothing is counted by address'));
  const suffix = vars.TENANT_HOST_SUFFIX ?? '';
  if (suffix !== '' && !/^\.[^/: ]+$/.test(suffix)) faults.push(problem(`TENANT_HOST_SUFFIX is ${JSON.stringify(suffix)}`, 'it must be a dot and a host name, such as .rooms.example.com'));
  else if (suffix !== '' && !patterns({ routes }).includes(`*${suffix}/*`)) faults.push(problem(`TENANT_HOST_SUFFIX is ${suffix}, and no route brings these hosts here`, `add the route { pattern = "*${suffix}/*", zone_name = "…" }`));
  return faults;
}

function domains(config, url) {
  const wild = (config.routes ?? []).filter((route) => route.custom_domain && /[*/]/.test(route.pattern));
  const faults = wild.map(({ pattern }) => problem(`the custom domain ${pattern} is a pattern`, 'a custom domain is one host name; for many, use a route with zone_name'));
  if (!url && patterns(config).length > 0 && !address(config)) faults.push(problem('no route says at which address the deployment answers', 'add --url https://…'));
  return faults;
}

/** What an environment must not have in common with the settings at the top. */
function shared(config, top, env) {
  const theirs = patterns(top);
  const taken = patterns(config).filter((pattern) => theirs.includes(pattern));
  const faults = taken.map((pattern) => problem(`[env.${env}] has the route ${pattern} of the top, and would take it away`, `give [env.${env}] routes of its own, or routes = []: routes are inherited`));
  const limit = ({ ratelimits }) => ratelimits?.find(({ name }) => name === 'ATTEMPTS')?.namespace_id;
  if (limit(config) !== undefined && limit(config) === limit(top)) faults.push(problem(`[env.${env}] counts attempts together with the top: namespace_id ${limit(top)}`, 'give it a namespace_id of its own'));
  if (config.name === top.name) faults.push(problem(`[env.${env}] has the name of the top, ${top.name}, and would replace it`, 'take its name away: it then gets one of its own'));
  return faults;
}

function patterns({ routes, route }) {
  return [...(routes ?? []), ...(route ? [route] : [])].map((one) => (typeof one === 'string' ? one : one.pattern));
}

/** The address at which a deployment answers, if its routes say it: the first without a wildcard in its host. */
export function address(config) {
  const hosts = patterns(config).map((pattern) => pattern.replace(/^https?:\/\//, '').split('/')[0]);
  const host = hosts.find((one) => one && !one.includes('*'));
  return host && `https://${host}`;
}

/** The queues that the settings name: they must exist before a deploy. */
export function queues({ queues }) {
  const consumed = (queues.consumers ?? []).flatMap((one) => [one.queue, one.dead_letter_queue]);
  const named = [...consumed, ...(queues.producers ?? []).map((one) => one.queue)];
  return [...new Set(named.filter(Boolean))];
}
