// What the floor measures. A session is one freshly started workerd and the cases that are run on it.

/** The connections to which each frame is sent. One `send` is one frame to one of them. */
export const CONNECTIONS = 1000;

export const PUBLISHERS = 32;

/** As many as the load generator has under way. */
export const UPGRADES_AT_ONCE = 64;

/** 250 bytes, like an update of the bench. */
export const POSTED = JSON.stringify({ text: "x".repeat(239) });

// Enough for a case to use half a second of CPU or more: /proc counts CPU time in hundredths of a second.
const FEW_FRAMES = 25;
const MANY_FRAMES = 100;

const send = (title, query, frames = FEW_FRAMES) => ({
  key: `${title} ${query}`,
  title,
  path: `/send?${query}`,
  frames,
});
const post = (title, path) => ({ key: path, title, path });
const upgrade = (title, path) => ({ key: path, title, path, upgrades: true });

/** Per session: `config` names a configuration in floor.capnp, `offer` says whether clients offer compression. */
export const sessions = {
  sends: {
    config: "plain",
    cases: [
      send("0.2 KB, Latin letters only", "text=one-byte&bytes=200", MANY_FRAMES),
      send("3 KB", "text=one-byte&bytes=3000", MANY_FRAMES),
      send("8 KB", "text=one-byte&bytes=8000"),
      send("12 KB", "text=one-byte&bytes=12000"),
      send("12 KB with one character that is not Latin", "text=two-byte&bytes=12000"),
      send("12 KB, a row stored in the same turn", "text=one-byte&bytes=12000&stored"),
    ],
  },
  plain: {
    config: "plain",
    offer: true,
    cases: [send("off", "text=updates&bytes=12000"), send("once for all clients", "text=updates&bytes=12000&once")],
  },
  compressing: {
    config: "compressing",
    offer: true,
    cases: [send("on", "text=updates&bytes=12000", 10)],
  },
  posts: {
    config: "plain",
    cases: [
      post("answered by the front Worker", "/posts/front"),
      post("handed to a Durable Object by `fetch`, in its body", "/posts/fetch"),
      post("handed to a Durable Object by `fetch`, in a header", "/posts/header"),
      post("handed to a Durable Object by RPC", "/posts/rpc"),
    ],
  },
  upgrades: {
    config: "plain",
    cases: [
      upgrade("asks nobody", "/clients?ask=0"),
      upgrade("asks one object, the same for all", "/clients?ask=1&of=1"),
      upgrade("asks one object of 400", "/clients?ask=1&of=400"),
      upgrade("asks two objects of 400 each at the same time", "/clients?ask=2&of=400"),
      upgrade("asks two objects of 400 each, which store a row", "/clients?ask=2&of=400&stored"),
    ],
  },
};
