// Reads a body of unknown length in pieces that are worth a turn: a sender decides how small its chunks are, and a turn
// for each of one byte would cost as much as a thousand bytes.

const PIECE = 64 * 1024;

/** The bytes of a request's body; nothing if they are more than `limit`. Reads on up to `most` before it says so. */
export async function gather(request, limit, most) {
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
  return length > limit ? undefined : joined(pieces, length);
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
