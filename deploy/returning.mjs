/**
 * The way back to the release before.
 *
 * `wrangler versions deploy` does it and not `wrangler rollback`: if secrets were changed in between, the first is refused by Cloudflare, and the second, which cannot
 * ask anybody here, would put the old ones back. A sealing key that is no longer there makes documents unreadable.
 */

import { waitFor } from './health.mjs';
import { before, hindrance } from './releases.mjs';

const named = ({ id, tag }) => `${id}, commit ${tag}`;

/** `scripts/deploy --rollback`. Answers the exit code. */
export async function goBack(wrangler, choice, { name, url, entries }) {
  const [live] = entries;
  const older = before(entries);
  const why = live ? hindrance(live, older) : `${name} has never been deployed`;
  if (why) {
    console.error(`error: cannot go back: ${why}.\n\nNothing was changed.`);
    return 1;
  }
  console.log(`${name}: back from ${named(live)}, to ${named(older)}. Routes, domains, queues and what is stored stay as they are.`);
  if (choice.dryRun) {
    console.log('Nothing was changed: --dry-run.');
    return 0;
  }
  return (await sendBack(wrangler, choice, older, url)) ? 0 : 1;
}

/** Gives all traffic to an older version, at once, and looks whether it works. Says whether it does. */
export async function sendBack(wrangler, choice, older, url) {
  const words = ['versions', 'deploy', `${older.id}@100`, '--yes', `--message=back to ${older.tag}`, '--durable-objects-code-update-mode=immediate'];
  const { code } = await wrangler.show(words);
  if (code !== 0) {
    console.error(`error: going back to ${named(older)} failed.`);
    console.error('If secrets were changed since then, Cloudflare refuses it, because they would be changed back: check out that commit and deploy it instead.');
    return false;
  }
  const wrong = url && (await waitFor(url, undefined, choice.patience));
  console.log(`Live again: ${named(older)}.${url ? '' : ' Its address is not known: add --url to have it looked at.'}`);
  if (wrong) console.error(`error: ${url}/healthz is not well: ${wrong}`);
  return !wrong;
}
