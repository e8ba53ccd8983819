// What the server under attack is set up with, unless the environment says otherwise: the values of
// `tests/e2e/support/worker_config.rs`. None of them is a secret of anybody.

export const TENANT = process.env.TENANT ?? "demo";
export const TOKEN_SECRET = process.env.DEMO_TOKEN_SECRET ?? "0123456789abcdef0123456789abcdef";
export const WEBHOOK_SECRET = process.env.DEMO_WEBHOOK_SECRET ?? "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
export const ORIGIN = "https://app.example.com";

/** What an attacker has: keys of their own. */
export const OTHER_TOKEN_SECRET = "another key that has 32 bytes ..";
export const OTHER_WEBHOOK_SECRET = "whsec_enp6enp6enp6enp6enp6enp6enp6enp6";
