/**
 * Tries what the README shows, as somebody does who installs the package: packs it, puts it into an empty folder, checks the types of each example
 * and runs it. Also checks that the links of the package's documents lead to files of the package. Needs the build, and no network; with the
 * argument `install`, npm installs everything from its registry instead.
 *
 * What examples leave to their readers, such as a token, is in readme-globals.d.ts. What each has to do is in readme-cases.ts.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transform } from 'esbuild';
import { compile } from 'svelte/compiler';
import { CASES } from './readme-cases.ts';

const CLIENT = new URL('..', import.meta.url).pathname;
const { peerDependencies, devDependencies } = JSON.parse(readFileSync(join(CLIENT, 'package.json'), 'utf8'));
/** What examples need beside the package. */
const NEEDED = [...Object.keys(peerDependencies), 'react-dom', '@tanstack/react-query', '@types/react', '@types/node'];

interface Example {
  heading: string;
  language: string;
  code: string;
}

/** The code blocks of a document, with the heading above each. */
function examples(markdown: string): Example[] {
  const found: Example[] = [];
  let heading = '';
  for (const [, title, language, code] of markdown.matchAll(/^#+ (.+)$|^```(\w+)\n([^]*?)^```$/gm)) {
    if (title !== undefined) heading = title;
    else if (language !== undefined && code !== undefined) found.push({ heading, language, code });
  }
  return found;
}

/** Puts the package into a folder of its own, with what it needs. */
function install(folder: string, from: 'registry' | 'here'): void {
  const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: CLIENT, encoding: 'utf8' }));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }');
  if (from === 'registry') {
    const versions = NEEDED.map((name) => `${name}@${devDependencies[name]}`);
    execFileSync('npm', ['install', '--no-audit', '--no-fund', `./${filename}`, ...versions], { cwd: folder, stdio: 'inherit' });
    return;
  }
  const unpacked = join(folder, 'node_modules/roomcast');
  mkdirSync(unpacked, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', unpacked, '--strip-components=1']);
  for (const name of NEEDED) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(CLIENT, 'node_modules', name), link);
  }
}

/** Links within the package lead to what is in it. */
function checkLinks(folder: string): void {
  for (const document of ['README.md', 'SPEC.md']) {
    const text = readFileSync(join(folder, 'node_modules/roomcast', document), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
      if (!/^https?:/.test(target)) assert.ok(existsSync(join(folder, 'node_modules/roomcast', target)), `${document} links to ${target}, which is not in the package`);
    }
  }
}

/** Writes the examples as their readers would, and checks their types. */
function checkTypes(folder: string, all: Example[]): void {
  all.forEach(({ language, code }, index) => {
    const [, script = code] = code.match(/<script>([^]*)<\/script>/) ?? [];
    writeFileSync(join(folder, `example-${index}.${language === 'tsx' ? 'tsx' : 'ts'}`), `${script}\nexport {};\n`);
  });
  const globals = readFileSync(join(CLIENT, 'tests/readme-globals.d.ts'));
  writeFileSync(join(folder, 'globals.d.ts'), globals);
  const compilerOptions = {
    noEmit: true, strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, target: 'ES2022', module: 'ESNext', moduleResolution: 'bundler',
    jsx: 'react-jsx', lib: ['ES2022', 'DOM', 'DOM.Iterable'], types: ['node'], skipLibCheck: true,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts', '*.tsx'] }));
  execFileSync(join(CLIENT, 'node_modules/.bin/tsc'), ['-p', folder], { stdio: 'inherit' });
}

/** The JavaScript of an example. */
async function compiled({ language, code }: Example): Promise<string> {
  if (language === 'svelte') return compile(code, { filename: 'Example.svelte' }).js.code;
  const { code: script } = await transform(code, { loader: language === 'tsx' ? 'tsx' : 'ts', jsx: 'automatic', format: 'esm' });
  return script;
}

const folder = mkdtempSync(join(tmpdir(), 'roomcast-readme-'));
try {
  install(folder, process.argv[2] === 'install' ? 'registry' : 'here');
  checkLinks(folder);
  const all = examples(readFileSync(join(folder, 'node_modules/roomcast/README.md'), 'utf8'));
  assert.deepEqual(all.map(({ heading }) => heading), CASES.map(({ heading }) => heading), 'each example has a case');
  checkTypes(folder, all);
  for (const [index, example] of all.entries()) {
    const file = join(folder, `run-${index}.js`);
    writeFileSync(file, await compiled(example));
    await CASES[index]?.run(file);
    console.log(`README, ${example.heading}: ${example.language} is right, and runs`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.exit();
