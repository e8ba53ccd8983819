/**
 * Builds the pages into dist/, which is served as static files: each page in pages/ becomes a page of its own, with the
 * parts that it shares with others in common chunks.
 *
 * Uses the client's sources, so that the pages and the npm package cannot differ. `npm run dev` serves the pages while
 * they are being worked on, and passes everything else on to `scripts/dev`.
 */

import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { reference } from './reference/plugin.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const ROOMCAST = process.env.ROOMCAST_URL ?? 'http://127.0.0.1:8787';
const passOn = { target: ROOMCAST, ws: true, changeOrigin: true, rewriteWsOrigin: true };

export default defineConfig({
  root: at('pages'),
  publicDir: at('public'),
  appType: 'mpa',
  plugins: [svelte({ configFile: false }), reference()],
  resolve: {
    alias: [
      // Pages name what starts them by a path out of their folder, which is the root while they are being worked on.
      { find: /^\/src\//, replacement: at('src/') },
      { find: /^roomcast$/, replacement: at('../client/src/index.ts') },
      { find: /^roomcast\/presets\/(.*)$/, replacement: at('../client/src/presets/$1.ts') },
      { find: /^roomcast\/(.*)$/, replacement: at('../client/src/$1.ts') },
    ],
    // The client has a Svelte of its own for its tests.
    dedupe: ['svelte'],
  },
  build: {
    outDir: at('dist'),
    emptyOutDir: true,
    assetsDir: 'dashboard/assets',
    // The policy of the pages allows no text within them.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    rolldownOptions: { input: globSync(at('pages/**/*.html')) },
  },
  server: { fs: { allow: [at('..')] }, proxy: { '/api': passOn, '/ws': passOn, '/admin': passOn, '/sessions': passOn } },
});
