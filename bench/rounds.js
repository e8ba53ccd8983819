// In which order a round goes through what it measures.

/** Each round begins with another one, so that none always has the warm machine. */
export function rotated(all, by) {
  const start = by % all.length;
  return [...all.slice(start), ...all.slice(0, start)];
}
