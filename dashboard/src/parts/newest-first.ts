/**
 * For lists whose newest entry comes in at the top, in a box that scrolls. What the reader sees stays where it is when an entry comes in
 * above it: if they have scrolled down, for good; if they are at the top, until the next frame, when the list is back at its top.
 *
 * So the entries move by scrolling only, and nothing around the list moves. Does not rely on the browser's own anchoring of scrolled
 * content, which not all browsers have.
 */

/** The list goes back to its top at the latest so many milliseconds after an entry came in, also if more come with each frame. */
const LONGEST_MS = 1_000;

/** The list is at its top as far as readers notice, within so many pixels. */
const NEAR_PX = 4;

/** For `{@attach}` at the element that scrolls: it is positioned, and its children are the entries. */
export function newestFirst(list: HTMLElement): () => void {
  let first = list.firstElementChild as HTMLElement | null;
  let top = first?.offsetTop ?? 0;
  let atTop = true;
  /** Since when the list is not at its top, though its reader is; null if it is. */
  let since: number | null = null;
  let latest = 0;

  const entered = () => {
    const moved = first?.isConnected ? first.offsetTop - top : 0;
    first = list.firstElementChild as HTMLElement | null;
    top = first?.offsetTop ?? 0;
    if (moved <= 0) return;
    // Without it, a list that does not fill its box could not scroll that far.
    if (atTop) list.style.paddingBlockEnd = `${list.clientHeight}px`;
    list.scrollTop += moved;
    if (!atTop) return;
    since ??= performance.now();
    const entry = (latest += 1);
    // Going back in the frame in which another entry comes in would move all of them in it.
    afterNextFrame(() => {
      if (entry === latest || (since !== null && performance.now() - since > LONGEST_MS)) toTop();
    });
  };
  const toTop = () => {
    since = null;
    list.scrollTop = 0;
    list.style.paddingBlockEnd = '';
  };
  const scrolled = () => {
    if (since === null) atTop = list.scrollTop <= NEAR_PX;
  };
  const changes = new MutationObserver(entered);
  changes.observe(list, { childList: true });
  list.addEventListener('scroll', scrolled, { passive: true });
  return () => {
    changes.disconnect();
    list.removeEventListener('scroll', scrolled);
  };
}

/** Once the frame that is being made has been shown. */
function afterNextFrame(run: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(run));
}
