// Compares results with what was expected. Pure: no network, no files.

/**
 * The differences between `got` and `wanted`, as a list of sentences. Fields that `wanted` does not name are ignored,
 * and lists must have the same length. `{"$matches": pattern}` stands for a text that matches, `{"$any": true}` for any
 * value, and `{"$none": true}` for a field that must be absent.
 */
export function differences(wanted, got, where = "") {
  if (wanted?.$any) return got === undefined ? [`${where}: something was expected`] : [];
  if (wanted?.$none) return got === undefined ? [] : [differ(where, "none", got)];
  if (wanted?.$matches) {
    return new RegExp(wanted.$matches).test(got) ? [] : [differ(where, `/${wanted.$matches}/`, got)];
  }
  if (Array.isArray(wanted)) {
    if (!Array.isArray(got)) return [differ(where, wanted, got)];
    const lengths = wanted.length === got.length ? [] : [differ(`${where}.length`, wanted.length, got.length)];
    return lengths.concat(wanted.flatMap((one, index) => differences(one, got[index], `${where}[${index}]`)));
  }
  if (wanted !== null && typeof wanted === "object") {
    if (got === null || typeof got !== "object") return [differ(where, wanted, got)];
    return Object.entries(wanted).flatMap(([name, one]) => differences(one, got[name], `${where}.${name}`));
  }
  return wanted === got ? [] : [differ(where, wanted, got)];
}

const shown = (value) => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
};

/** One difference as a sentence. */
export function differ(where, wanted, got) {
  return `${where.replace(/^\./, "")}: expected ${shown(wanted)}, got ${shown(got)}`;
}

/**
 * The differences between an HTTP answer and what a case expects: `status`, `code` (null: an answer of the platform,
 * without a problem document; `*`: an answer of the platform or of Roomcast), `headers` in lower case, `body`.
 */
export function answerDifferences(wanted, { status, headers, text }) {
  const body = parsed(text);
  // If the status is wrong, other differences say nothing more.
  if (wanted.status !== status) {
    return [differ("status", named(wanted.status, wanted.code), named(status, body?.code))];
  }
  const faults = [];
  if (wanted.code && wanted.code !== "*") {
    faults.push(...differences("application/problem+json", headers["content-type"], "content-type"));
    const problem = { type: "about:blank", status, code: wanted.code, detail: { $any: true } };
    faults.push(...differences(problem, body ?? {}, "problem"));
  }
  if (wanted.code === null && body?.code) faults.push(differ("code", "none", body.code));
  if (wanted.headers) faults.push(...differences(wanted.headers, headers, "headers"));
  if (wanted.body !== undefined) faults.push(...differences(wanted.body, body ?? text, "body"));
  return faults;
}

const named = (status, code) => (code ? `${status} ${code}` : status);

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * What is wrong with the updates that an innocent client received. `accepted` are the events that the server said it
 * accepted, `received` are the updates, both as `{seq, title}` in order.
 */
export function losses(accepted, received) {
  const faults = [];
  const counts = new Map();
  for (const { seq } of received) counts.set(seq, (counts.get(seq) ?? 0) + 1);
  const titles = new Map(received.map(({ seq, title }) => [seq, title]));
  for (const { seq, title } of accepted) {
    if (!counts.has(seq)) faults.push(`update ${seq} never came`);
    else if (titles.get(seq) !== title) faults.push(differ(`update ${seq}`, title, titles.get(seq)));
  }
  for (const [seq, count] of counts) if (count > 1) faults.push(`update ${seq} came ${count} times`);
  const known = new Set(accepted.map(({ seq }) => seq));
  for (const { seq } of received) if (!known.has(seq)) faults.push(`update ${seq} was never accepted`);
  const ordered = received.every(({ seq }, index) => index === 0 || seq >= received[index - 1].seq);
  if (!ordered) faults.push("the updates came out of order");
  return faults;
}
