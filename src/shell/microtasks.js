// A cheaper queueMicrotask. Rust's futures use it several times per request.

const settled = Promise.resolve();

/**
 * The queueMicrotask of workerd wraps each function in a new native function, with maps and a prototype. A settled promise
 * takes the function as it is. Errors are reported as before, because the listener that restarts a failed WebAssembly
 * instance depends on it.
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
