// A backend on Workers that sends its events to a queue. It also reads the queue of dead letters, and shows what was in it.

const letters = [];

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/send") {
      await env.EVENTS.sendBatch(await request.json());
      return new Response(null, { status: 204 });
    }
    if (pathname === "/dead") return Response.json(letters);
    return env.ROOMCAST.fetch(request);
  },

  async queue(batch) {
    letters.push(...batch.messages.map(({ body }) => JSON.parse(body)));
  },
};
