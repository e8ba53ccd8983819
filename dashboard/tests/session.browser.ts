// The session dashboard in Chromium, with a room that the test plays: what a reader does with it. `npm run browser` runs it.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Update } from 'roomcast/presets/sessions';
import type { ViteDevServer } from 'vite';
import { fed } from './kept.ts';
import { launch, open, serve } from './room.ts';

const EXAMPLE = fed<Update>('sessions');

let browser: Browser;
let server: ViteDevServer;
before(async () => {
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser.close();
  await server.close();
});

const session = (updates: readonly Update[] = EXAMPLE, forgotten = 0) => open(browser, server, updates, forgotten);
const heading = (page: Page) => page.getByRole('heading', { level: 1 });
const slider = (page: Page) => page.getByRole('slider', { name: 'Point in the past' });
const lookBack = async (page: Page) => {
  await page.getByRole('button', { name: 'Look back' }).click();
  await slider(page).waitFor();
};
const message = (id: number): Update => ({
  type: 'dashboard.update', seq: 0, updateType: 'conversation.message', timestamp: '2026-11-20T09:00:00Z',
  data: { cycleId: 'cycle-8b27', componentType: 'objectives', message: { id: `new-${id}`, role: 'user', contentPreview: `Message ${id}`, timestamp: '2026-11-20T09:00:00Z' } },
});
/** That a condition in the page comes true. */
const until = (page: Page, condition: () => unknown) => page.waitForFunction(condition);

test('the slider shows the session as it was, and the live view goes on', async () => {
  const { page, room } = await session(EXAMPLE.slice(0, 80));
  await lookBack(page);
  assert.ok(room.reads >= 4, 'the log is read page by page');
  await slider(page).fill('1');
  assert.equal(await heading(page).innerText(), 'New premises');
  assert.match(await slider(page).getAttribute('aria-valuetext') ?? '', /^1 of 80 updates\. 18 Nov 2026, 08:02:14: New premises is now the title$/);
  assert.match(await page.title(), /^Not live: New premises/);
  await page.getByText('Not live.').waitFor();
  room.tell(EXAMPLE.slice(80));
  await page.getByText('1 of 84 updates').waitFor();
  assert.equal(await heading(page).innerText(), 'New premises');
  await slider(page).fill('84');
  assert.match(await heading(page).innerText(), /in two steps$/);
  await slider(page).fill('0');
  await page.getByText('Before the first update').waitFor();
  await page.getByRole('button', { name: 'Back to live' }).click();
  assert.match(await heading(page).innerText(), /in two steps$/);
  assert.equal(await page.getByRole('button', { name: 'Look back' }).evaluate((button) => button === document.activeElement), true);
});

test('the past plays by itself, and stops when it is told to, or has come to the end', async () => {
  const { page } = await session();
  await lookBack(page);
  await page.getByRole('button', { name: '60×' }).click();
  await slider(page).fill('0');
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await until(page, () => Number(document.querySelector<HTMLInputElement>('[type=range]')?.value) > 2);
  await page.getByRole('button', { name: 'Pause' }).click();
  const stopped = Number(await slider(page).inputValue());
  assert.ok(stopped > 2 && stopped < 84);
  await slider(page).fill('83');
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await page.getByText('84 of 84 updates').waitFor();
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
});

test('a log that does not go back to the beginning says so, and shows what has not changed since', async () => {
  const { page } = await session(EXAMPLE, 60);
  await lookBack(page);
  await page.getByText('The log does not go back further than number 61.').waitFor();
  await slider(page).fill('0');
  assert.equal(await heading(page).innerText(), 'Where should Bäckerei Kranz & Mori move?');
  assert.equal(await page.getByRole('treeitem').count(), 2);
});

