// The backend of the four teams: signs and posts domain events as Standard Webhooks, and makes the tokens that its
// users bring. It does not know which events a seed has.

import { randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import { Webhook } from "standardwebhooks";
import { WAIT_MS } from "./arrivals.js";

const HOUR_S = 3_600;

/** An event of the aggregate `type` with this `id`. */
export function event(kind, type, id, payload = {}) {
  return {
    event_id: randomUUID(),
    event_type: kind,
    aggregate_type: type,
    aggregate_id: id,
    occurred_at: new Date().toISOString(),
    payload,
  };
}

export class Backend {
  #url;
  #webhook;
  #key;

  constructor({ url, webhookSecret, tokenSecret }) {
    this.#url = url;
    this.#webhook = new Webhook(webhookSecret);
    this.#key = bytes(tokenSecret);
  }

  /** Posts events in one request. An error if one of them is not accepted. */
  async post(...events) {
    const results = await this.offer(events);
    const refused = results.find(({ status }) => status !== "accepted");
    if (refused) throw new Error(`an event was not accepted: ${JSON.stringify(refused)}`);
  }

  /** Posts events in one request. Returns what became of each. */
  async offer(events) {
    return (await this.#send("/api/events", 202, events)).results;
  }

  /** Posts events in one request that may be refused. Returns status, seconds to wait, and the code of the problem. */
  async attempt(events) {
    const answer = await this.#request("/api/events", events);
    const retryAfter = answer.headers.get("retry-after");
    const { code } = await answer.json();
    return { status: answer.status, retryAfter: retryAfter && Number(retryAfter), code };
  }

  /** Revokes the tokens that a user has. */
  revoke(user) {
    return this.#send("/api/revocations", 200, { user });
  }

  /** Posts a signed value. Returns the answer, which must have this status. */
  async #send(path, status, value) {
    const answer = await this.#request(path, value);
    const text = await answer.text();
    if (answer.status !== status) throw new Error(`a post was answered ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  #request(path, value) {
    const body = JSON.stringify(value);
    const id = `msg_${randomUUID()}`;
    const now = new Date();
    const headers = {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(now / 1000)),
      "webhook-signature": this.#webhook.sign(id, now, body),
    };
    const signal = AbortSignal.timeout(WAIT_MS);
    return fetch(`${this.#url}${path}`, { method: "POST", headers, body, signal });
  }

  /** A token of the user `sub`. `claims` adds to its claims; `secret` signs it in place of the right one. */
  token(sub, claims = {}, secret) {
    const exp = Math.floor(Date.now() / 1000) + HOUR_S;
    const token = new SignJWT({ sub, exp, iss: "roomcast", aud: "roomcast:demo", ...claims }).setProtectedHeader({ alg: "HS256", typ: "JWT" });
    return token.sign(secret ? bytes(secret) : this.#key);
  }
}

const bytes = (text) => new TextEncoder().encode(text);
