// What usage costs on Cloudflare, in dollars, by the price list that `roomcast cost` uses.
//
// What a plan includes is not subtracted, because the question is what one more event costs.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const LIST = join(import.meta.dirname, "../src/metering/prices.json");

export const prices = JSON.parse(readFileSync(LIST, "utf8"));

/**
 * @param {object} amounts for a million events. Unknown CPU time is left out; if any other amount is unknown, there is
 *   no sum.
 * @returns {number} dollars for a million events
 */
export function dollarsPerMillion({ posts, cpuMs = 0, objectRequests, awakeSeconds, rowsRead, rowsWritten }) {
  const priced = [
    [posts, prices.workersRequest],
    [cpuMs, prices.workersCpuMs],
    [objectRequests, prices.objectRequest],
    [awakeSeconds * prices.objectGbSecond.gbPerObject, prices.objectGbSecond],
    [rowsRead, prices.rowRead],
    [rowsWritten, prices.rowWritten],
  ];
  return priced.reduce((sum, [amount, { perMillion }]) => sum + (amount * perMillion) / 1e6, 0);
}
