// Copies the storage of a running Roomcast, or puts a copy back: scripts/backup and roomcast-backup.service call it.
//
//   node backup.mjs copy STORAGE COPY       node backup.mjs restore COPY STORAGE
//   node backup.mjs rotate STORAGE FOLDER COUNT       a copy in FOLDER, named by the time; the newest COUNT copies stay
//
// Each database is copied whole, by SQLite's own backup, at one moment of its own. Rooms are first, because what knows of rooms may know of one more; alarms are
// last, because an alarm too many only wakes a room. A room that is put back gets a new epoch: since the copy it may have given numbers to other events, so no position
// of before counts any more, and every client gets the state.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';

// Where the runtime keeps the alarms of all objects of a class.
const ALARMS = 'metadata.sqlite';
/** Milliseconds for which a database that is being written to is waited for. Beyond it: nothing is copied, and the command fails. */
const WAIT_MS = 10_000;

/** The names that `rotate` gives to copies, and no others: what else is in the folder is never deleted. In the order of names, the newest is last. */
const ROTATED = /^\d{4}-\d{2}-\d{2}T\d{6}Z$/;
const UNFINISHED = '.unfinished';
const nameOf = (time) => `${time.toISOString().slice(0, 19).replaceAll(':', '')}Z`;

const [command, from, to, count] = process.argv.slice(2);

function fail(why) {
  console.error(`backup: ${why}`);
  process.exit(1);
}

async function within(file, act, readOnly = true) {
  const database = new DatabaseSync(file, { readOnly, timeout: WAIT_MS });
  try {
    return await act(database);
  } finally {
    database.close();
  }
}

/** Whether this is the database of a room that has begun. */
function isRoom(file) {
  return within(file, (database) => {
    const table = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'room'").get();
    return Boolean(table && database.prepare('SELECT 1 FROM room WHERE id = -1').get());
  });
}

/** The databases below a folder, in the order in which they are copied: path, and whether it is a room's. */
async function databases(folder) {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = all.filter((file) => file.isFile() && file.name.endsWith('.sqlite'));
  const turn = ({ path, room }) => (path.endsWith(ALARMS) ? 2 : room ? 0 : 1);
  const found = [];
  for (const { parentPath, name } of files) {
    const file = join(parentPath, name);
    found.push({ path: relative(folder, file), room: await isRoom(file) });
  }
  return found.sort((one, other) => turn(one) - turn(other) || one.path.localeCompare(other.path));
}

async function copy(source, target) {
  mkdirSync(dirname(target), { recursive: true });
  await within(source, (database) => backup(database, target));
}

/** Begins another life of a room, and has it tell its tenant of that. */
function renew(file) {
  const epoch = randomBytes(8).toString('hex');
  const update = (database) => {
    const { meta } = database.prepare('SELECT meta FROM room WHERE id = -1').get();
    // The ids of events are hashed by the epoch in which the room began.
    const hashed = meta.split(' ').at(-1);
    database.prepare('UPDATE room SET meta = ?, at = NULL WHERE id = -1').run(`${epoch} ${hashed}`);
  };
  return within(file, update, false);
}

/** Puts copies of all databases below `source` into the folder `target`, which must not have anything. */
async function transfer(source, target, renewing) {
  if (!existsSync(source)) fail(`there is no folder ${source}`);
  if (existsSync(target) && readdirSync(target).length > 0) fail(`${target} is not empty: name a folder that does not exist`);
  const files = await databases(source);
  if (files.length === 0) fail(`${source} has no databases: is it the folder that --directory-path disk= names?`);
  // Under another name until it is complete.
  const unfinished = `${target.replace(/\/+$/, '')}${UNFINISHED}`;
  rmSync(unfinished, { recursive: true, force: true });
  for (const { path, room } of files) {
    await copy(join(source, path), join(unfinished, path)).catch((error) => fail(`${path}: ${error.message}`));
    if (room && renewing) await renew(join(unfinished, path));
  }
  rmSync(target, { recursive: true, force: true });
  renameSync(unfinished, target);
  console.log(`${files.length} databases, ${files.filter(({ room }) => room).length} of them of rooms`);
}

/** Makes another copy in a folder of copies. Only when it is complete do older ones go. */
async function rotate(storage, folder, kept) {
  mkdirSync(folder, { recursive: true });
  // What is left of copies that were interrupted.
  for (const name of readdirSync(folder)) {
    if (name.endsWith(UNFINISHED) && ROTATED.test(name.slice(0, -UNFINISHED.length))) rmSync(join(folder, name), { recursive: true });
  }
  await transfer(storage, join(folder, nameOf(new Date())), false);
  const copies = readdirSync(folder).filter((name) => ROTATED.test(name)).sort();
  for (const name of copies.slice(0, -kept)) rmSync(join(folder, name), { recursive: true });
}

const commands = {
  copy: () => transfer(from, to, false),
  restore: () => transfer(from, to, true),
  rotate: () => (/^[1-9]\d*$/.test(count) ? rotate(from, to, Number(count)) : fail('how many copies stay is a number above 0')),
};
if (!Object.hasOwn(commands, command ?? '') || !from || !to)
  fail('usage: backup.mjs copy STORAGE COPY | restore COPY STORAGE | rotate STORAGE FOLDER COUNT');
await commands[command]();
