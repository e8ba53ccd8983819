/**
 * The parts of the documents of the wire that the pages show. The documents are made from the Rust types, so what is in them is not
 * checked again here.
 */

export interface Schema {
  $ref?: string;
  title?: string;
  description?: string;
  type?: string | string[];
  format?: string;
  pattern?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema | boolean;
  properties?: Record<string, Schema | boolean>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
}

export interface Example {
  $ref?: string;
  value?: unknown;
  payload?: unknown;
}

export interface Content {
  schema: Schema;
  example?: unknown;
  examples?: Record<string, Example>;
}

export interface Answer {
  description: string;
  headers?: Record<string, { description: string }>;
  content?: Record<string, Content>;
}

export interface Parameter {
  name: string;
  in: string;
  required: boolean;
  description: string;
  schema: Schema;
}

export interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  security: Record<string, string[]>[];
  parameters?: Parameter[];
  requestBody?: { description: string; content: Record<string, Content> };
  responses: Record<string, Answer>;
}

export interface Scheme {
  type: string;
  in?: string;
  name?: string;
  scheme?: string;
  description: string;
}

export interface Info {
  title: string;
  version: string;
  description: string;
}

export interface OpenApi {
  info: Info;
  servers: { url: string; description: string }[];
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, Scheme>; examples: Record<string, Example> };
}

export interface Reference {
  $ref: string;
}

export interface Message {
  name: string;
  title: string;
  summary: string;
  description?: string;
  payload: Schema;
  examples: Example[];
}

export interface Channel {
  address: string;
  title: string;
  description: string;
  messages: Record<string, Reference>;
  bindings: { ws: { query: Schema } };
}

export interface Act {
  action: 'send' | 'receive';
  channel: Reference;
  summary: string;
  messages: Reference[];
  security: Reference[];
  reply?: { messages: Reference[] };
}

export interface AsyncApi {
  info: Info;
  servers: Record<string, { host: string; pathname?: string; protocol: string; description: string }>;
  channels: Record<string, Channel>;
  operations: Record<string, Act>;
  components: { schemas: Record<string, Schema>; messages: Record<string, Message>; securitySchemes: Record<string, Scheme> };
}

/** The last step of a path to another part of the document. */
export const target = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
