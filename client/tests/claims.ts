/**
 * What values claim of types, as a file that compiles only if all of it is true: the type accepts the value, and does not accept it any
 * more with a field too few, with one too many, or with null in place of one.
 */

/** A value, and the name of the type that it has. `fits: false`: the type must not accept it. */
export interface Claim {
  name: string;
  type: string;
  value: unknown;
  fits?: boolean;
}

type Fields = Record<string, unknown>;
type Path = (string | number)[];

/** Below these, the protocol does not say which fields there are; the rooms in `also` are typed like the first one. */
const BEYOND = ['data', 'also'];

export function compiled(claims: Claim[]): string {
  const always = fieldsThatAreAlwaysThere(claims.filter(({ fits }) => fits !== false));
  return claims.map((claim) => (claim.fits === false ? refused(claim.name, claim) : accepted(claim, always))).join('');
}

/** That a union has exactly these members. */
export function complete(type: string, members: unknown[]): string {
  const each = [...new Set(members)].map((one) => `(${JSON.stringify(one)}) satisfies ${type};\n`);
  const rest = `({} as Exclude<${type}, ${members.map((one) => JSON.stringify(one)).join(' | ')}>) satisfies never;\n`;
  return `${each.join('')}${refused(`another ${type}`, { type, value: 'nonsense' })}${rest}`;
}

function accepted(claim: Claim, always: Map<string, Set<string>>): string {
  const fits = `// ${claim.name}\n(${JSON.stringify(claim.value)}) satisfies ${claim.type};\n`;
  return fits + spoiled(claim.value, always).map(([how, value]) => refused(`${claim.name}: ${how}`, { type: claim.type, value })).join('');
}

function refused(name: string, { type, value }: Pick<Claim, 'type' | 'value'>): string {
  return `// @ts-expect-error: ${name}\n(${JSON.stringify(value)}) satisfies ${type};\n`;
}

/** The objects of a value, and where they are. */
function* objects(value: unknown, path: Path = []): Generator<[Fields, Path]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [value as Fields, path];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value).filter(([name]) => !BEYOND.includes(name));
  for (const [name, one] of entries) yield* objects(one, [...path, name]);
}

/** Objects that are of the same kind have the same fields, apart from those that may be absent. */
function kind(object: Fields, path: Path): string {
  return `${object['type'] ?? object['status'] ?? Object.keys(object)[0]} ${path.length === 0 ? 'alone' : 'within another'}`;
}

function fieldsThatAreAlwaysThere(claims: Claim[]): Map<string, Set<string>> {
  const always = new Map<string, Set<string>>();
  for (const { value } of claims) {
    for (const [object, path] of objects(value)) {
      const [of, own] = [kind(object, path), Object.keys(object)];
      const known = always.get(of);
      always.set(of, new Set(known === undefined ? own : own.filter((name) => known.has(name))));
    }
  }
  return always;
}

/** The same value with one mistake, for each mistake that there can be. */
function spoiled(value: unknown, always: Map<string, Set<string>>): [string, unknown][] {
  const mistakes: [string, unknown][] = [];
  for (const [object, path] of objects(value)) {
    const at = (change: Fields) => replaced(value, path, { ...object, ...change });
    const place = path.join('.');
    mistakes.push([`${place} with one more`, at({ more: 1 })]);
    // What is absent from JSON is undefined here.
    for (const name of always.get(kind(object, path)) ?? []) mistakes.push([`${place} without ${name}`, at({ [name]: undefined })]);
    for (const name of Object.keys(object)) if (name !== 'data') mistakes.push([`${place} with null as ${name}`, at({ [name]: null })]);
  }
  return mistakes;
}

function replaced(value: unknown, [first, ...rest]: Path, by: Fields): unknown {
  if (first === undefined) return by;
  const copy: Fields = Array.isArray(value) ? ([...value] as unknown as Fields) : { ...(value as Fields) };
  copy[first] = replaced(copy[first], rest, by);
  return copy;
}
