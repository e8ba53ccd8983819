/** The page of the OpenAPI document: each operation with what is asked and what is answered. */

import { target, type Answer, type Content, type Example, type OpenApi, type Operation, type Parameter, type Scheme } from './documents.ts';
import { anchor, code, escape, folded, json, line, link, prose, table } from './html.ts';
import { page } from './page.ts';
import { all, type } from './schemas.ts';

/** Methods that only repeat what another says. */
const BESIDES = ['head', 'options'];

interface Named {
  method: string;
  path: string;
  operation: Operation;
}

export function http(document: OpenApi): string {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) => (method === 'servers' ? [] : [{ method, path, operation }])),
  );
  const main = operations.filter(({ method }) => !BESIDES.includes(method));
  const tagged = document.tags.map((tag) => ({ ...tag, own: main.filter(({ operation }) => operation.tags.includes(tag.name)) }));
  const places = tagged.map(({ name, own }) => ({ title: name, links: own.map(shortly) }));
  places.push({ title: 'More', links: ['<a href="#security">Who may ask</a>', '<a href="#schemas">Types</a>'] });
  const sections = tagged.map(
    ({ name, description, own }) =>
      `<section><h2>${escape(name)}</h2>${prose(description)}${own.map((one) => shown(one, operations, document)).join('\n')}</section>`,
  );
  const addresses = document.servers.map((server) => [code(server.url), line(server.description)]);
  const servers = `<section><h2>Addresses</h2>${table(['in front of a path', 'whose it is'], addresses)}</section>`;
  const content = [servers, ...sections, security(document.components.securitySchemes), all(document.components.schemas)];
  const other = { address: 'asyncapi', title: 'Over WebSockets' };
  return page(document.info, 'openapi.json', other, places, content.join('\n'));
}

const verb = (method: string): string => `<span class="method">${method.toUpperCase()}</span>`;

const shortly = ({ method, path, operation }: Named): string => link('operation', operation.operationId, `${verb(method)} ${escape(path)}`);

function shown({ method, path, operation }: Named, others: Named[], document: OpenApi): string {
  const also = others.filter((one) => one.path === path && BESIDES.includes(one.method) && method === 'get');
  const parts = [
    `<h3>${verb(method)} ${code(path)}</h3><p class="summary">${line(operation.summary)}</p>${prose(operation.description)}`,
    secured(operation),
    parameters(operation.parameters ?? []),
    operation.requestBody === undefined ? '' : `<h4>Body</h4>${prose(operation.requestBody.description)}${contents(operation.requestBody.content, document)}`,
    `<h4>Answers</h4>${Object.entries(operation.responses).map((one) => answer(one, document)).join('')}`,
    ...also.map(besides),
  ];
  return `<section class="panel" id="${anchor('operation', operation.operationId)}">${parts.join('\n')}</section>`;
}

function besides({ method, operation }: Named): string {
  const statuses = Object.keys(operation.responses).map(code).join(', ');
  return `<p class="aside">${verb(method)}: ${line(operation.summary)}. ${statuses}</p>`;
}

function secured(operation: Operation): string {
  const names = operation.security.flatMap(Object.keys);
  return names.length === 0 ? '<p class="aside">Anybody may ask.</p>' : `<p class="aside">Needs ${names.map((name) => link('security', name)).join(' or ')}.</p>`;
}

function parameters(list: Parameter[]): string {
  const row = (one: Parameter): string[] => [code(one.name), one.in, type(one.schema), one.required ? 'yes' : 'no', line(one.description)];
  return list.length === 0 ? '' : `<h4>Parameters</h4>${table(['name', 'in', 'type', 'required', 'meaning'], list.map(row))}`;
}

function contents(content: Record<string, Content>, document: OpenApi): string {
  return Object.entries(content).map(([media, one]) => `<p>${code(media)}: ${type(one.schema)}</p>${examples(one, document)}`).join('');
}

function examples(content: Content, document: OpenApi): string {
  const value = (one: Example): unknown => (one.$ref === undefined ? one.value : document.components.examples[target(one.$ref)]?.value);
  const several = Object.entries(content.examples ?? {}).map(([name, one]) => folded(`Example: ${code(name)}`, json(value(one))));
  return (content.example === undefined ? '' : folded('Example', json(content.example))) + several.join('');
}

function answer([status, one]: [string, Answer], document: OpenApi): string {
  const headers = Object.entries(one.headers ?? {}).map(([name, header]) => [code(name), line(header.description)]);
  const codes = Object.values(one.content ?? {}).flatMap((content) => Object.keys(content.examples ?? {}));
  const isProblem = Number(status) >= 400;
  const title = isProblem ? codes.map(code).join(', ') : line(one.description);
  const parts = [
    isProblem ? prose(one.description) : '',
    headers.length === 0 ? '' : table(['header', 'meaning'], headers),
    one.content === undefined ? '' : isProblem ? `<p>${link('schema', 'Problem')} as ${code('application/problem+json')}</p>${Object.values(one.content).map((content) => examples(content, document)).join('')}` : contents(one.content, document),
  ].filter((part) => part !== '');
  const head = `<strong class="${isProblem ? 'bad' : 'good'}">${status}</strong> ${title}`;
  return parts.length === 0 ? `<p class="answer">${head}</p>` : folded(head, parts.join('\n'));
}

/** How somebody shows who it is. */
export function security(schemes: Record<string, Scheme>): string {
  const place = ({ in: where, name, scheme }: Scheme): string => (name === undefined ? `header ${code(`Authorization: ${scheme === 'bearer' ? 'Bearer' : scheme}`)}` : `${where} ${code(name)}`);
  const entry = ([name, scheme]: [string, Scheme]): string => `<section class="panel" id="${anchor('security', name)}"><h3>${escape(name)}</h3><p>${place(scheme)}</p>${prose(scheme.description)}</section>`;
  return `<section id="security"><h2>Who may ask</h2>${Object.entries(schemes).map(entry).join('')}</section>`;
}

