// Whether what came is what was expected. Pure: no network, no files.

/**
 * How `got` differs from `wanted`, as a list of sentences. Members that `wanted` does not name do not
 * matter; lists must be as long; `{"$matches": pattern}` is for texts, `{"$any": true}` for all,
 * `{"$none": true}` for what must not be there.
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
 * How an HTTP answer differs from what a case expects of it: `status`, `code` (null: an answer of the
 * platform, which has no problem document; `*`: that or another), `headers` in lower case, `body`.
 */
export function answerDifferences(wanted, { status, headers, text }) {
  const body = parsed(text);
  // Nothing else of another answer says anything.
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
 * What is wrong with what an innocent client was sent: `accepted` is what its backend was told was
 * accepted, `received` what came, both as `{seq, title}` in their order.
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
