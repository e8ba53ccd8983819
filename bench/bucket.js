// A bucket in memory, for measurements of a cluster of workerd: as much of S3 as such a cluster asks for
// (https://docs.aws.amazon.com/AmazonS3/latest/API/), conditional writes included.
//
// It checks no signature and keeps nothing: who ends it has lost everything in it.
//
//   node bench/bucket.js      serves on a free port of 127.0.0.1, and prints its address

import { createHash } from "node:crypto";
import { createServer } from "node:http";

/** What is stored: bodies and their entity tags, by bucket and key. */
const objects = new Map();

/** The path of an object: its bucket and its key. */
const pathOf = (url) => decodeURIComponent(url.pathname.slice(1));

const escape = (text) => text.replace(/[<>&]/g, (sign) => `&#${sign.codePointAt(0)};`);

/** Whether the conditions of a request hold for what is stored. */
function holds({ "if-match": wanted, "if-none-match": unwanted }, stored) {
  if (unwanted === "*") return stored === undefined;
  return wanted === undefined || stored?.tag === wanted;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html, all in one page. */
function list(url) {
  const bucket = `${pathOf(url).replace(/\/$/, "")}/`;
  const [prefix, delimiter] = ["prefix", "delimiter"].map((name) => url.searchParams.get(name) ?? "");
  const paths = [...objects.keys()].filter((path) => path.startsWith(bucket + prefix)).toSorted();
  const keys = paths.map((path) => path.slice(bucket.length));
  /** Where the folder of a key ends; 0 if it is in none. */
  const folderEnd = (key) => (delimiter === "" ? 0 : key.indexOf(delimiter, prefix.length) + 1);
  const folders = new Set(keys.filter(folderEnd).map((key) => key.slice(0, folderEnd(key))));
  const contents = keys.filter((key) => folderEnd(key) === 0).map((key) => {
    const { body, tag, at } = objects.get(bucket + key);
    const fields = `<Key>${escape(key)}</Key><LastModified>${at}</LastModified><ETag>${escape(tag)}</ETag>`;
    return `<Contents>${fields}<Size>${body.length}</Size></Contents>`;
  });
  const prefixes = [...folders].map((folder) => `<CommonPrefixes><Prefix>${escape(folder)}</Prefix></CommonPrefixes>`);
  const counted = `<KeyCount>${contents.length + prefixes.length}</KeyCount><IsTruncated>false</IsTruncated>`;
  const text = `<?xml version="1.0"?><ListBucketResult>${counted}${contents.join("")}${prefixes.join("")}</ListBucketResult>`;
  return [200, { "content-type": "application/xml" }, text];
}

function get(range, stored) {
  const { body, tag, at } = stored;
  const headers = { etag: tag, "last-modified": new Date(at).toUTCString() };
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
  if (first === undefined) return [200, headers, body];
  const part = body.subarray(Number(first), last === "" ? undefined : Number(last) + 1);
  return [206, { ...headers, "content-range": `bytes ${first}-${Number(first) + part.length - 1}/${body.length}` }, part];
}

function put(path, body) {
  const tag = `"${createHash("md5").update(body).digest("hex")}"`;
  objects.set(path, { body, tag, at: new Date().toISOString() });
  return [200, { etag: tag }, ""];
}

/** Status, headers and body of the answer. */
function answer({ method, headers }, url, body) {
  if (method === "GET" && url.searchParams.has("list-type")) return list(url);
  const path = pathOf(url);
  const stored = objects.get(path);
  if (method === "GET" || method === "HEAD") return stored ? get(headers.range, stored) : [404, {}, ""];
  if (!holds(headers, stored)) return [headers["if-match"] && !stored ? 404 : 412, {}, ""];
  if (method === "PUT") return put(path, body);
  if (method !== "DELETE") return [501, {}, `${method} ${url.search} is not built\n`];
  objects.delete(path);
  return [204, {}, ""];
}

async function serve(request, response) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const [status, headers, body] = answer(request, new URL(request.url, "http://bucket"), Buffer.concat(parts));
  if (status === 501) console.error(body);
  response.writeHead(status, { "content-length": Buffer.byteLength(body), ...headers });
  response.end(request.method === "HEAD" ? undefined : body);
}

const server = createServer((request, response) => void serve(request, response));
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
