// Socket.IO as its documentation sets it up: a client names its room in the query, and updates that a
// backend posts are emitted to the room.
//
//   node server.js PORT

import { createServer } from "node:http";
import { Server } from "socket.io";
import { serveRooms } from "../posting.js";

const http = createServer();
const io = new Server(http);
// Requests of Socket.IO's own path never get here: it takes them out before.
serveRooms(http, (room, update) => io.to(room).emit("update", update));
io.on("connection", (socket) => socket.join(socket.handshake.query.room));
http.listen(Number(process.argv[2]), "127.0.0.1");
