// A cheaper queueMicrotask, by which Rust's futures are resumed several times per request.

const settled = Promise.resolve();

/**
 * workerd makes a native function, with maps and a prototype of its own, out of each one that its
 * queueMicrotask is given. A settled promise takes a function as it is. An error is reported as before: the
 * listener that starts a failed WebAssembly instance anew depends on it.
 */
export function resumeThroughPromises() {
  globalThis.queueMicrotask = (task) => {
    settled.then(() => {
      try {
        task();
      } catch (error) {
        reportError(error);
      }
    });
  };
}
