// What amounts cost on Cloudflare, in dollars: the price list that `roomcast cost` uses.
//
// What a plan includes is not subtracted: the question is what one more event costs.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const LIST = join(import.meta.dirname, "../src/bin/roomcast/cost/prices.json");

export const prices = JSON.parse(readFileSync(LIST, "utf8"));

/**
 * @param {object} amounts for a million events. CPU time that is not known is left out; without any of
 *   the others there is no sum.
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
