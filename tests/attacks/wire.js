// A bare TCP connection, for bytes that no HTTP or WebSocket library would send. It reads just enough of HTTP to find
// the end of each answer. After an upgrade, the receiver of ws reads what the server sends.

import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { Receiver } from "ws";

export class Wire {
  #socket;
  #bytes = Buffer.alloc(0);
  #receiver;
  #waiting = new Set();
  /** The frames since the upgrade: parsed texts, `{binary}`, `{pong}`, `{malformed}`, and `{close, reason}`. */
  frames = [];
  ended = false;

  constructor(url) {
    const { hostname, port } = new URL(url);
    this.#socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    this.#socket.on("data", (data) => this.#take(data));
    this.#socket.on("end", () => this.#end());
    this.#socket.on("close", () => this.#end());
    // A server may cut off a client that sends nonsense. A case looks only at whether the connection has ended.
    this.#socket.on("error", () => this.#end());
  }

  /** Sends bytes, in pieces of `size` if that is given, each in a packet of its own. */
  async write(data, size) {
    const bytes = Buffer.from(data);
    for (let at = 0; at < bytes.length; at += size ?? bytes.length) {
      const piece = bytes.subarray(at, at + (size ?? bytes.length));
      await new Promise((resolve) => this.#socket.write(piece, resolve));
    }
  }

  /** Ends the sending side and continues to receive. */
  halfClose() {
    this.#socket.end();
  }

  destroy() {
    this.#socket.destroy();
  }

  /** The next answer, or undefined if the connection ended or nothing came in time. */
  async answer(milliseconds, method = "GET") {
    const read = await this.until(() => readAnswer(this.#bytes, method, this.ended), milliseconds);
    if (!read) return undefined;
    this.#bytes = this.#bytes.subarray(read.length);
    return read;
  }

  /** Reads frames from here on. `read` makes a frame of a text, or nothing if the text does not count. */
  upgrade(read = JSON.parse) {
    this.#receiver = new Receiver({ isServer: false });
    this.#receiver.on("message", (data, binary) => {
      const frame = binary ? { binary: data.length } : read(data.toString());
      if (frame !== undefined) this.frames.push(frame);
      this.#changed();
    });
    this.#receiver.on("conclude", (close, reason) => {
      this.frames.push({ close, reason: reason.toString() });
      this.#changed();
    });
    this.#receiver.on("pong", (data) => {
      this.frames.push({ pong: data.toString("hex") });
      this.#changed();
    });
    this.#receiver.on("error", (error) => {
      this.frames.push({ malformed: error.message });
      this.#changed();
    });
    this.#receiver.write(this.#bytes);
    this.#bytes = Buffer.alloc(0);
  }

  /** The result of `find` as soon as it has one; undefined if that takes too long. */
  until(find, milliseconds) {
    const found = find();
    if (found !== undefined || milliseconds === 0) return Promise.resolve(found);
    return new Promise((resolve) => {
      const waiting = { look: () => done(find()), timer: setTimeout(() => done(null), milliseconds) };
      const done = (found) => {
        if (found === undefined && !this.ended) return;
        clearTimeout(waiting.timer);
        this.#waiting.delete(waiting);
        resolve(found ?? undefined);
      };
      this.#waiting.add(waiting);
    });
  }

  /** Whether the server ends the connection in time. */
  async ends(milliseconds) {
    return (await this.until(() => this.ended || undefined, milliseconds)) === true;
  }

  #take(data) {
    if (this.#receiver) this.#receiver.write(data);
    else this.#bytes = Buffer.concat([this.#bytes, data]);
    this.#changed();
  }

  #end() {
    this.ended = true;
    this.#changed();
  }

  #changed() {
    for (const { look } of [...this.#waiting]) look();
  }
}

/** The first answer in `bytes`, if it is complete. */
function readAnswer(bytes, method, ended) {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first, ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const status = Number(first.split(" ")[1]);
  const headers = {};
  for (const line of lines) {
    const [name, ...value] = line.split(":");
    headers[name.toLowerCase()] = value.join(":").trim();
  }
  const body = readBody(bytes.subarray(end + 4), { status, headers, method, ended });
  return body && { status, headers, text: body.text, length: end + 4 + body.length };
}

function readBody(bytes, { status, headers, method, ended }) {
  if (method === "HEAD" || status === 204 || status === 304 || status < 200) return { text: "", length: 0 };
  if (headers["transfer-encoding"] === "chunked") return readChunks(bytes);
  const length = headers["content-length"];
  if (length === undefined) return ended ? { text: bytes.toString(), length: bytes.length } : undefined;
  if (bytes.length < Number(length)) return undefined;
  return { text: bytes.subarray(0, Number(length)).toString(), length: Number(length) };
}

function readChunks(bytes) {
  let at = 0;
  const pieces = [];
  for (;;) {
    const line = bytes.indexOf("\r\n", at);
    if (line < 0) return undefined;
    const size = parseInt(bytes.subarray(at, line).toString(), 16);
    const end = line + 2 + size + 2;
    if (bytes.length < end) return undefined;
    pieces.push(bytes.subarray(line + 2, line + 2 + size));
    if (size === 0) return { text: Buffer.concat(pieces).toString(), length: end };
    at = end;
  }
}

/** The head of a request: `headers` are [name, value] pairs, in their order. */
export function head(method, path, headers) {
  const lines = headers.map(([name, value]) => Buffer.concat([Buffer.from(`${name}: `), bytesOf(value), CRLF]));
  return Buffer.concat([Buffer.from(`${method} `), bytesOf(path), Buffer.from(" HTTP/1.1\r\n"), ...lines, CRLF]);
}

const CRLF = Buffer.from("\r\n");
const bytesOf = (value) => (Buffer.isBuffer(value) ? value : Buffer.from(String(value)));

/** A key for `Sec-WebSocket-Key`. */
export const newKey = () => randomBytes(16).toString("base64");

/**
 * A frame of a client, well formed except for what a case changes: `op`, `fin`, `rsv` (a number from 1 to 7), `mask`
 * (false: none), `length` (the length that the frame claims), `wide` (16 or 64: the length is written in so many bits,
 * even if fewer are enough), `cut` (only so many bytes are sent).
 */
export function frame({ op = 1, fin = true, rsv = 0, mask = true, length, wide, cut, payload = "" }) {
  const data = Buffer.from(payload);
  const size = length ?? data.length;
  const first = (fin ? 0x80 : 0) | (rsv << 4) | op;
  const key = mask ? randomBytes(4) : Buffer.alloc(0);
  const masked = mask ? data.map((byte, index) => byte ^ key[index % 4]) : data;
  const whole = Buffer.concat([Buffer.from([first]), lengthBytes(size, mask, wide), key, masked]);
  return cut === undefined ? whole : whole.subarray(0, cut);
}

function lengthBytes(size, mask, wide) {
  const bit = mask ? 0x80 : 0;
  if (size < 126 && !wide) return Buffer.from([bit | size]);
  if (size < 65_536 && wide !== 64) {
    const bytes = Buffer.from([bit | 126, 0, 0]);
    bytes.writeUInt16BE(size, 1);
    return bytes;
  }
  const bytes = Buffer.alloc(9);
  bytes[0] = bit | 127;
  bytes.writeBigUInt64BE(BigInt(size), 1);
  return bytes;
}