test('a log that cannot be read leaves the page live, and says why', async () => {
  const { page, room } = await session();
  room.refuseLog();
  await page.getByRole('button', { name: 'Look back' }).click();
  await page.getByRole('alert').filter({ hasText: 'The log could not be read. The token has expired.' }).waitFor();
  assert.equal(await slider(page).count(), 0);
});

test('the past survives a connection that is lost, and has what came meanwhile', async () => {
  const { page, room } = await session(EXAMPLE.slice(0, 70));
  await lookBack(page);
  await slider(page).fill('30');
  room.drop();
  await page.locator('.badge[data-phase=live]').waitFor();
  room.tell(EXAMPLE.slice(70, 75));
  await page.getByText('30 of 75 updates').waitFor();
});

test('typing is told at most every two seconds, and shown for four', async () => {
  const { page, room } = await session();
  await page.clock.install();
  const told = () => room.sent.filter(({ type, data }) => type === 'signal' && (data as { typing?: boolean }).typing).length;
  await page.getByLabel('A note to those').pressSequentially('hello');
  assert.equal(told(), 1);
  await page.clock.runFor(2_100);
  await page.getByLabel('A note to those').pressSequentially(' you two');
  assert.equal(told(), 2);
  room.frame({ type: 'signal', user: 'anna', clientId: 'c2', data: { typing: true } });
  await page.getByText('anna is typing…').waitFor();
  await page.clock.runFor(3_500);
  assert.equal(await page.getByText('anna is typing…').count(), 1);
  await page.clock.runFor(1_000);
  await page.getByText('anna is typing…').waitFor({ state: 'detached' });
});

test('a note is sent to those who are here, and theirs are shown', async () => {
  const { page, room } = await session();
  await page.getByLabel('A note to those').fill('Look at the scores');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByLabel('Notes, oldest first').getByText('Look at the scores').waitFor();
  assert.deepEqual(room.sent.at(-1), { type: 'signal', data: { note: 'Look at the scores' } });
  room.frame({ type: 'signal', user: 'anna', clientId: 'c2', data: { note: 'I do' } });
  await page.getByLabel('Notes, oldest first').getByText('I do').waitFor();
  await page.getByLabel('A note to those').fill('x'.repeat(300));
  await page.getByText('Too long by about').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Send' }).isDisabled(), true);
  room.frame({ type: 'presence.state', count: 1, users: [{ user: 'you' }] });
  await page.getByLabel('A note to those').fill('Hello?');
  await page.getByText('Nobody else is here').waitFor();
});

test('others see which cycle is looked at', async () => {
  const { page, room } = await session();
  await page.getByRole('treeitem', { name: /Cycle 1/ }).click();
  const shown = room.sent.filter(({ type }) => type === 'presence.set').map(({ data }) => data);
  assert.deepEqual(shown, [{ cycle: 'cycle-8b27' }, { cycle: 'cycle-1f4c' }]);
  room.frame({ type: 'presence.changed', count: 2, joined: [], left: [], changed: [{ user: 'anna', data: { cycle: 'cycle-1f4c' } }] });
  await page.locator('[data-user=anna]').getByText('looks at Cycle 1').waitFor();
});

test('the tree of cycles is used by keyboard', async () => {
  const { page } = await session();
  const selected = () => page.locator('[role=treeitem][aria-selected=true]').getAttribute('data-id');
  const focused = () => page.evaluate(() => (document.activeElement as HTMLElement).dataset.id);
  assert.equal(await selected(), 'cycle-8b27');
  await page.locator('[role=treeitem][tabindex="0"]').focus();
  assert.equal(await focused(), 'cycle-8b27');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await focused(), 'cycle-1f4c');
  await page.keyboard.press('Enter');
  assert.equal(await selected(), 'cycle-1f4c');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await page.getByRole('treeitem').count(), 1);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('End');
  assert.equal(await focused(), 'cycle-8b27');
  await page.getByRole('button', { name: 'Follow the active one' }).click();
  assert.equal(await selected(), 'cycle-8b27');
});

