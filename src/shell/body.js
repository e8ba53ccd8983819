// Reads what a post brings: each function here is one step out of Rust, where reading header by header and waiting for
// a deadline there would be a dozen. What is read is none of this file's business.

// A sender decides how small its chunks are, and a turn for each of one byte would cost as much as for a thousand.
const PIECE = 64 * 1024;

/** The values of some headers, one per line; `absent` for one that is not there. No value can hold a line's end. */
export function headers(request, names, absent) {
  return names.split(",").map((name) => request.headers.get(name) ?? absent).join("\n");
}

/**
 * The bytes of a request's body; null if they are more than `limit`, undefined if they have not arrived after so many
 * milliseconds. What is too long is read, and forgotten, up to `most`.
 */
export async function read(request, limit, most, milliseconds) {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, milliseconds)));
  try {
    return await Promise.race([readAll(request, limit, most), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function readAll(request, limit, most) {
  const length = request.headers.get("content-length");
  // The runtime reads no more than was announced.
  const announced = /^\d+$/.test(length) && Number(length) <= limit;
  return announced ? new Uint8Array(await request.arrayBuffer()) : gather(request, limit, most);
}

/** A body of which nobody has said that it is short enough, in pieces that are worth a turn. */
async function gather(request, limit, most) {
  // A request without a body has no stream.
  if (!request.body) return new Uint8Array();
  const reader = request.body.getReader({ mode: "byob" });
  const pieces = [];
  let length = 0;
  while (length <= most) {
    const { value, done } = await reader.readAtLeast(PIECE, new Uint8Array(PIECE));
    length += value?.byteLength ?? 0;
    if (value && length <= limit) pieces.push(value);
    if (done) break;
  }
  return length > limit ? null : joined(pieces, length);
}

function joined(pieces, length) {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}
