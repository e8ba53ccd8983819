// The rooms that the server has made, read from its storage and its log. A refused request must not have
// reached a room.

import { createHash, createHmac } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseSync } from "node:sqlite";
import { TENANT } from "./secrets.js";

/** The `uniqueKey` of the rooms in the configuration of the server under attack. */
const NAMESPACE = "room";
const BASE_BYTES = 16;

/** How often a database is copied at most until a copy shows the room's table. */
const COPIES = 3;

export class Rooms {
  #folder;
  #log;
  #patienceMs;
  #before;

  /**
   * `storage` is the server's folder, `log` the file that it logs to, if there is one, and `patienceMs` the longest wait
   * for a line of the log.
   */
  constructor(storage, log, patienceMs) {
    this.#patienceMs = patienceMs;
    this.#folder = join(storage, NAMESPACE);
    this.#log = log;
    this.#before = new Set(this.#files());
  }

  /** The number of rooms that were made since the start. */
  get made() {
    return this.#new().length;
  }

  #files() {
    if (!existsSync(this.#folder)) return [];
    const files = readdirSync(this.#folder).filter((name) => name.endsWith(".sqlite"));
    return files.filter((name) => name !== "metadata.sqlite");
  }

  #new() {
    return this.#files().filter((name) => !this.#before.has(name));
  }

  /** Whether a session has a room: "none", "bare" (a file without tables) or "made". */
  of(session) {
    const name = fileOf(session);
    if (!existsSync(join(this.#folder, name))) return "none";
    // The server may be moving its log while it is copied. What a copy shows is there, and what it does not show may be.
    const copies = Array.from({ length: COPIES });
    return copies.some(() => hasTables(this.#folder, name)) ? "made" : "bare";
  }

  /** The same, once it is "made", or after some patience. */
  async awaited(session) {
    for (const end = Date.now() + this.#patienceMs; Date.now() < end && this.of(session) !== "made"; await sleep(20));
    return this.of(session);
  }

  /** The files of rooms that belong to none of these sessions. */
  unaccounted(sessions) {
    const known = new Set(sessions.map(fileOf));
    return this.#new().filter((name) => !known.has(name));
  }

  /**
   * The lines of the log, once the line about `session` is there, which was caused last. Without a log there are no
   * lines.
   */
  async logged(session) {
    if (!this.#log) return [];
    const lines = await this.#until((lines) => lines.some((line) => line.includes(session)));
    if (lines) return lines;
    throw new Error(`${this.#log} never got the line about ${session}: is it the log of this server?`);
  }

  /** The sessions among these whose rooms still hold a client, because the log has no line about its end. */
  async held(sessions) {
    if (!this.#log) return [];
    const still = (lines) => {
      const ends = lines.filter((line) => line.includes('"connection.closed"')).join("\n");
      return sessions.filter((session) => !ends.includes(`"${TENANT}/${session}"`));
    };
    const lines = await this.#until((lines) => still(lines).length === 0);
    return lines ? [] : still(this.#lines());
  }

  #lines() {
    return readFileSync(this.#log, "utf8").split("\n");
  }

  async #until(found) {
    for (const end = Date.now() + this.#patienceMs; Date.now() < end; await sleep(20)) {
      const lines = this.#lines();
      if (found(lines)) return lines;
    }
    return undefined;
  }
}

/** The sessions whose rooms came into memory, according to the log. */
export function restored(lines) {
  const prefix = `${TENANT}/`;
  const events = lines.filter((line) => line.includes('"room.restored"')).map((line) => JSON.parse(line));
  return new Set(events.map(({ room }) => room.replace(prefix, "")));
}

/** The file of a session's room: the runtime names it after a hash of the room's name. */
export function fileOf(session) {
  const key = createHash("sha256").update(NAMESPACE).digest();
  const hmac = (data) => createHmac("sha256", key).update(data).digest().subarray(0, BASE_BYTES);
  const base = hmac(`${TENANT}/${session}`);
  return `${Buffer.concat([base, hmac(base)]).toString("hex")}.sqlite`;
}

/** Whether a database has the room's table. It reads a copy, because the server has the original open. */
function hasTables(folder, name) {
  const copy = mkdtempSync(join(tmpdir(), "roomcast-attacks-"));
  try {
    // The log first: if the server moves it into the database in between, the copies still hold everything together.
    for (const end of ["-wal", ""]) {
      if (existsSync(join(folder, name + end))) copyFileSync(join(folder, name + end), join(copy, name + end));
    }
    const database = new DatabaseSync(join(copy, name));
    const { tables } = database.prepare("SELECT count(*) AS tables FROM sqlite_master WHERE name = 'room'").get();
    database.close();
    return tables > 0;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
