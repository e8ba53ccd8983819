/**
 * Where a page watches, and with which token: read from the address, kept for this tab.
 *
 * A token comes in the fragment, which no server sees, is stripped from the address bar, and stays in this tab's session
 * storage. It deliberately never goes into an address that a server sees.
 */

/** What the address of a page says. */
export interface Place {
  /** The session, or null if the address names none. */
  session: string | null;
  /** The token, or null if there is none yet. */
  token: string | null;
}

/**
 * Where the deployment is that the page belongs to. A page below `/t/<tenant>` watches that tenant, any other the tenant of its
 * host name.
 */
export function deployment(): string {
  return location.origin + tenantPath();
}

/** The address of another page of the same tenant; `path` begins with a slash. */
export const pageAt = (path: string): string => tenantPath() + path;

const tenantPath = (): string => /^\/t\/[^/]+/.exec(location.pathname)?.[0] ?? '';

/** Three parts of base64url. Any other text is not a token of a session, and may not even be allowed in a header. */
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export const isToken = (text: string): boolean => TOKEN.test(text);

const KEY = 'roomcast.token';

/** Uses the session storage. If the browser forbids it, the page works until it is loaded again. */
export function withStorage<T>(use: (storage: Storage) => T): T | null {
  try {
    return use(sessionStorage);
  } catch (error) {
    console.warn('roomcast: there is no session storage, so the token is forgotten when the page is loaded again', error);
    return null;
  }
}

/** Reads the address, and takes the token out of it. */
export function arrive(): Place {
  const token = takeToken();
  if (token !== null) keepToken(token);
  return { session: new URLSearchParams(location.search).get('session'), token: token ?? keptToken() };
}

/** The token of the fragment, which is then removed from the address; null if there is none. */
function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) history.replaceState(null, '', location.pathname + location.search);
  return token !== null && isToken(token) ? token : null;
}

export function keepToken(token: string): void {
  withStorage((storage) => storage.setItem(KEY, token));
}

export function forgetToken(): void {
  withStorage((storage) => storage.removeItem(KEY));
}

function keptToken(): string | null {
  return withStorage((storage) => storage.getItem(KEY));
}

/** Calls back with the token of a link that is opened while the page is there: only the fragment changes then. */
export function onLink(use: (token: string) => void): () => void {
  const followed = () => {
    const token = takeToken();
    if (token !== null) use(token);
  };
  window.addEventListener('hashchange', followed);
  return () => window.removeEventListener('hashchange', followed);
}

/** The user that a token names, without verifying it; null if it names none. */
export function userOf(token: string): string | null {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
    const { sub } = JSON.parse(new TextDecoder().decode(bytes));
    return typeof sub === 'string' ? sub : null;
  } catch {
    // It is no JWT, so nobody knows whose it is.
    return null;
  }
}
