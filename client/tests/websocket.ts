/** A real WebSocket server on this machine, in front of the room of room.ts: enough for clients whose frames fit into one packet. */

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Connection, Room } from './room.ts';

const PROTOCOL = 'roomcast.v1';

export interface RealServer {
  url: string;
  room: Room;
  /** What clients have offered as their subprotocols. */
  offered: string[];
  close(): void;
}

/** A text of less than 64 KiB as a frame. */
function framed(text: string): Buffer {
  const body = Buffer.from(text);
  const length = body.length < 126 ? Buffer.from([body.length]) : Buffer.from([126, body.length >> 8, body.length & 255]);
  return Buffer.concat([Buffer.from([0x81]), length, body]);
}

function speak(socket: Socket, room: Room): void {
  const opening = { connection: 1, token: null, resume: null, topics: null, resumeTopics: null, pace: 0 };
  const { out } = new Connection(room, opening, Date.now());
  for (const frame of out) socket.write(framed(JSON.stringify(frame)));
}

export async function realServer(): Promise<RealServer> {
  const room = new Room();
  const offered: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on('upgrade', ({ headers }, socket: Socket) => {
    sockets.add(socket);
    offered.push(String(headers['sec-websocket-protocol']));
    const accept = createHash('sha1').update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`, `Sec-WebSocket-Protocol: ${PROTOCOL}`];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    speak(socket, room);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, room, offered, close };
}
