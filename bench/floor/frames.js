// Counts the WebSocket frames in what a server has sent. It does not read what is in them.

export class FrameCounter {
  #pending = Buffer.alloc(0);

  /**
   * @param {Buffer} chunk bytes received from the connection, split at any point
   * @returns {number} how many frames it completes
   */
  take(chunk) {
    let rest = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    let complete = 0;
    for (let size = frameSize(rest); size <= rest.length; size = frameSize(rest)) {
      rest = rest.subarray(size);
      complete += 1;
    }
    this.#pending = rest;
    return complete;
  }
}

/** The size of the frame that begins here, infinite while its header is incomplete. Servers do not mask frames. */
function frameSize(bytes) {
  if (bytes.length < 2) return Infinity;
  const length = bytes[1] & 0x7f;
  if (length < 126) return 2 + length;
  const header = length === 126 ? 4 : 10;
  if (bytes.length < header) return Infinity;
  return header + (length === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2)));
}
