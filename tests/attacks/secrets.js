// The settings of the server under attack: those in the environment, else those of
// `tests/e2e/support/worker_config.rs`, which are no real secrets.

export const TENANT = process.env.TENANT ?? "demo";
export const TOKEN_SECRET = process.env.DEMO_TOKEN_SECRET ?? "0123456789abcdef0123456789abcdef";
export const WEBHOOK_SECRET = process.env.DEMO_WEBHOOK_SECRET ?? "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
export const ORIGIN = "https://app.example.com";

/** The keys of an attacker. */
export const OTHER_TOKEN_SECRET = "another key that has 32 bytes ..";
export const OTHER_WEBHOOK_SECRET = "whsec_enp6enp6enp6enp6enp6enp6enp6enp6";
