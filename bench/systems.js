// The systems that are compared: how each is started, how the load generator talks to it, and which of
// Roomcast's duties it skips.
//
// server.js watches and ends the processes.

import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const ROOT = join(import.meta.dirname, "..");
/** The runtime. */
export const WORKERD = join(ROOT, "node_modules/.bin/workerd");
const PEERS = join(import.meta.dirname, "peers");

/** More connections and attempts than a workload makes: everybody is counted, and nobody is refused. */
const PLENTY = 1000;

/**
 * The limits of Roomcast's tenants. `demo` serves most workloads; all its dashboards are of one user. The others differ only in what
 * is counted of a client that connects, in that the users of `five` have no place to spare, and in when rooms spread over relays.
 */
const tenants = {
  demo: { connections_per_user: null, attempts_per_minute: null },
  plain: { connections_per_user: null, attempts_per_minute: null },
  user: { connections_per_user: PLENTY, attempts_per_minute: null },
  five: { connections_per_user: 5, attempts_per_minute: null },
  address: { connections_per_user: PLENTY, connections_per_address: PLENTY, attempts_per_minute: null },
  all: { connections_per_user: PLENTY, connections_per_address: PLENTY, attempts_per_minute: PLENTY },
  // Rooms that do not spread, and rooms that do so early.
  one: { connections_per_user: null, attempts_per_minute: null, spread_above: null },
  tree: { connections_per_user: null, attempts_per_minute: null, spread_above: 900 },
  many: { connections_per_user: null, attempts_per_minute: null, spread_above: 1850 },
};

const setting = (tenant, name) => `${tenant.toUpperCase()}_${name}`;

/** The secrets that sign tokens and posts, for this run only. */
export const secrets = Object.fromEntries(
  Object.keys(tenants).flatMap((tenant) => [
    [setting(tenant, "TOKEN_SECRET"), randomBytes(36).toString("base64")],
    [setting(tenant, "WEBHOOK_SECRET"), `whsec_${randomBytes(32).toString("base64")}`],
  ]),
);

const ADMIN_TOKEN = randomBytes(36).toString("base64url");

/** What Roomcast needs from its environment: where it gets its tenants from is the admin API. */
const settings = {
  DEFAULT_TENANT: "demo",
  SEALING_KEYS: `bench:${randomBytes(32).toString("base64")}`,
  ADMIN_TOKEN,
  // Where the load generator says the addresses of its clients, if it is told to.
  ADDRESS_HEADER: "x-real-ip",
};

async function makeTenants(port) {
  for (const [name, limits] of Object.entries(tenants)) await makeTenant(port, name, limits);
}

/** Stores the document of a tenant, with these documents of dashboards or the usual one. */
export async function makeTenant(port, name, limits, presets) {
  const tenant = {
    origins: [`http://127.0.0.1:${port}`],
    tokens: { issuer: "roomcast", keys: [{ alg: "HS256", secret: secrets[setting(name, "TOKEN_SECRET")] }] },
    webhooks: [{ scheme: "standard", secret: secrets[setting(name, "WEBHOOK_SECRET")] }],
    limits,
    presets,
  };
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const request = { method: "PUT", headers, body: JSON.stringify(tenant) };
  const answer = await fetch(`http://127.0.0.1:${port}/admin/tenants/${name}`, request);
  if (!answer.ok) throw new Error(`the tenant ${name} is refused: ${answer.status} ${await answer.text()}`);
}

const node = (script) => (port) => ({
  command: process.execPath,
  args: [join(PEERS, script), String(port)],
});

/** How to start workerd. If the file has several configurations, `constant` selects one. */
export const workerd = (config, ...constant) => (port, folder) => {
  mkdirSync(join(folder, "rooms"), { recursive: true });
  const places = ["--socket-addr", `http=127.0.0.1:${port}`, "--directory-path", `disk=${folder}/rooms`];
  return { command: WORKERD, args: ["serve", resolve(ROOT, config), ...constant, ...places] };
};

/** How to start Roomcast as a checkout has it: a folder, from this one's root. */
const roomcastOf = (checkout) => (port, folder) => ({
  ...workerd(join(checkout, "selfhost/roomcast.capnp"))(port, folder),
  env: settings,
});

