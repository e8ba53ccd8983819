// One request with undici, and its answer.

import { answerDifferences } from "../verdict.js";

/** `method`, `path`, `headers` and `body` are sent unchanged. */
export async function http({ method = "GET", path, headers = {}, body, expect }, server) {
  return answerDifferences(expect, await server.request({ method, path, headers, body }));
}
