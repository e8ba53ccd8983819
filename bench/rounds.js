// The order in which a round measures its systems.

/** `all`, beginning with another entry in each round, so that no system always runs on a warm machine. */
export function rotated(all, by) {
  const start = by % all.length;
  return [...all.slice(start), ...all.slice(0, start)];
}
