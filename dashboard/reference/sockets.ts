/** The page of the AsyncAPI document: each frame with its form, its examples, and what answers it. */

import { target, type AsyncApi, type Channel, type Message, type Schema } from './documents.ts';
import { anchor, code, escape, folded, json, line, link, prose } from './html.ts';
import { security } from './http.ts';
import { page } from './page.ts';
import { all, fields, form } from './schemas.ts';

interface Group {
  title: string;
  names: string[];
}

export function sockets(document: AsyncApi): string {
  const groups = grouped(document);
  const channels = Object.entries(document.channels);
  const places = [
    { title: 'Channels', links: channels.map(([name, one]) => link('channel', name, escape(one.title))) },
    ...groups.map(({ title, names }) => ({ title, links: names.map((name) => link('frame', name, escape(document.components.messages[name]?.title ?? name))) })),
    { title: 'More', links: ['<a href="#security">Who may connect</a>', '<a href="#schemas">Types</a>'] },
  ];
  const framed = new Set(groups.flatMap(({ names }) => names));
  const others = Object.entries(document.components.schemas).filter(([name]) => !framed.has(name));
  const content = [
    `<section><h2>Channels</h2>${channels.map(channel).join('\n')}</section>`,
    ...groups.map(({ title, names }) => `<section><h2>${escape(title)}</h2>${names.map((name) => frame(name, document)).join('\n')}</section>`),
    security(document.components.securitySchemes),
    all(Object.fromEntries(others)),
  ];
  const other = { address: 'openapi', title: 'Over HTTP' };
  return page(document.info, 'asyncapi.json', other, places, content.join('\n'));
}

/** The frames by who sends them. */
function grouped(document: AsyncApi): Group[] {
  const names = (action: string): string[] => {
    const own = Object.values(document.operations).filter((one) => one.action === action);
    return [...new Set(own.flatMap((one) => one.messages.map((message) => target(message.$ref))))];
  };
  return [
    { title: 'Server to client', names: names('send') },
    { title: 'Client to server', names: names('receive') },
  ];
}

function channel([name, one]: [string, Channel]): string {
  const query = fields(one.bindings.ws.query);
  return `<section class="panel" id="${anchor('channel', name)}"><h3>${code(one.address)}</h3>${prose(one.description)}<h4>Query</h4>${query}</section>`;
}

function frame(name: string, document: AsyncApi): string {
  const message = document.components.messages[name];
  if (message === undefined) return '';
  const schema: Schema = message.payload.$ref === undefined ? message.payload : (document.components.schemas[target(message.payload.$ref)] ?? {});
  const parts = [
    `<h3>${code(message.title)}</h3><p class="summary">${line(message.summary)}</p>${prose(message.description)}`,
    form(schema),
    answers(name, document),
    ...message.examples.map((one, at) => folded(at === 0 ? 'Example' : `Example ${at + 1}`, json(one.payload))),
  ];
  // Types name frames as schemas.
  return `<section class="panel" id="${anchor('frame', name)}"><span id="${anchor('schema', name)}"></span>${parts.join('\n')}</section>`;
}

function answers(name: string, document: AsyncApi): string {
  const asks = Object.values(document.operations).find((one) => one.action === 'receive' && one.messages.some((message) => target(message.$ref) === name));
  const shown = (message: Message | undefined, own: string): string => link('frame', own, code(message?.title ?? own));
  const links = (asks?.reply?.messages ?? []).map(({ $ref }) => shown(document.components.messages[target($ref)], target($ref)));
  return links.length === 0 ? '' : `<p>May be answered with ${links.join(', ')}.</p>`;
}
