// Preloaded into the program that runs a suite: connections to http://localhost:3000, the only address that the suites
// know, go to SUITE_SERVER. The suites stay unmodified, and nobody has to keep port 3000 free. What is sent stays the
// same, the `Host` included.

import { Socket } from "node:net";

const PORT = 3000;

const server = new URL(process.env.SUITE_SERVER);
const { connect } = Socket.prototype;

Socket.prototype.connect = function (...given) {
  // node hands its own calls on as one list: the options and a callback.
  const [options] = given.flat();
  if (options === null || typeof options !== "object") throw new Error("a connection without options");
  if (Number(options.port) === PORT) Object.assign(options, { host: server.hostname, port: Number(server.port) });
  return Reflect.apply(connect, this, given);
};
