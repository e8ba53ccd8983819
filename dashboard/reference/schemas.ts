/** Schemas as HTML: the type of a value in one line, and the fields of an object in a table. */

import { target, type Schema } from './documents.ts';
import { anchor, code, line, link, prose, table } from './html.ts';

/** The type of a value in one line. Types with a name are shown by it. */
export function type(schema: Schema | boolean | undefined): string {
  if (schema === undefined || typeof schema === 'boolean') return 'any JSON';
  if (schema.$ref !== undefined) return link('schema', target(schema.$ref));
  if ('const' in schema) return code(JSON.stringify(schema.const));
  if (schema.enum !== undefined) return schema.enum.map((one) => code(JSON.stringify(one))).join(' or ');
  const members = schema.oneOf ?? schema.anyOf;
  if (members !== undefined) return members.map(type).join(' or ');
  if (schema.allOf !== undefined) return schema.allOf.map(type).join(' and ');
  if (schema.type === 'array') return `list of ${type(schema.items)}`;
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object') return `object of ${type(schema.additionalProperties)}`;
  const types = schema.type === undefined ? ['any JSON'] : [schema.type].flat();
  return types.join(' or ') + limits(schema);
}

function limits(schema: Schema): string {
  const parts = [
    range(schema.minimum, schema.maximum, ''),
    range(schema.minLength, schema.maxLength, ' characters'),
    schema.format === undefined ? '' : schema.format,
    schema.default === undefined || schema.default === null ? '' : `by default ${JSON.stringify(schema.default)}`,
  ];
  const said = parts.filter((part) => part !== '').join(', ');
  return said === '' ? '' : ` <span class="aside">(${line(said)})</span>`;
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  if (most === undefined) return least === undefined || least === 0 ? '' : `at least ${least}${unit}`;
  return least === undefined ? `at most ${most}${unit}` : `${least} to ${most}${unit}`;
}

/** The fields of an object, those of its parts included; nothing if there are none. */
export function fields(schema: Schema): string {
  const own = Object.entries(schema.properties ?? {});
  const required = new Set(schema.required);
  const rows = own.map(([name, field]) => {
    const about = typeof field === 'object' ? line(field.description ?? '') : '';
    return [code(name), type(field), required.has(name) ? 'yes' : 'no', about];
  });
  return rows.length === 0 ? '' : table(['field', 'type', 'required', 'meaning'], rows);
}

/** What a type is made of: its fields, what it may be, or its type. */
export function form(schema: Schema): string {
  const members = schema.oneOf ?? schema.anyOf;
  const parts = [fields(schema)];
  if (schema.allOf !== undefined) parts.push(`<p>And all of ${schema.allOf.map(type).join(', ')}.</p>`);
  if (members !== undefined) parts.push(alternatives(members));
  const shown = parts.filter((part) => part !== '').join('\n');
  return shown === '' ? `<p>${type(schema)}</p>` : shown;
}

function alternatives(members: Schema[]): string {
  if (members.some((one) => one.properties !== undefined)) {
    return `<p>One of:</p><ul class="variants">${members.map((one) => `<li>${prose(one.description)}${form({ ...one })}</li>`).join('')}</ul>`;
  }
  return table(['value', 'meaning'], members.map((one) => [type(one), line(one.description ?? '')]));
}

/** All types with a name. */
export function all(schemas: Record<string, Schema>): string {
  const entry = ([name, schema]: [string, Schema]): string =>
    `<section class="panel" id="${anchor('schema', name)}"><h3>${code(name)}</h3>${prose(schema.description)}${form(schema)}</section>`;
  return `<section id="schemas"><h2>Types</h2>${Object.entries(schemas).map(entry).join('\n')}</section>`;
}
