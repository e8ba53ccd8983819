// The calls of objects.rs. Each is one call out of Rust; building a request, its headers and a reader of the answer in Rust
// would take two dozen. Does not look at what is sent.

// This host is never looked up: the binding decides where a request goes.
const ADDRESS = "https://object";

/** Posts `body` to an object. Returns its answer from the header `name`, or undefined. */
export async function post(namespace, object, path, body, name) {
  // A copy, because `body` is a view of Rust's memory, which may move before the request is sent.
  const init = { method: "POST", body: body.slice() };
  const response = await namespace.getByName(object).fetch(ADDRESS + path, init);
  return response.headers.get(name) ?? undefined;
}

/** Posts a text to an object. Returns its answer from the header `name`, or undefined. */
export async function postText(namespace, object, path, body, name) {
  const response = await namespace.getByName(object).fetch(ADDRESS + path, { method: "POST", body });
  return response.headers.get(name) ?? undefined;
}

/** Posts a text to an object. Returns the status of its answer. */
export async function tell(namespace, object, path, body) {
  const response = await namespace.getByName(object).fetch(ADDRESS + path, { method: "POST", body });
  return response.status;
}

/** Posts a text to an object. Returns the text of its answer, or undefined. */
export async function ask(namespace, object, path, body) {
  const response = await namespace.getByName(object).fetch(ADDRESS + path, { method: "POST", body });
  return response.status === 200 ? response.text() : undefined;
}

/** Asks an object with `question` in the header `name`. Returns the same header of its answer, or undefined. */
export async function askBriefly(namespace, object, path, name, question) {
  const headers = { [name]: question };
  const response = await namespace.getByName(object).fetch(ADDRESS + path, { headers });
  return response.headers.get(name) ?? undefined;
}

/**
 * Reads from an object, with `value` in the header `name`, if its version is no longer `known`. The response's headers can
 * be changed.
 */
export async function read(namespace, object, path, name, value, known) {
  const headers = { [name]: value, ...(known !== undefined && { "if-none-match": known }) };
  const response = await namespace.getByName(object).fetch(ADDRESS + path, { headers });
  return new Response(response.body, response);
}

/** An object, which is made near this location if it is new and there is one. */
const found = (namespace, object, near) => namespace.getByName(object, near === undefined ? undefined : { locationHint: near });

/** Sends an upgrade to an object, with `value` in the header `name`. */
export function upgrade(namespace, object, near, path, name, value) {
  const headers = { upgrade: "websocket", [name]: value };
  return found(namespace, object, near).fetch(ADDRESS + path, { headers });
}

/**
 * Passes a request of Engine.IO on to an object, with `value` in the header `name`: its method, a body if it is a post, and
 * whether it is an upgrade. The headers of the answer can be changed, unless it is an upgrade.
 */
export async function engine(namespace, object, near, path, name, value, body, upgrade) {
  const headers = { [name]: value, ...(upgrade && { upgrade: "websocket" }) };
  const init = { method: body === undefined ? "GET" : "POST", headers, body: body?.slice() };
  const response = await found(namespace, object, near).fetch(ADDRESS + path, init);
  return response.webSocket ? response : new Response(response.body, response);
}

/** Whether a rate limiting binding lets one more through. */
export async function isWithin(limiter, key) {
  return (await limiter.limit({ key })).success;
}
