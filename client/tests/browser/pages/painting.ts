/** A page that says when it has applied and when it has painted each title of a session, by the clock of the machine. */

import { connect } from '../../../src/index.ts';
import { nothing, options, record } from './record.ts';

/** When a title was applied, and the frame after it began, in milliseconds since 1970. */
export interface Painted {
  title: string;
  applied: number;
  painted: number;
}

/** Upper bounds in milliseconds. */
export type Quantiles = Record<'published' | 'sent', (number | null)[]>;

declare global {
  interface Window {
    now(): number;
    quantiles(parts: number[]): Quantiles;
    tell(painted: Painted[]): Promise<void>;
  }
}

const SHOWN = 20;

window.now = () => performance.timeOrigin + performance.now();
const seen = (window.seen = nothing());
const client = (window.client = connect(options(seen)));
record(client, seen);
client.on('change', ({ reset, updates }) => {
  const list = document.querySelector('main');
  if (reset || !list) return;
  const applied = window.now();
  const titles = updates.flatMap((update) => (update.updateType === 'session.metadata' ? [update.data.title] : []));
  for (const title of titles) list.append(Object.assign(document.createElement('p'), { textContent: title }));
  while (list.childElementCount > SHOWN) list.firstElementChild?.remove();
  requestAnimationFrame(() => {
    const painted = window.now();
    void window.tell(titles.map((title) => ({ title, applied, painted })));
  });
});
window.quantiles = (parts) => {
  const of = (since: 'published' | 'sent') => parts.map((part) => client.latency(since).quantile(part));
  return { published: of('published'), sent: of('sent') };
};
