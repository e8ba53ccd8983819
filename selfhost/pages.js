/**
 * Serves the dashboards and the documents of the wire on bare workerd, as static assets are served on Cloudflare: the files of dashboard/dist, with the headers
 * that its file `_headers` names for their paths, at addresses without `.html`.
 *
 * Only the Worker asks it. It deliberately has no redirects and no cache of its own: browsers compare with the entity tag.
 */

const MEDIA_TYPES = { html: "text/html; charset=utf-8", css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8", svg: "image/svg+xml", json: "application/json" };

/** A path without encodings, hidden files and folders above. */
const PATH = /^(\/|(\/[A-Za-z0-9][\w-]*(\.[\w-]+)*)+)$/;

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    const file = PATH.test(pathname) ? await read(env.FILES, named(pathname)) : null;
    if (file === null) return new Response(null, { status: 404 });
    const headers = await headersFor(env.FILES, pathname);
    const tag = await entityTag(file);
    headers.set("etag", tag);
    if (matches(request.headers.get("if-none-match"), tag)) return new Response(null, { status: 304, headers });
    headers.set("content-type", MEDIA_TYPES[named(pathname).split(".").at(-1)] ?? "application/octet-stream");
    headers.set("vary", "accept-encoding");
    // The runtime compresses what has this header.
    if (/\bgzip\b/.test(request.headers.get("accept-encoding") ?? "")) headers.set("content-encoding", "gzip");
    return new Response(file, { headers });
  },
};

function named(path) {
  if (path === "/") return "/index.html";
  return /\.[^/]*$/.test(path) ? path : `${path}.html`;
}

async function read(files, path) {
  const answer = await files.fetch(`http://files${path}`);
  return answer.ok ? answer.arrayBuffer() : null;
}

async function entityTag(file) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", file));
  return `"${[...hash.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
}

function matches(known, tag) {
  return known !== null && (known.trim() === "*" || known.split(",").some((one) => one.trim().replace(/^W\//, "") === tag));
}

/** The headers for a path. Rules are patterns, where `*` stands for anything, with lines of headers below; `! name` takes one away. */
async function headersFor(files, path) {
  const text = new TextDecoder().decode((await read(files, "/_headers")) ?? new ArrayBuffer(0));
  const headers = new Headers();
  let applies = false;
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    if (!/^\s/.test(line)) applies = covers(line.trim(), path);
    else if (applies) change(headers, line.trim());
  }
  return headers;
}

function covers(pattern, path) {
  const [start, ...rest] = pattern.split("*");
  return rest.length === 0 ? path === start : path.startsWith(start);
}

function change(headers, line) {
  if (line.startsWith("!")) return headers.delete(line.slice(1).trim());
  const colon = line.indexOf(":");
  headers.set(line.slice(0, colon), line.slice(colon + 1).trim());
}
