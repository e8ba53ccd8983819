// Medians and ranges over the rounds of one measurement.

/**
 * @param {object[]} rounds figures by name, one object per round that went well
 * @returns {Record<string, {median: number, min: number, max: number}>}
 */
export function summary(rounds) {
  const names = new Set(rounds.flatMap((round) => Object.keys(round)));
  const entries = [...names].map((name) => [name, spread(numbers(rounds, name))]);
  return Object.fromEntries(entries.filter(([, value]) => value));
}

function numbers(rounds, name) {
  return rounds.map((round) => round[name]).filter((value) => Number.isFinite(value));
}

function spread(values) {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}
