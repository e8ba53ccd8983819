// A real Chromium, driven by playwright-core from the product's own packages. It serves the pages of the seeds on the
// server's origin, under /seed/; everything else, WebSockets included, goes to the server. It records what the pages
// do, and checks nothing.

import { chromium } from "playwright-core";
import { Arrivals, WAIT_MS } from "./arrivals.js";
import { bundle } from "./app/bundle.js";
import { Cable } from "./cable.js";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const html = (seed) => `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Seed ${seed}</title><link rel="icon" href="data:,"></head>
  <body><main id="root"></main><script src="/seed/${seed}.js"></script></body>
</html>
`;

export class Browser {
  #program;
  #url;
  #cable;
  #bundles = new Map();

  static async launch(url) {
    const browser = new Browser();
    browser.#url = url;
    browser.#cable = await Cable.to(url);
    // The address stays the server's own, so pages and server see the origin that they would see without a cable.
    const detour = `--host-resolver-rules=MAP ${new URL(url).host} 127.0.0.1:${browser.#cable.port}`;
    browser.#program = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [...FLAGS, detour],
    });
    return browser;
  }

  /** Someone with this token, and a profile of their own. The team's REST API answers with what `stories` returns. */
  async user(token, { stories } = {}) {
    const context = await this.#program.newContext();
    // Otherwise a page that does not come from the network may not open WebSockets to a server on this machine.
    await context.grantPermissions(["local-network-access"]);
    await context.addInitScript((text) => localStorage.setItem("token", text), token);
    await context.route(
      ({ pathname }) => pathname.startsWith("/seed/"),
      async (route) => route.fulfill(await this.#answer(new URL(route.request().url()).pathname, stories)),
    );
    return new User(context, this.#url);
  }

  /** Breaks all connections of the browser, as a network that fails for a moment. */
  cut() {
    this.#cable.cut();
  }

  async close() {
    await this.#program.close();
    this.#cable.remove();
  }

  async #answer(path, stories) {
    const [, seed, script] = /^\/seed\/(\d+)(\.js)?$/.exec(path) ?? [];
    if (script) return { contentType: "text/javascript", body: await this.#bundle(seed) };
    if (seed) return { contentType: "text/html", body: html(seed) };
    if (path.startsWith("/seed/stories/") && stories) return { json: stories() };
    return { status: 404 };
  }

  #bundle(seed) {
    if (!this.#bundles.has(seed)) this.#bundles.set(seed, bundle(seed));
    return this.#bundles.get(seed);
  }
}

class User {
  #context;
  #url;
  #tabs = [];

  constructor(context, url) {
    this.#context = context;
    this.#url = url;
  }

  /** Opens the page of a seed in a new tab. */
  async open(seed) {
    const page = await this.#context.newPage();
    const tab = new Tab(page, await this.#context.newCDPSession(page));
    this.#tabs.push(tab);
    await tab.record();
    await tab.page.goto(`${this.#url}/seed/${seed}`);
    return tab;
  }

  /** Closes all tabs. An error if a page threw one. */
  async leave() {
    await this.#context.close();
    const thrown = this.#tabs.flatMap(({ errors }) => errors);
    if (thrown.length > 0) throw new Error(`the page threw ${thrown.join("; ")}`);
  }
}

class Tab {
  /** All requests over HTTP, as `{method, path}`, when they begin. */
  requests = new Arrivals();
  /** The answers to them, as `{path, status}`, when they have been read. */
  answers = new Arrivals();
  /** All WebSockets, as `{path, at, frames}`, as soon as the page has made them; `at` is in milliseconds. */
  sockets = new Arrivals();
  /** What the page wrote to its console, as `{text, at}`. */
  console = new Arrivals();
  errors = [];

  #devtools;
  #framesOf = new Map();

  constructor(page, devtools) {
    this.page = page;
    this.#devtools = devtools;
    page.setDefaultTimeout(WAIT_MS);
  }

  /** Begins to record. */
  async record() {
    const { page } = this;
    page.on("request", (request) => this.requests.add({ method: request.method(), path: pathOf(request.url()) }));
    page.on("requestfinished", (request) => this.#answered(request));
    page.on("console", (message) => this.console.add({ text: message.text(), at: performance.now() }));
    page.on("pageerror", (error) => this.errors.push(String(error)));
    // Playwright tells of a WebSocket only when its request is sent.
    this.#devtools.on("Network.webSocketCreated", (made) => this.#made(made));
    this.#devtools.on("Network.webSocketFrameReceived", (frame) => this.#received(frame));
    await this.#devtools.send("Network.enable");
  }

  /** Makes the page believe that so much time has passed. Afterwards, `sockets` has what it made then. */
  async passTime(ms) {
    await this.page.clock.fastForward(ms);
    // The answer to this comes after everything that there was to record.
    await this.#devtools.send("Runtime.evaluate", { expression: "0" });
  }

  /** Waits until the page shows `wanted`: `{"tasks.pending": 3}` is the text of the element with that `data-shows`. */
  async shows(wanted) {
    try {
      await this.page.waitForFunction((wanted) => {
        const text = (name) => document.querySelector(`[data-shows="${name}"]`)?.textContent;
        return Object.entries(wanted).every(([name, value]) => text(name) === String(value));
      }, wanted);
    } catch (error) {
      const shown = await this.shown();
      throw new Error(`the page shows ${JSON.stringify(shown)}, not ${JSON.stringify(wanted)}`, { cause: error });
    }
  }

  /** Everything that the page shows now. */
  shown() {
    return this.page.$$eval("[data-shows]", (nodes) =>
      Object.fromEntries(nodes.map((node) => [node.dataset.shows, node.textContent])),
    );
  }

  async #answered(request) {
    const answer = await request.response();
    this.answers.add({ path: pathOf(request.url()), status: answer?.status() });
  }

  #made({ requestId, url }) {
    const frames = new Arrivals();
    this.#framesOf.set(requestId, frames);
    this.sockets.add({ path: pathOf(url), at: performance.now(), frames });
  }

  #received({ requestId, response }) {
    this.#framesOf.get(requestId).add(JSON.parse(response.payloadData));
  }
}

const pathOf = (url) => new URL(url).pathname;
