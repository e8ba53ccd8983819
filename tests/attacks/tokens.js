// Makes valid and hostile tokens as a case describes them. jose makes all tokens that it can make; tokens that a
// good library refuses to make are made by hand.

import { createHmac } from "node:crypto";
import * as jose from "jose";
import { OTHER_TOKEN_SECRET, TOKEN_SECRET } from "./secrets.js";

const bytes = (text) => new TextEncoder().encode(text);
const pairs = new Map();

/** The key pair of an algorithm. It is made only once, because RSA is slow. */
function pair(alg) {
  if (!pairs.has(alg)) pairs.set(alg, jose.generateKeyPair(alg, { extractable: true }));
  return pairs.get(alg);
}

/** The keys that can sign, by name. */
const KEYS = {
  tenant: () => bytes(TOKEN_SECRET),
  other: () => bytes(OTHER_TOKEN_SECRET),
  "tenant, shortened": () => bytes(TOKEN_SECRET.slice(0, -1)),
  "tenant, upper case": () => bytes(TOKEN_SECRET.toUpperCase()),
  "tenant, as hex": () => Buffer.from(TOKEN_SECRET, "hex"),
  "tenant, as base64": () => Buffer.from(TOKEN_SECRET, "base64"),
  zeros: () => new Uint8Array(32),
  empty: () => new Uint8Array(0),
  "public key": async () => bytes(await jose.exportSPKI((await pair("RS256")).publicKey)),
};

const SIGNED_BY_PAIR = ["RS256", "PS256", "ES256", "EdDSA"];

/**
 * The text of a token. `alg`, `header`, `claims`, `without` and `key` say what is in it. `payload`, `headerText` and
 * `signature` replace a whole part. `by` says which maker makes it. `edit` is a list of [pattern, replacement] for the
 * finished text.
 */
export async function mint(spec, { session, now }) {
  if (typeof spec === "string") return spec;
  const claims = { sub: "mallory", exp: now + 3600, sessions: [session], ...spec.claims };
  for (const name of spec.without ?? []) delete claims[name];
  const payload = spec.payload ?? JSON.stringify(claims);
  const text = await MAKERS[spec.by ?? "jose"](spec, payload, claims);
  return (spec.edit ?? []).reduce((text, [pattern, by]) => text.replace(new RegExp(pattern, "g"), by), text);
}

const MAKERS = { jose: byJose, hand: byHand, "jose, unsecured": unsecured, "jose, encrypted": encrypted };

async function byJose({ alg = "HS256", header, key = "tenant" }, payload) {
  const signing = new jose.CompactSign(bytes(payload)).setProtectedHeader({ alg, typ: "JWT", ...header });
  return signing.sign(SIGNED_BY_PAIR.includes(alg) ? (await pair(alg)).privateKey : await KEYS[key]());
}

function unsecured(_, __, claims) {
  return new jose.UnsecuredJWT(claims).encode();
}

function encrypted({ alg = "dir", enc = "A256GCM" }, payload) {
  return new jose.CompactEncrypt(bytes(payload)).setProtectedHeader({ alg, enc }).encrypt(bytes(TOKEN_SECRET));
}

async function byHand(spec, payload) {
  const { alg = "HS256", header, key = "tenant", mac = "sha256", encoding = "base64url" } = spec;
  const headerText = spec.headerText ?? JSON.stringify({ alg, typ: "JWT", ...header });
  const part = (text) => Buffer.from(text).toString(encoding);
  const signed = `${part(headerText)}.${part(payload)}`;
  const signature = createHmac(mac, await KEYS[key]()).update(signed).digest(encoding);
  return `${signed}.${spec.signature ?? signature}`;
}
