/**
 * A map that never changes, for views: `with` and `without` make another one, which shares with it all that is the same. So a view
 * with ten thousand things takes an update as fast as one with ten.
 *
 * What was put in last is the last when it is gone through.
 */

/** With more buckets, each is smaller, but there are more to be listed anew. */
const BUCKETS = 256;

interface Kept<T> {
  /** Grows with each that is put in. */
  turn: number;
  value: T;
}

type Bucket<T> = ReadonlyMap<string, Kept<T>>;

const NO_BUCKET: Bucket<never> = new Map<string, Kept<never>>();
const NO_BUCKETS: readonly Bucket<never>[] = Array.from({ length: BUCKETS }, () => NO_BUCKET);

export class Shelf<T> implements ReadonlyMap<string, T> {
  readonly size: number;
  readonly #buckets: readonly Bucket<T>[];
  readonly #turn: number;
  #inOrder: readonly (readonly [string, T])[] | null = null;

  private constructor(buckets: readonly Bucket<T>[], size: number, turn: number) {
    this.#buckets = buckets;
    this.size = size;
    this.#turn = turn;
  }

  static empty<T>(): Shelf<T> {
    return new Shelf<T>(NO_BUCKETS, 0, 0);
  }

  get(key: string): T | undefined {
    return this.#bucket(key).get(key)?.value;
  }

  has(key: string): boolean {
    return this.#bucket(key).has(key);
  }

  /** With a value, as the last; with `stay`, where the one before was. */
  with(key: string, value: T, stay = false): Shelf<T> {
    const before = this.#bucket(key).get(key);
    const bucket = new Map(this.#bucket(key));
    bucket.set(key, { turn: stay && before ? before.turn : this.#turn, value });
    return this.#replaced(key, bucket, before ? this.size : this.size + 1);
  }

  /** Itself, if there is nothing under the key. */
  without(key: string): Shelf<T> {
    if (!this.has(key)) return this;
    const bucket = new Map(this.#bucket(key));
    bucket.delete(key);
    return this.#replaced(key, bucket, this.size - 1);
  }

  filter(keep: (value: T) => boolean): Shelf<T> {
    return this.#sorted().reduce<Shelf<T>>((left, [key, value]) => (keep(value) ? left : left.without(key)), this);
  }

  #bucket(key: string): Bucket<T> {
    return this.#buckets[placeOf(key)] ?? NO_BUCKET;
  }

  #replaced(key: string, bucket: Bucket<T>, size: number): Shelf<T> {
    const buckets = this.#buckets.slice();
    buckets[placeOf(key)] = bucket;
    return new Shelf(buckets, size, this.#turn + 1);
  }

  entries(): MapIterator<[string, T]> {
    return this.#sorted().map(([key, value]): [string, T] => [key, value]).values();
  }

  keys(): MapIterator<string> {
    return this.#sorted().map(([key]) => key).values();
  }

  values(): MapIterator<T> {
    return this.#sorted().map(([, value]) => value).values();
  }

  forEach(run: (value: T, key: string, map: ReadonlyMap<string, T>) => void): void {
    for (const [key, value] of this.#sorted()) run(value, key, this);
  }

  [Symbol.iterator](): MapIterator<[string, T]> {
    return this.entries();
  }

  #sorted(): readonly (readonly [string, T])[] {
    this.#inOrder ??= this.#buckets
      .flatMap((bucket) => [...bucket])
      .sort(([, one], [, other]) => one.turn - other.turn)
      .map(([key, { value }]) => [key, value] as const);
    return this.#inOrder;
  }
}

/** Spreads keys evenly: FNV-1a. */
function placeOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % BUCKETS;
}
