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
  return { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values) };
}

/** The value below which this share of the values lies, between the two nearest ones. */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (high - low) * (place % 1);
}
