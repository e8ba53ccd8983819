/** Errors as users see them: what happened, and what to do about it. */

import type { Fault } from './machine.ts';
import type { RoomcastError } from './types.ts';

/** For codes after which there is something to do. */
const HELP: Record<string, string> = {
  attempts: 'As many attempts as `reconnect.attempts` have failed. Call retry(), for example from a button.',
  frame: 'The server sent what is no JSON. Is `url` the address of Roomcast?',
  token: 'The function `token` failed. Its error is in the console.',
  timeout: 'The change was rolled back.',
  token_missing: 'Give `connect` a `token`.',
  token_invalid: 'Check the key, the issuer and the audience of the token, and its `sessions`.',
  token_expired: 'Give `token` as a function that gets a new one.',
  token_revoked: 'The token was revoked: let the user log in again.',
  origin_refused: "Add the page's origin to the `origins` of the tenant.",
  session_refused: 'The token does not name this session in its `sessions`.',
  topic_refused: 'The token does not allow one of these topics.',
  bad_session: 'A session has 1 to 128 characters of A-Z a-z 0-9 - _ . : ~ @ + =.',
  bad_topics: 'A topic has 1 to 128 characters, without commas, and `*` only at its end.',
  tenant_unknown: 'There is no such tenant: check `url`.',
  tenant_suspended: 'The operator has suspended the tenant.',
  user_full: 'The user has as many connections as a user may have: close another one, or use `shared`.',
  replaced: 'The room was full, and another client took the place of this one.',
};

/** Reports an error of the user's own code, as the runtime does with errors that nobody catches. */
export function report(error: unknown): void {
  if (typeof reportError === 'function') reportError(error);
  else console.error(error);
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
