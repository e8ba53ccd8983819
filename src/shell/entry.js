// The entry of the Worker, in place of the one that worker-build writes (scripts/bundle.sh): hands what the runtime calls to the
// functions and classes of Rust, and begins WebAssembly anew after it has ended, by a panic or without memory. worker-build's entry
// does the same through three proxies per call, which took a seventh of the CPU of a lone post (docs/performance.md).
// Does not look at what it hands over.

import * as rust from "./index.js";

// The panic hook of `worker` notes an end here as well. Each life of WebAssembly has an `instanceId` of its own.
const life = rust.__worker_init_state();

// WebAssembly may also end in a task that nobody waits for.
addEventListener("error", ({ error }) => noteEnd(error));

function noteEnd(error) {
  if (!(error instanceof WebAssembly.RuntimeError)) return;
  console.error("WebAssembly has ended:", error);
  life.criticalError = true;
}

function beginAnewIfEnded() {
  if (!life.criticalError) return;
  console.log("WebAssembly begins anew");
  rust.__wbg_reset_state();
  life.criticalError = false;
  life.instanceId += 1;
}

/** Runs `call`, which calls Rust, in a WebAssembly that has not ended. */
function alive(call) {
  beginAnewIfEnded();
  try {
    return call();
  } catch (error) {
    noteEnd(error);
    throw error;
  }
}

/**
 * A class for the runtime around a class of Rust. The runtime may keep an object for longer than WebAssembly lives. Such an object is
 * made anew when it is next called, and has what is stored, as after an eviction.
 */
function outliving(Inner) {
  return class {
    #given;
    #inner;
    #madeIn;

    constructor(...given) {
      this.#given = given;
      alive(() => this.#current());
    }

    #current() {
      if (this.#madeIn !== life.instanceId) {
        this.#inner = make(Inner, this.#given);
        this.#madeIn = life.instanceId;
      }
      return this.#inner;
    }

    static {
      for (const name of handlers(Inner)) {
        this.prototype[name] = function (...values) {
          return alive(() => this.#current()[name](...values));
        };
      }
    }
  };
}

/** Whatever an object's constructor throws, its class did not get to a state that could be used. */
function make(Inner, given) {
  try {
    return new Inner(...given);
  } catch (error) {
    life.criticalError = true;
    throw error;
  }
}

/** The names of what the runtime calls. The others are of wasm-bindgen, which ends an object with them. */
function handlers(Inner) {
  const own = new Set(["constructor", "free", "__destroy_into_raw"]);
  return Object.getOwnPropertyNames(Inner.prototype).filter((name) => !own.has(name));
}

export default {
  fetch: (request, env, context) => alive(() => rust.fetch(request, env, context)),
  queue: (batch, env, context) => alive(() => rust.queue(batch, env, context)),
};

export const Directory = outliving(rust.Directory);
export const Pointer = outliving(rust.Pointer);
export const Room = outliving(rust.Room);
export const Seat = outliving(rust.Seat);
export const Tenant = outliving(rust.Tenant);
