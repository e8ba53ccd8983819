/**
 * Asks Roomcast whether it serves, and ends well only if it does: workerd runs this as a test, so that neither a container nor a service needs
 * another program for it. Says what is wrong in the words of /healthz.
 *
 * It deliberately waits only for a Roomcast that does not listen yet: a setting that is missing does not mend itself.
 */

// Milliseconds for which a Roomcast that does not listen is asked again. Beyond it, it counts as failed.
const WAIT_MS = 8000;
const PAUSE_MS = 100;

export default {
  async test(controller, env) {
    const answer = await ask(env.ROOMCAST, Date.now() + WAIT_MS);
    if (!answer.ok) throw new Error(`/healthz answers ${answer.status}: ${await answer.text()}`);
  },
};

async function ask(roomcast, until) {
  for (;;) {
    try {
      return await roomcast.fetch("http://roomcast/healthz");
    } catch (error) {
      if (Date.now() >= until) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
