/**
 * A folder for as long as something runs. Only its owner may read it, because secrets are handed on in it.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Calls `act` with an empty folder, which is deleted afterwards, whatever happens. */
export async function inScratch(act) {
  const folder = mkdtempSync(join(tmpdir(), 'roomcast-deploy-'));
  try {
    return await act(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
