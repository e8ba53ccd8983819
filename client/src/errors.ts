/** Errors as users see them: what happened, and what to do about it. */

import type { Fault } from './machine.ts';
import type { RoomcastError } from './types.ts';

/** For codes after which there is something to do. */
const HELP: Record<string, string> = {
  attempts: 'Call retry(), for example from a button, or allow more `reconnect.attempts`.',
  frame: 'The server sent no JSON. Is `url` the address of Roomcast?',
  token: 'The function `token` failed: see the console.',
  timeout: 'The change was rolled back.',
  token_missing: 'Give `connect` a `token`.',
  token_invalid: 'Check key, issuer, audience and `sessions` of the token.',
  token_expired: 'Give `token` as a function that gets a new one.',
  token_revoked: 'Let the user log in again.',
  origin_refused: "Add the page's origin to the `origins` of the tenant.",
  session_refused: 'Name the session in the `sessions` of the token.',
  topic_refused: 'The token does not allow one of these topics.',
  bad_session: 'A session has 1 to 128 characters of A-Z a-z 0-9 - _ . : ~ @ + =.',
  bad_topics: 'A topic has 1 to 128 characters, without commas, and `*` only at its end.',
  tenant_unknown: 'Check the tenant in `url`.',
  user_full: 'The user has too many connections: close one, or use `shared`.',
};

/** Reports an error of the user's own code, as the runtime does with errors that nobody catches. */
export function report(error: unknown): void {
  (globalThis.reportError ?? console.error)(error);
}

/** Makes an error. `message` says what happened. */
export function roomcastError(code: string, message: string, close = 0, retries = false): RoomcastError {
  const help = HELP[code] ?? (retries ? 'The client connects again by itself.' : 'docs/protocol.md explains this code.');
  return Object.assign(new Error(`roomcast: ${message}. ${help}`), { name: 'RoomcastError', code, close, help, retries });
}

/** The error for a connection that was lost or given up. */
export function faultError({ code, close, retries }: Fault): RoomcastError {
  const what = retries ? 'the connection was lost' : 'the connection has ended';
  return roomcastError(code, `${what} (${code}${close ? `, ${close}` : ''})`, close, retries);
}
