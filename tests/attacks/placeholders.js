// Replaces the placeholders in a case: `{session}` in a text, and objects with one field that begins with `$`, for
// values that JSON cannot express or that would be long.
//
// This file does not know what the cases are about.

const FORMS = {
  $now: (seconds, names) => names.now + seconds,
  $hex: (text) => Buffer.from(text, "hex"),
  $base64: (text) => Buffer.from(text, "base64"),
  $json: (value, names) => JSON.stringify(expand(value, names)),
  $text: (value, names) => join(expand(value, names)),
  $repeat: ([value, times], names) => expand(value, names).repeat(times),
  $list: ([value, times], names) =>
    Array.from({ length: times }, (_, index) => expand(value, { ...names, index })),
  $pad: ([value, bytes], names) => padded(expand(value, names), bytes),
  $event: (changes, names) => event(expand(changes, names), names),
};

/** The placeholders that are left for `verdict.js`. */
const MATCHERS = ["$any", "$none", "$matches"];

/** A value with its placeholders replaced, by `names` among others. Bytes become a Buffer. */
export function expand(value, names) {
  if (typeof value === "string") return value.replace(/\{(\w+)\}/g, (all, name) => names[name] ?? all);
  if (Array.isArray(value)) return value.map((one) => expand(one, names));
  if (value === null || typeof value !== "object") return value;
  const [[name, argument] = [], ...others] = Object.entries(value);
  if (name?.startsWith("$")) {
    if (MATCHERS.includes(name)) return value;
    if (!FORMS[name] || others.length > 0) throw new Error(`no such placeholder: ${JSON.stringify(value)}`);
    return FORMS[name](argument, names);
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [expand(key, names), expand(one, names)]));
}

/** Joins pieces of text or bytes. The result is bytes if any piece is. */
export function join(pieces) {
  if (!Array.isArray(pieces)) return pieces;
  if (!pieces.some(Buffer.isBuffer)) return pieces.join("");
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece)));
}

/** Text, filled up with blanks to so many bytes. */
function padded(text, bytes) {
  return text + " ".repeat(bytes - Buffer.byteLength(text));
}

/** The value of a field that is left out of an event. */
const ABSENT = "$absent";

/** A well-formed event of the case's session, with changes. */
function event(changes, { session, id, index = 0 }) {
  const whole = {
    event_id: `${id ?? session}-${index}`,
    event_type: "session.renamed",
    aggregate_type: "Session",
    aggregate_id: session,
    occurred_at: "2026-01-07T10:00:00Z",
    payload: { title: "attacked" },
    ...changes,
  };
  return Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== ABSENT));
}
