import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const root = new URL("../..", import.meta.url).pathname;
const temporary = mkdtempSync(join(tmpdir(), "roomcast-release-"));
after(() => rmSync(temporary, { recursive: true, force: true }));

const PACK = 'root=$1; source "$1/scripts/packing.sh"; shift; "$@"';
const EPOCH = "1796000000";

/** Runs a function of scripts/packing.sh. */
function packing(...command) {
  return execFileSync("bash", ["-euo", "pipefail", "-c", PACK, "packing", root, ...command], { encoding: "utf8", env: { ...process.env, SOURCE_DATE_EPOCH: EPOCH } });
}

/** A checkout of the client, with rights and times of its own. */
function checkout(name, mode) {
  const folder = join(temporary, name);
  cpSync(join(root, "client"), folder, { recursive: true, filter: (path) => !/\/client\/(node_modules|dist)$/.test(path) });
  symlinkSync(join(root, "client/node_modules"), join(folder, "node_modules"));
  for (const file of ["package.json", "README.md", "src/index.ts"]) {
    chmodSync(join(folder, file), mode);
    utimesSync(join(folder, file), mode, mode);
  }
  return folder;
}

test("the npm package of a commit is the same from every checkout, and has what it exports and its licence", () => {
  const packages = [["one", 0o600], ["two", 0o664]].map(([name, mode]) => {
    const out = join(temporary, `${name}-out`);
    mkdirSync(out);
    packing("pack_client", checkout(name, mode), join(temporary, `${name}-stage`), out);
    const [file] = readdirSync(out);
    return join(out, file);
  });
  const [one, two] = packages.map((file) => readFileSync(file));
  assert.ok(one.equals(two));
  const names = execFileSync("tar", ["-tzf", packages[0]], { encoding: "utf8" }).split("\n");
  const { exports } = JSON.parse(readFileSync(join(root, "client/package.json"), "utf8"));
  const files = Object.values(exports).flatMap((one) => (typeof one === "string" ? [one] : Object.values(one)));
  for (const file of [...files.filter((file) => !file.includes("*")), "./LICENSE", "./dist/presets/tasks.js"]) {
    assert.ok(names.includes(file.replace("./", "package/")), file);
  }
  assert.ok(!names.some((name) => /\/(src|tests|node_modules)\//.test(name)));
});

test("an archive has nothing of the times, rights and owners of its files", () => {
  const sums = [["a", 0o600, ["x", "y"]], ["b", 0o664, ["y", "x"]]].map(([name, mode, order]) => {
    const folder = join(temporary, name, "roomcast");
    mkdirSync(join(folder, "within"), { recursive: true });
    for (const file of order) {
      writeFileSync(join(folder, "within", file), file);
      chmodSync(join(folder, "within", file), mode);
      utimesSync(join(folder, "within", file), mode, mode);
    }
    packing("archive", folder, join(temporary, name, "archive.tar.gz"));
    return readFileSync(join(temporary, name, "archive.tar.gz"));
  });
  assert.ok(sums[0].equals(sums[1]));
});

test("what is deployed from an archive builds nothing, and is otherwise the same", () => {
  const text = packing("deployable", join(root, "wrangler.toml"));
  assert.doesNotMatch(text, /^\[build\]|scripts\/build"|watch_dir/m);
  const headings = (toml) => toml.match(/^\[.*/gm).filter((heading) => heading !== "[build]");
  assert.deepEqual(headings(text), headings(readFileSync(join(root, "wrangler.toml"), "utf8")));
  assert.match(text, /^main = "build\/index.js"$/m);
});

/** A repository with the scripts and what they read first. */
function repository(name, changelog) {
  const folder = join(temporary, name);
  mkdirSync(folder);
  for (const path of ["scripts", "Cargo.toml", "Cargo.lock"]) cpSync(join(root, path), join(folder, path), { recursive: true });
  writeFileSync(join(folder, "CHANGELOG.md"), changelog);
  const git = (...command) => execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false", ...command], { cwd: folder });
  git("init", "-q");
  git("add", "-A");
  git("commit", "-q", "-m", "all");
  return folder;
}

const release = (folder) => spawnSync("scripts/release", [], { cwd: folder, encoding: "utf8" });
const version = /^version = "(.*)"$/m.exec(readFileSync(join(root, "Cargo.toml"), "utf8"))[1];

test("a version that the changelog does not have is not released", () => {
  const { status, stderr } = release(repository("unknown", "## [Unreleased]\n"));
  assert.equal(status, 1);
  assert.match(stderr, /CHANGELOG\.md has no entry/);
});

test("what is not committed is not released", () => {
  const folder = repository("changed", `## [${version}] - 2026-01-01\n`);
  writeFileSync(join(folder, "Cargo.toml"), `${readFileSync(join(folder, "Cargo.toml"))}\n`);
  const { status, stderr } = release(folder);
  assert.equal(status, 1);
  assert.match(stderr, /not committed[^]*Cargo\.toml/);
});
