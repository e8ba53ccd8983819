/**
 * Keeps a list that grows at its end where its reader wants it: at the end, if that is where they are; else at the entry that they
 * read, also while entries above it go away.
 *
 * Does not rely on the browser's own anchoring of scrolled content, which not all browsers have.
 */

import { tick } from 'svelte';

/** The list is at its end as far as readers notice, within so many pixels. */
const NEAR_PX = 24;

export class FollowEnd {
  #list: HTMLElement | null = null;
  /** Whether the reader is at the end. */
  atEnd = true;
  readonly #moved: (atEnd: boolean) => void;

  /** `moved` is told when the reader comes to the end or leaves it. */
  constructor(moved: (atEnd: boolean) => void) {
    this.#moved = moved;
  }

  /** For `{@attach}` at the element that scrolls: it is positioned, and its children are the entries. */
  readonly attach = (list: HTMLElement) => {
    this.#list = list;
    const scrolled = () => this.#note(list.scrollHeight - list.scrollTop - list.clientHeight <= NEAR_PX);
    const resized = new ResizeObserver(() => this.atEnd && this.toEnd());
    list.addEventListener('scroll', scrolled, { passive: true });
    resized.observe(list);
    this.toEnd();
    return () => {
      list.removeEventListener('scroll', scrolled);
      resized.disconnect();
      this.#list = null;
    };
  };

  #note(atEnd: boolean): void {
    if (atEnd === this.atEnd) return;
    this.atEnd = atEnd;
    this.#moved(atEnd);
  }

  toEnd(): void {
    if (this.#list) this.#list.scrollTop = this.#list.scrollHeight;
    this.#note(true);
  }

  /** To be called before entries come or go. */
  hold(): void {
    const list = this.#list;
    if (!list) return;
    const read = this.atEnd ? [] : seenIn(list).map((entry) => ({ entry, from: entry.offsetTop }));
    void tick().then(() => {
      if (this.atEnd) return this.toEnd();
      // The first of them may be gone.
      const kept = read.find(({ entry }) => entry.isConnected);
      if (kept) list.scrollTop += kept.entry.offsetTop - kept.from;
    });
  }
}

/** The entries that are seen, from the top. */
function seenIn(list: HTMLElement): readonly HTMLElement[] {
  const { scrollTop, clientHeight } = list;
  const entries = [...list.children] as HTMLElement[];
  return entries.filter(({ offsetTop, offsetHeight }) => offsetTop + offsetHeight > scrollTop && offsetTop < scrollTop + clientHeight);
}