/**
 * Per system: `command` gives the process for a port and an empty folder. `target` gives the arguments of the load
 * generator, in whose addresses `{room}` stands for the name of a room. `healthy` is a path that answers 200, or
 * `healthyStatus`, as soon as the system serves. `prepare` is run once then.
 */
export const systems = {
  roomcast: {
    title: "Roomcast",
    runs: "workerd",
    skips: "",
    tellsWakes: true,
    healthy: "/healthz",
    command: roomcastOf("."),
    prepare: makeTenants,
    target: (port) => ["--url", `http://127.0.0.1:${port}`],
  },
  partyserver: {
    title: "PartyServer",
    runs: "workerd",
    skips: "durability, order and recovery, duplicates, origin and token, signed posts",
    healthy: "/parties/main/healthy",
    healthyStatus: 405,
    command: workerd("bench/peers/partyserver/partyserver.capnp"),
    target: (port) => plain(port, "/parties/main/{room}", "/parties/main/{room}"),
  },
  samejob: {
    title: "PartyServer, same job",
    runs: "workerd",
    skips: "recovery of clients, a state, bursts",
    healthy: "/api/events/healthy",
    healthyStatus: 404,
    command: (port, folder) => ({
      ...workerd("bench/peers/samejob/samejob.capnp")(port, folder),
      env: { DEMO_ORIGINS: `http://127.0.0.1:${port}`, ...secrets },
    }),
    target: (port) => ["--url", `http://127.0.0.1:${port}`],
  },
  socketio: {
    title: "Socket.IO",
    runs: "Node",
    skips: "durability, order and recovery, duplicates, origin and token, signed posts",
    healthy: "/healthz",
    command: node("socketio/server.js"),
    target: (port) => [
      ...["--peer", "socketio"],
      ...["--ws-url", `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket&room={room}`],
      ...["--post-url", `http://127.0.0.1:${port}/rooms/{room}`],
    ],
  },
  ws: {
    title: "ws",
    runs: "Node",
    skips: "durability, order and recovery, duplicates, origin and token, signed posts",
    healthy: "/healthz",
    command: node("ws/server.js"),
    target: (port) => plain(port, "/rooms/{room}", "/rooms/{room}"),
  },
  nchan: {
    title: "nchan",
    runs: "nginx, worker_processes auto",
    skips: "durability (it keeps 10 messages in memory), duplicates, origin and token, signed posts; "
      + "it does not parse what is posted, so an array stays one message",
    healthy: "/healthz",
    command: nginx,
    target: (port) => plain(port, "/sub/{room}", "/pub/{room}"),
  },
};

/** The ports of a cluster whose first machine has this one: the others are below the range from which outgoing connections take theirs. */
export function portsOf(port, machines) {
  const others = Array.from({ length: machines - 1 }, (_, number) => 20_000 + ((port + number) % 12_000));
  return [port, ...others];
}

/** Roomcast on so many machines that form a cluster: see cluster.js. */
export function clustered(machines) {
  const others = (port) => portsOf(port, machines).slice(1).map((other) => `http://127.0.0.1:${other}`);
  return {
    ...systems.roomcast,
    command: (port, folder) => {
      const args = [join(import.meta.dirname, "cluster.js"), String(port), folder, String(machines)];
      return { command: process.execPath, args, env: settings };
    },
    target: (port) => ["--url", `http://127.0.0.1:${port}`, ...others(port).flatMap((url) => ["--also-at", url])],
  };
}

/** Roomcast as it was built in another checkout. */
export function builtIn(checkout) {
  return { ...systems.roomcast, command: roomcastOf(resolve(checkout)) };
}

/** The paths of Debian's nginx and its nchan module, if scripts/bench could get them. */
export const nchan = { binary: process.env.BENCH_NGINX, module: process.env.BENCH_NCHAN };

function plain(port, ws, post) {
  const urls = ["--ws-url", `ws://127.0.0.1:${port}${ws}`, "--post-url", `http://127.0.0.1:${port}${post}`];
  return ["--peer", "plain", ...urls];
}

function nginx(port, folder) {
  const template = readFileSync(join(PEERS, "nchan/nginx.conf"), "utf8");
  const config = template.replaceAll("@MODULE@", nchan.module).replaceAll("@PORT@", String(port));
  writeFileSync(join(folder, "nginx.conf"), config);
  const args = ["-p", `${folder}/`, "-c", join(folder, "nginx.conf"), "-e", join(folder, "error.log")];
  return { command: nchan.binary, args };
}