test('the conversation stays at its end, and still while somebody reads further up', async () => {
  const { page, room } = await session([...EXAMPLE, ...Array.from({ length: 29 }, (_, id) => message(id))].map((update, index) => ({ ...update, seq: index + 1 })));
  const list = page.getByLabel('Messages, oldest first');
  const fromEnd = () => list.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight);
  room.tell([message(100)]);
  await list.getByText('Message 100').waitFor();
  assert.ok((await fromEnd()) < 2);
  await list.evaluate((element) => (element.scrollTop = element.scrollHeight / 2));
  const read = () => list.evaluate((element) => {
    const top = element.getBoundingClientRect().top;
    const first = [...element.children].find((entry) => entry.getBoundingClientRect().bottom > top);
    return [(first as HTMLElement).dataset.message, Math.round((first?.getBoundingClientRect().top ?? 0) - top)];
  });
  const seen = await read();
  room.tell([message(101), message(102), message(103)]);
  await page.getByRole('button', { name: '3 new messages' }).waitFor();
  assert.deepEqual(await read(), seen);
  await page.getByRole('button', { name: '3 new messages' }).click();
  await until(page, () => document.querySelector('.newer') === null);
  assert.ok((await fromEnd()) < 2);
});

test('a screen reader is told of components and cycles only', async () => {
  const { page, room } = await session(EXAMPLE.slice(0, 48));
  await page.evaluate(() => {
    const said: string[] = [];
    Object.assign(window, { said });
    const region = document.querySelector('[aria-live=polite]');
    new MutationObserver(() => said.push(region?.textContent ?? '')).observe(region as Node, { childList: true, characterData: true, subtree: true });
  });
  for (const update of EXAMPLE.slice(48, 62)) room.tell([update]);
  await until(page, () => (window as unknown as { roomcast: { seqs: number[] } }).roomcast.seqs.length === 14);
  const said = await page.evaluate(() => (window as unknown as { said: string[] }).said);
  assert.deepEqual(said, [
    'Cycle 2 branched from Cycle 1 at Alternatives.',
    'Issue raising, Cycle 2 is completed, 1 of 9.',
    'Problem frame, Cycle 2 is completed, 2 of 9.',
    'Objectives, Cycle 2 is completed, 3 of 9.',
    'Alternatives, Cycle 2 is completed, 4 of 9.',
  ]);
});

test('scores are drawn, and are there as numbers', async () => {
  const { page } = await session();
  await page.locator('.plot canvas').first().waitFor();
  assert.equal(await page.locator('.plot canvas').count(), 2);
  const table = page.getByRole('table', { name: 'Decision quality' });
  assert.match(await table.innerText(), /Reliable information\s+80\s+45/);
  await page.getByRole('button', { name: 'As numbers' }).last().click();
  assert.equal(await page.locator('.plot').count(), 1);
  await page.getByLabel('Compare cycles').uncheck();
  assert.doesNotMatch(await table.innerText(), /Cycle 1/);
});

test('a chart follows its box, also when that becomes smaller', async () => {
  const { page } = await session();
  const sizes = () => page.locator('.plot').first().evaluate((box) => [box.clientWidth, box.clientHeight]);
  const fits = (width: number) => page.waitForFunction((most) => {
    const [box, canvas] = [document.querySelector('.plot'), document.querySelector('.plot canvas')];
    return box !== null && box.clientWidth < most && box.clientWidth === canvas?.clientWidth && box.clientHeight === canvas.clientHeight;
  }, width);
  await fits(1_280);
  const before = await sizes();
  await page.setViewportSize({ width: 2_560, height: 1_440 });
  await page.waitForFunction((least) => (document.querySelector('.plot canvas')?.clientWidth ?? 0) > least, before[0] ?? 0);
  await page.setViewportSize({ width: 1_280, height: 900 });
  await fits((before[0] ?? 0) + 1);
  assert.deepEqual(await sizes(), before);
});
