// The checks of a run, and its report: one line for each check, also for one that failed with a long difference.

import { within } from "./arrivals.js";

/** A value whose JSON has more characters than this is cut. */
const SHOWN_CHARS = 600;

/** The checks of a run, one after the other. */
export class Checks {
  #limits;
  #open;
  #passed = 0;
  #failed = 0;

  /**
   * `open` gives each check what it works with, which is left when it is over. A check that takes longer than `checkMs` has failed.
   * One that has not begun `runMs` after the program is not run.
   */
  constructor({ runMs, checkMs }, open) {
    this.#limits = { runMs, checkMs };
    this.#open = open;
  }

  /** Runs a check of a file, and prints its line of the report. */
  async run(file, { name, run: check }) {
    const began = performance.now();
    try {
      await this.#inTime(check, began);
      this.#passed += 1;
      console.log(passed(file, name, performance.now() - began));
    } catch (error) {
      this.#failed += 1;
      console.log(failed(file, name, error));
    }
  }

  async #inTime(check, began) {
    const ms = Math.min(this.#limits.checkMs, this.#limits.runMs - began);
    if (ms <= 0) throw new Error("there was no time left for it");
    const opened = this.#open();
    await within(Math.ceil(ms), check(opened), () => "it was not over").finally(() => opened.leave());
  }

  /** Says how many have passed, and ends the program. */
  end() {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    process.exit(this.#failed > 0 ? 1 : 0);
  }
}

function passed(seed, name, ms) {
  return `passed ${seed} ${name} (${Math.round(ms)} ms)`;
}

function failed(seed, name, error) {
  return `FAILED ${seed} ${name}: ${reason(error)}`;
}

/** An error as one line. node:assert draws differences over many lines, so they are written anew. */
function reason(error) {
  const [first] = error.message.split("\n");
  const compared = ["strictEqual", "deepStrictEqual"].includes(error.operator);
  // `fetch failed` says why only in its cause.
  if (!compared) return error.cause?.code ? `${first}: ${error.cause.code}` : first;
  const said = error.generatedMessage ? "" : `${first}: `;
  return `${said}got ${json(error.actual)}, wanted ${json(error.expected)}`;
}

function json(value) {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}
