// Reads and checks the cases in cases/*.json. A case with a misspelt field could pass without having tried
// anything, so it is an error.

import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("cases/", import.meta.url);

/** The fields that every case may have, and the fields of each door. */
const COMMON = ["name", "door", "room", "document", "never", "also", "token"];
const FIELDS = {
  watch: ["tenant", "at", "query", "headers", "origin", "protocols", "ways", "expect"],
  http: ["method", "path", "headers", "body", "expect"],
  post: ["path", "body", "events", "sign", "headers", "expect", "shown"],
  posts: ["steps"],
  raw: ["send", "size", "halfClose", "method", "expect", "ends"],
  rawPost: ["path", "headers", "events", "body", "sign", "signed", "sent", "size", "halfClose", "expect", "ends"],
  upgrade: ["path", "method", "headers", "without", "expect"],
  socket: ["do", "at", "speaks", "plain", "anonymous", "witness", "answers", "some", "counts", "close", "reason", "ends"],
  curl: ["arguments", "expect"],
};

/** What a connection can be expected to be sent. */
const SEEN = ["answers", "some", "counts"];

/** What a case leaves of its room. `maybe` means that it reaches a room, which need not store anything. */
const ROOMS = ["none", "made", "untouched", "maybe"];

/** All cases whose `theme/name` matches. */
export function load(only = "") {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json")).sort();
  const all = files.flatMap((file) => read(file, readFileSync(new URL(file, FOLDER), "utf8")));
  return all.filter(({ theme, name }) => new RegExp(only, "i").test(`${theme}/${name}`));
}

/** The cases of one file. Its `defaults` apply to cases with the same door; the fields of a case override them. */
export function read(file, text) {
  const { about, defaults = {}, cases } = parse(file, text);
  if (!about || !Array.isArray(cases)) throw new Error(`${file}: it needs \`about\` and \`cases\``);
  const theme = file.replace(/\.json$/, "");
  const names = new Set();
  return cases.map((one, number) => {
    const same = [undefined, defaults.door].includes(one.door);
    const whole = { room: "none", ...(same ? defaults : {}), ...one };
    const wrong = check(whole, names);
    if (wrong) throw new Error(`${file}, case ${number} (${one.name}): ${wrong}`);
    names.add(one.name);
    return { theme, number, ...whole };
  });
}

function parse(file, text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file}: ${error.message}`);
  }
}

function check(test, names) {
  const { name, door, room } = test;
  if (!name || names.has(name)) return "its name is missing or taken";
  if (!FIELDS[door]) return `there is no door ${door}`;
  const known = [...COMMON, ...FIELDS[door]];
  const unknown = Object.keys(test).find((field) => !known.includes(field));
  if (unknown) return `${door} does not know ${unknown}`;
  if (!ROOMS.includes(room)) return `room must be one of ${ROOMS.join(", ")}`;
  return checkWitness(test) ?? checkExpectation(test);
}

/** Checks that a witness, if there is one, expects something. */
function checkWitness({ witness }) {
  if (witness === undefined) return undefined;
  const unknown = Object.keys(witness).find((field) => !SEEN.includes(field));
  if (unknown) return `its witness does not know ${unknown}`;
  return Object.keys(witness).length > 0 ? undefined : "its witness needs something that is expected";
}

/** Checks that a case expects something, and a `code` with every status from 400 on. */
function checkExpectation({ door, expect, steps, answers, some, counts, close, ends, "do": acts }) {
  if (door === "socket") {
    const says = [answers, some, counts, close, ends].some((one) => one !== undefined);
    return acts && says ? undefined : "it needs `do`, and something that is expected";
  }
  const all = (door === "posts" ? steps.map((step) => step.expect) : [expect]).flat(3);
  const vague = (one) => !one || (one.status >= 400 && one.code === undefined);
  return all.some(vague) ? "it needs `expect`, with a `code` from status 400 on" : undefined;
}
