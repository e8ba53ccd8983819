/** An application whose pages keep its queries in the cache of TanStack Query: what it knows, and what each of its tabs asks it for. */

import assert from 'node:assert/strict';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { event, post, renamed } from './backend.ts';
import { browserOf, open, until } from './chromium.ts';
import type { Cached } from './pages/queries.ts';
import type { PageOptions } from './pages/record.ts';

/** What the application knows, which the pages have to show. */
const app = { title: ['Untitled'], 'cycle/c-1': [] as string[], 'cycle/c-2': [] as string[], profile: ['Ada'] };

/** A tab, and what it has asked for apart from itself. */
export interface Tab {
  page: Page;
  requests: string[];
  sockets: number;
}

/** A browser whose pages are those of the application. */
export async function applicationOf(browser: Browser): Promise<BrowserContext> {
  const context = await browserOf(browser, { page: 'queries' });
  await context.route('**/app/**', (route) => {
    const query = new URL(route.request().url()).pathname.replace('/app/', '') as keyof typeof app;
    return route.fulfill({ json: app[query] });
  });
  return context;
}

export async function tabOf(context: BrowserContext, options: PageOptions = {}): Promise<Tab> {
  const tab = { requests: [] as string[], sockets: 0 };
  const page = await open(context, options, async (page) => {
    page.on('websocket', () => (tab.sockets += 1));
    page.on('request', (request) => {
      const path = new URL(request.url()).pathname;
      if (!path.startsWith('/client/')) tab.requests.push(path);
    });
  });
  return Object.assign(tab, { page });
}

const cached = ({ page }: Tab) => page.evaluate<Cached>('window.cached()');

/** Waits until each tab shows all that has happened and fetches nothing, and checks that nothing was late. */
export async function level(tabs: Tab[]): Promise<void> {
  const wanted: Cached = { title: app.title, cycles: [app['cycle/c-1'], app['cycle/c-2']], profile: app.profile, late: [], fetching: 0 };
  await Promise.all(tabs.map(({ page }) => until(page, `JSON.stringify(window.cached()) === ${JSON.stringify(JSON.stringify(wanted))}`).catch(() => {})));
  for (const tab of tabs) assert.deepEqual(await cached(tab), wanted);
}

/** Something happens, and the application knows it before it tells anyone. */
export async function happen(index: number): Promise<void> {
  if (index % 3 === 0) {
    app.title.push(`title ${index}`);
    return post(renamed(`title ${index}`));
  }
  const id = index % 3 === 1 ? 'c-1' : 'c-2';
  const component = `component-${index}`;
  app[`cycle/${id}`].push(component);
  return post(event('component.completed', { session_id: 's-1', component_type: component }, `Cycle/${id}`));
}
