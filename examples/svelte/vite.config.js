// Serves the page, passes /api on to `scripts/dev`, and stands for a backend that gives its users tokens.

import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const SECRETS = new URL('../../.dev.vars', import.meta.url);
const ROOMCAST = process.env.ROOMCAST_URL ?? 'http://127.0.0.1:8787';

/** A token of the tenant `demo`, signed with the secret that `scripts/dev` has made. A real backend has its own, and a login. */
function token() {
  const secret = process.env.DEMO_TOKEN_SECRET ?? readFileSync(SECRETS, 'utf8').match(/^DEMO_TOKEN_SECRET="?([^"\n]*)"?$/m)?.[1];
  if (!secret) throw new Error('start scripts/dev first: it makes the secrets');
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { sub: 'ada', iss: 'roomcast', aud: 'roomcast:demo', sessions: ['*'], exp: Math.floor(Date.now() / 1000) + 3_600 };
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

export default defineConfig({
  plugins: [
    svelte(),
    { name: 'tokens', configureServer: (server) => void server.middlewares.use('/token', (_, response) => response.end(token())) },
  ],
  server: {
    // The client is built when this starts. Whoever builds it again does not mean this page.
    watch: { ignored: ['**/client/dist/**'] },
    // In production, the page's own origin is in the tenant's list.
    proxy: { '/api': { target: ROOMCAST, ws: true, changeOrigin: true, rewriteWsOrigin: true } },
  },
});
