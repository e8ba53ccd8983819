// Connects with ws, up to the first answer or frame.

import WebSocket from "ws";

const WAIT_MS = 15_000;

/**
 * Connects. The result is the first thing that arrives: `answer` (refused over HTTP), `closed` (`{close, reason}`) or
 * `frame`. A frame comes with `socket`, `frames` (all so far) and `leave`.
 */
export function open(url, protocols, headers) {
  const options = { headers, perMessageDeflate: false, handshakeTimeout: WAIT_MS };
  const socket = new WebSocket(url.replace(/^http/, "ws"), protocols, options);
  const frames = [];
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("unexpected-response", (_, response) => resolve(read(response)));
    socket.on("message", (data, binary) => {
      frames.push(binary ? { binary: data.length } : JSON.parse(data));
      resolve({ frame: frames[0], frames, socket, leave: () => socket.close(1000) });
    });
    socket.on("close", (close, reason) => {
      frames.push({ close, reason: reason.toString() });
      resolve({ closed: frames.at(-1) });
    });
  });
}

async function read(response) {
  const pieces = [];
  for await (const piece of response) pieces.push(piece);
  const text = Buffer.concat(pieces).toString();
  return { answer: { status: response.statusCode, headers: response.headers, text } };
}
