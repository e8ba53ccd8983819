/** Which topics a page asks for, out of those that its token names. What the token says is a hint: the server decides. */

/** Whether a topic, or a prefix followed by `*`, covers another. */
export const covers = (one: string, other: string): boolean => one === other || (one.endsWith('*') && other.startsWith(one.slice(0, -1)));

/** Of what is wanted, all that is allowed; `null` allows everything. */
export function within(wanted: readonly string[], allowed: readonly string[] | null): readonly string[] {
  if (allowed === null) return wanted;
  const part = (topic: string) => (allowed.some((one) => covers(one, topic)) ? [topic] : allowed.filter((one) => covers(topic, one)));
  return [...new Set(wanted.flatMap(part))];
}
