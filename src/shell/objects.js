// The calls of objects.rs: each is one step out of Rust, where building a request, its headers and a reader of
// the answer there would be two dozen. What is sent is none of this file's business.

// The host is never resolved: the binding decides where a request goes.
const ADDRESS = "https://object";

/** What an object answers to `body`, in the header `name`; undefined if it does not. */
export async function post(namespace, object, path, body, name) {
  // A copy, because `body` is a view of memory that may move while the request is under way.
  const init = { method: "POST", body: body.slice() };
  const response = await namespace.getByName(object).fetch(ADDRESS + path, init);
  return response.headers.get(name) ?? undefined;
}

/** The text that an object answers to a text; undefined if it does not. */
export async function ask(namespace, object, path, body) {
  const response = await namespace.getByName(object).fetch(ADDRESS + path, { method: "POST", body });
  return response.status === 200 ? response.text() : undefined;
}

/** What an object answers to a read by someone who knows the version `known`, with headers that can be changed. */
export async function read(namespace, object, path, known) {
  const headers = known === undefined ? {} : { "if-none-match": known };
  const response = await namespace.getByName(object).fetch(ADDRESS + path, { headers });
  return new Response(response.body, response);
}

/** What an object answers to an upgrade that carries `value` in the header `name`. */
export function upgrade(namespace, object, path, name, value) {
  const headers = { upgrade: "websocket", [name]: value };
  return namespace.getByName(object).fetch(ADDRESS + path, { headers });
}
