// Signatures of posts: made with standardwebhooks, and by hand if a case needs a signature that the library does not
// make.

import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { OTHER_WEBHOOK_SECRET, WEBHOOK_SECRET } from "./secrets.js";

const SECRETS = {
  tenant: WEBHOOK_SECRET,
  other: OTHER_WEBHOOK_SECRET,
  "tenant, as text": `whsec_${Buffer.from(WEBHOOK_SECRET.slice("whsec_".length)).toString("base64")}`,
  "tenant, prefix included": `whsec_${Buffer.from(WEBHOOK_SECRET).toString("base64")}`,
};

/**
 * The three headers for a body. `id` and `timestamp` are signed with `secret`. `signature` is the text of the header, in
 * which `{signature}` stands for the right signature (`v1,…`) and `{digest}` for the same without `v1,`. `over` is
 * signed in place of the body. `encoding` and `mac` may differ from the standard.
 */
export function sign(body, { now, id: unique }, spec = {}) {
  const id = spec.id ?? `msg_${unique}`;
  const timestamp = String(spec.timestamp ?? now);
  const digest = macOf(id, timestamp, Buffer.from(spec.over ?? body), spec);
  const text = spec.signature ?? "{signature}";
  const signature = text.replaceAll("{signature}", `v1,${digest}`).replaceAll("{digest}", digest);
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature };
}

function macOf(id, timestamp, body, { secret = "tenant", mac = "sha256", encoding = "base64" }) {
  const standard = mac === "sha256" && encoding === "base64" && /^[1-9]\d{0,11}$/.test(timestamp);
  if (standard && body.equals(Buffer.from(body.toString()))) {
    const made = new Webhook(SECRETS[secret]).sign(id, new Date(timestamp * 1000), body.toString());
    return made.slice("v1,".length);
  }
  const key = Buffer.from(SECRETS[secret].slice("whsec_".length), "base64");
  return createHmac(mac, key).update(`${id}.${timestamp}.`).update(body).digest(encoding);
}
