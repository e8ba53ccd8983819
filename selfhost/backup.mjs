// Copies the storage of a running Roomcast, or puts a copy back: scripts/backup calls it.
//
//   node backup.mjs copy STORAGE COPY       node backup.mjs restore COPY STORAGE
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

const [command, from, to] = process.argv.slice(2);

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

if (!['copy', 'restore'].includes(command) || !from || !to) fail('usage: backup.mjs copy STORAGE COPY | restore COPY STORAGE');
if (!existsSync(from)) fail(`there is no folder ${from}`);
if (existsSync(to) && readdirSync(to).length > 0) fail(`${to} is not empty: name a folder that does not exist`);
const files = await databases(from);
if (files.length === 0) fail(`${from} has no databases: is it the folder that --directory-path disk= names?`);

// Under another name until it is complete.
const unfinished = `${to.replace(/\/+$/, '')}.unfinished`;
rmSync(unfinished, { recursive: true, force: true });
for (const { path, room } of files) {
  await copy(join(from, path), join(unfinished, path)).catch((error) => fail(`${path}: ${error.message}`));
  if (room && command === 'restore') await renew(join(unfinished, path));
}
const rooms = files.filter(({ room }) => room).length;
rmSync(to, { recursive: true, force: true });
renameSync(unfinished, to);
console.log(`${files.length} databases, ${rooms} of them of rooms`);
