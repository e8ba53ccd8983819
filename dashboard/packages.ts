/**
 * Prints the folders of the npm packages of which something is in the pages, for the list of licences that a release has. The bundler says which these are:
 * most of what is in node_modules is not.
 *
 * Builds the pages for it, and deliberately writes none of them.
 */

import { build, type Rollup } from 'vite';

/** The folder of the package that a module is in. A package can be in the folder of another one. */
const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/;
/** What the bundler and its driver add themselves, such as `\0vite/preload-helper.js`. */
const ADDED = /^\0(vite|rolldown)\//;

function folder(id: string): string[] {
  const added = ADDED.exec(id)?.[1];
  if (added) return [new URL(`node_modules/${added}`, import.meta.url).pathname];
  return PACKAGE.exec(id.replace(/^\0/, ''))?.slice(0, 1) ?? [];
}

function isIn(id: string, chunk: Rollup.OutputChunk): boolean {
  // The text of a style sheet is in a file of its own.
  return (chunk.modules[id]?.renderedLength ?? 0) > 0 || /\.css(\?|$)/.test(id);
}

const folders = new Set<string>();
await build({
  configFile: new URL('vite.config.ts', import.meta.url).pathname,
  logLevel: 'error',
  build: { write: false },
  plugins: [
    {
      name: 'packages',
      generateBundle(_, bundle) {
        const chunks = Object.values(bundle).filter((output) => output.type === 'chunk');
        const ids = chunks.flatMap((chunk) => chunk.moduleIds.filter((id) => isIn(id, chunk)));
        ids.flatMap(folder).forEach((one) => folders.add(one));
      },
    },
  ],
});
console.log([...folders].sort().join('\n'));
