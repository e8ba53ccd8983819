/**
 * Puts the documents of the wire beside the pages, with a page of each: docs/openapi.json at /openapi.json and /openapi, and the same for
 * docs/asyncapi.json. The pages are made while the others are built. Nothing in them is loaded from elsewhere.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import type { AsyncApi, OpenApi } from './documents.ts';
import { http } from './http.ts';
import { sockets } from './sockets.ts';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');

/** The files by their paths. */
export function files(): Record<string, string> {
  const [openapi, asyncapi] = [read('../../docs/openapi.json'), read('../../docs/asyncapi.json')];
  return {
    'openapi.json': openapi,
    'asyncapi.json': asyncapi,
    'openapi.html': http(JSON.parse(openapi) as OpenApi),
    'asyncapi.html': sockets(JSON.parse(asyncapi) as AsyncApi),
    'dashboard/reference.css': read('../src/style.css') + read('./reference.css'),
  };
}

export function reference(): Plugin {
  return {
    name: 'roomcast-reference',
    generateBundle() {
      for (const [fileName, source] of Object.entries(files())) this.emitFile({ type: 'asset', fileName, source });
    },
  };
}
