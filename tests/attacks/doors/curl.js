// A request with curl, as somebody at a terminal would try it.

import { execFile } from "node:child_process";
import { differences } from "../verdict.js";

const SECONDS = "10";

/** `arguments` are passed to curl. `expect` has `status` and `code` (null: no problem document). */
export function curl({ arguments: given, expect }) {
  const all = ["--silent", "--max-time", SECONDS, "--write-out", "\n%{http_code}", ...given];
  return new Promise((resolve) => {
    execFile("curl", all, (error, output) => {
      if (error && !output) return resolve([`curl failed: ${error.message}`]);
      const lines = output.split("\n");
      const status = Number(lines.pop());
      resolve(differences(expect, { status, code: codeOf(lines.join("\n")) }));
    });
  });
}

function codeOf(text) {
  try {
    return JSON.parse(text).code ?? null;
  } catch {
    return null;
  }
}
