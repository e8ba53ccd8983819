// One server of a system: it is started in a new folder, watched, and ended by its own process id.
//
// It stays in the process group of the bench, so that scripts/bench can always end it.

import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const START_MS = 15_000;
/** How often a server that starts is asked whether it serves. */
const ASK_MS = 2;
const STOP_MS = 5_000;

const folders = new Set();

/** Removes all folders at a signal. Servers are not stopped one by one then: scripts/bench ends their processes. */
export function removeFoldersWhenSignalled() {
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]]) {
    process.on(signal, () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
      process.exit(code);
    });
  }
}

export class Server {
  #system;
  #child;
  #stopping = false;
  /** From the start of the process to its first answer, in milliseconds. */
  startMs;

  /** Starts a system and waits until it answers. */
  static async start(system) {
    const server = new Server(system, await freePort());
    try {
      const begun = performance.now();
      server.#spawn();
      await server.#answers();
      server.startMs = performance.now() - begun;
      await system.prepare?.(server.port);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  constructor(system, port) {
    this.#system = system;
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), "roomcast-bench-"));
    folders.add(this.folder);
    // nginx's workers run as another user.
    chmodSync(this.folder, 0o755);
  }

  get pid() {
    return this.#child.pid;
  }

  /** Whether the server logs when a room comes back into memory. */
  get tellsWakes() {
    return this.#system.tellsWakes ?? false;
  }

  /** The arguments with which the load generator finds the server. */
  get target() {
    return this.#system.target(this.port);
  }

  get healthUrl() {
    return `http://127.0.0.1:${this.port}${this.#system.healthy}`;
  }

  log() {
    return readFileSync(this.#logFile, "utf8");
  }

  /** Restarts the process at once whenever it dies from now on, with the same port and folder. */
  reviveWhenKilled() {
    this.#child.once("exit", () => {
      if (this.#stopping) return;
      this.#spawn();
      this.reviveWhenKilled();
    });
  }

  async stop(signal = "SIGTERM") {
    this.#stopping = true;
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill(signal);
      const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(late);
    }
    rmSync(this.folder, { recursive: true, force: true });
    folders.delete(this.folder);
  }

  get #logFile() {
    return join(this.folder, "server.log");
  }

  #spawn() {
    const { command, args, env } = this.#system.command(this.port, this.folder);
    const log = openSync(this.#logFile, "a");
    this.#child = spawn(command, args, { stdio: ["ignore", log, log], env: { ...process.env, ...env } });
    this.#child.on("error", () => {});
  }

  async #answers() {
    const wanted = this.#system.healthyStatus ?? 200;
    for (const end = Date.now() + START_MS; Date.now() < end; await sleep(ASK_MS)) {
      if (this.#child.exitCode !== null || this.#child.pid === undefined) break;
      const answer = await fetch(this.healthUrl).catch(() => null);
      if (answer?.status === wanted) return;
    }
    throw new Error(`${this.#system.title} does not serve:\n${this.log().slice(-2000)}`);
  }
}

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
