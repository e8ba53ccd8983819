/**
 * Which crates are in what ships, and what their manifests say of them. Cargo decides it, by target and features: neither build scripts nor macros
 * that only run while something is compiled, nor what tests need.
 */

import { execFileSync } from "node:child_process";
import { dirname } from "node:path";

/** Bytes of what cargo prints about all crates. Beyond it node ends cargo, and the list fails. */
const LONGEST_OUTPUT = 64 * 1024 * 1024;

const cargo = (...options) => execFileSync("cargo", options, { encoding: "utf8", maxBuffer: LONGEST_OUTPUT });

/** The names and versions of the crates that a build for this target has in it: `name v1.2.3`. */
export function linked(target) {
  const tree = cargo("tree", "--locked", "--package", "roomcast", "--target", target, "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}");
  const names = tree.split("\n").map((line) => line.split(" ").slice(0, 2).join(" "));
  return new Set(names.filter((name) => name !== "" && !name.startsWith("roomcast ")));
}

/** Name, version, licence and folder of every crate of the lock file, by the name that `linked` uses. */
export function described() {
  const { packages } = JSON.parse(cargo("metadata", "--locked", "--format-version", "1"));
  return new Map(
    packages.map(({ name, version, license, manifest_path: manifest }) => [
      `${name} v${version}`,
      // An old way to write OR.
      { name, version, license: license?.replaceAll(/\s*\/\s*/g, " OR "), folder: dirname(manifest) },
    ]),
  );
}

/** The target of the programs that are made on this machine. */
export function host() {
  return /^host: (.*)$/m.exec(execFileSync("rustc", ["--version", "--verbose"], { encoding: "utf8" }))[1];
}
