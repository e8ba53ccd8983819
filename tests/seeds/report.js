// The report of a run: one line for each check, also for one that failed with a long difference.

/** A value whose JSON has more characters than this is cut. */
const SHOWN_CHARS = 600;

export function passed(seed, name, ms) {
  return `passed ${seed} ${name} (${Math.round(ms)} ms)`;
}

export function failed(seed, name, error) {
  return `FAILED ${seed} ${name}: ${reason(error)}`;
}

/** An error as one line. node:assert draws differences over many lines, so they are written anew. */
function reason(error) {
  const [first] = error.message.split("\n");
  const compared = ["strictEqual", "deepStrictEqual"].includes(error.operator);
  // `fetch failed` says why only in its cause.
  if (!compared) return error.cause?.code ? `${first}: ${error.cause.code}` : first;
  const said = error.generatedMessage ? "" : `${first}: `;
  return `${said}got ${json(error.actual)}, wanted ${json(error.expected)}`;
}

function json(value) {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}
