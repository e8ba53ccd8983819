// Reads the body of a post in one call out of Rust; reading it and waiting for a deadline in Rust would take several. Does
// not look at what it reads.

// The sender decides how small its chunks are. A chunk of one byte would cost as much as a chunk of a thousand.
const PIECE = 64 * 1024;

/**
 * The bytes of a request's body. Null if there are more than `limit`; such a body is read and dropped, up to `most` bytes.
 * Undefined if the body has not arrived in time.
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

/** Reads a body whose length is not known or too large, in pieces of a good size. */
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
