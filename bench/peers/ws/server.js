// The `ws` library as its README sets it up: a Map of rooms. The server sends to each open socket of a room what
// a backend posts.
//
//   node server.js PORT

import { createServer } from "node:http";
import { WebSocket, WebSocketServer } from "ws";
import { serveRooms } from "../posting.js";

const rooms = new Map();

function join(name, socket) {
  const room = rooms.get(name) ?? new Set();
  rooms.set(name, room.add(socket));
  socket.on("error", console.error);
  socket.on("close", () => {
    room.delete(socket);
    if (room.size === 0) rooms.delete(name);
  });
}

function broadcast(name, update) {
  const frame = JSON.stringify(update);
  for (const socket of rooms.get(name) ?? []) {
    if (socket.readyState === WebSocket.OPEN) socket.send(frame);
  }
}

const http = createServer();
serveRooms(http, broadcast);
const server = new WebSocketServer({ server: http });
server.on("connection", (socket, request) => join(request.url.split("/").pop(), socket));
http.listen(Number(process.argv[2]), "127.0.0.1");
