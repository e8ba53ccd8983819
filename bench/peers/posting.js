// Shared by the peers on Node: a backend posts updates to a room over HTTP.

/**
 * Answers `POST /rooms/:room`, whose body is one update or an array of them.
 * @param {import("node:http").Server} http
 * @param {(room: string, update: unknown) => void} broadcast
 */
export function serveRooms(http, broadcast) {
  http.on("request", async (request, response) => {
    const room = /^\/rooms\/([^/?]+)$/.exec(request.url)?.[1];
    if (request.url === "/healthz") return response.end("ok\n");
    if (!room || request.method !== "POST") return response.writeHead(404).end();
    const posted = await readJson(request);
    for (const update of Array.isArray(posted) ? posted : [posted]) broadcast(room, update);
    response.writeHead(204).end();
  });
}

async function readJson(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}
