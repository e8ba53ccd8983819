// What the floor measures. A session is one freshly started workerd and what is done with it.

/** Connections to which each frame goes. One `send` is a frame to one of them. */
export const CONNECTIONS = 1000;

export const PUBLISHERS = 32;

/** 250 bytes, as an update of the bench. */
export const POSTED = JSON.stringify({ text: "x".repeat(239) });

// So much that a case uses half a second of CPU or more: /proc counts it in hundredths.
const FEW_FRAMES = 25;
const MANY_FRAMES = 100;

const send = (title, query, frames = FEW_FRAMES) => ({
  key: `${title} ${query}`,
  title,
  path: `/send?${query}`,
  frames,
});
const post = (title, path) => ({ key: path, title, path });

/** Per session: `config` names one in floor.capnp, `offer` is whether clients offer to decompress. */
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
    cases: [send("off", "text=updates&bytes=12000")],
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
};
