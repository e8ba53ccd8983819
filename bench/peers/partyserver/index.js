// PartyServer as its README sets it up: a hibernating Server that broadcasts to the room what a backend posts.

import { Server, routePartykitRequest } from "partyserver";

export class Main extends Server {
  static options = { hibernate: true };

  async onRequest(request) {
    if (request.method !== "POST") return new Response("only POST\n", { status: 405 });
    const posted = await request.json();
    for (const update of Array.isArray(posted) ? posted : [posted]) {
      this.broadcast(JSON.stringify(update));
    }
    return new Response(null, { status: 204 });
  }
}

export default {
  async fetch(request, env) {
    const answer = await routePartykitRequest(request, env);
    return answer ?? new Response("not found\n", { status: 404 });
  },
};
