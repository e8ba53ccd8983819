/**
 * Calls wrangler, which does all that is done on Cloudflare. It only runs programs: what to call, and what answers mean, is elsewhere.
 *
 * Nobody can be asked anything: wrangler has no input, and so takes what it does by default.
 */

import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

// The banner, colours and telemetry would be in the way of what is read.
const SETTINGS = { WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true', NO_COLOR: '1' };

/** Runs a program to its end. `shown`: its output goes to the terminal. */
export function run(program, words, { shown = false, settings = {} } = {}) {
  return new Promise((resolve) => {
    const stdio = ['ignore', ...(shown ? ['inherit', 'inherit'] : ['pipe', 'pipe'])];
    const child = spawn(program, words, { stdio, env: { ...process.env, ...settings } });
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) child[stream]?.on('data', (bytes) => (said[stream] += bytes));
    child.on('error', (error) => resolve({ code: 127, stdout: '', stderr: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, ...said }));
  });
}

/** The wrangler of an environment. `--env=` means the settings at the top also where there are environments. */
export function wrangler({ env, config }) {
  const program = process.env.WRANGLER || 'wrangler';
  const call = (words, more) => {
    const settings = { ...SETTINGS, ...more?.settings };
    return run(program, [...words, `--env=${env}`, `--config=${config}`], { ...more, settings });
  };
  return { ask: (...words) => call(words), show: (words, settings) => call(words, { shown: true, settings }) };
}

/** What an answer says in one line, for messages: the error that wrangler names, else its last line. */
export function inOneLine({ stdout, stderr }) {
  const lines = stripVTControlCharacters(`${stdout}\n${stderr}`).split('\n').map((line) => line.trim());
  const said = lines.filter((line) => line && !line.includes('Logs were written to'));
  const error = said.find((line) => /ERROR|code: \d+/.test(line)) ?? said.at(-1) ?? 'it said nothing';
  return error.replace(/^.*\[ERROR\]\s*/, '');
}

/** Whether an answer says that the Worker has never been deployed. */
export function isUnknownWorker({ stdout, stderr }) {
  return /code: (10007|10090)\]|^.*Worker "[^"]*".* not found/m.test(stdout + stderr);
}
