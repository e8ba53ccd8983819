// Socket.IO as its documentation sets it up: a client names its room in the query, and the server emits to the
// room what a backend posts. With RECOVERY set it has connection state recovery, in memory.
//
//   node server.js PORT

import { createServer } from "node:http";
import { Server } from "socket.io";
import { serveRooms } from "../posting.js";

const http = createServer();
const io = new Server(http, process.env.RECOVERY ? { connectionStateRecovery: {} } : {});
// Socket.IO handles the requests to its own path itself, so they never get here.
serveRooms(http, (room, update) => io.to(room).emit("update", update));
io.on("connection", (socket) => socket.join(socket.handshake.query.room));
http.listen(Number(process.argv[2]), "127.0.0.1");
