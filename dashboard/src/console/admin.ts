/**
 * The admin API as the console uses it: tenants, their rooms, watching.
 *
 * The token stays in this tab's session storage and in the header of requests; it is never part of an address.
 */

import { withStorage } from '../live/place.ts';
import type { Report } from './fold.ts';

const KEY = 'roomcast.admin-token';

/** A request that was refused, or that nobody answered. */
export class Refused extends Error {
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

export const keptToken = (): string | null => withStorage((storage) => storage.getItem(KEY));

export function keepToken(token: string): void {
  withStorage((storage) => storage.setItem(KEY, token));
}

export function forgetToken(): void {
  withStorage((storage) => storage.removeItem(KEY));
}

/** The token as a subprotocol of a WebSocket carries it, which may not have all the characters of a token: base64url. */
export function encoded(token: string): string {
  const bytes = String.fromCharCode(...new TextEncoder().encode(token));
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** What the console asks with a token. */
export class Admin {
  readonly token: string;
  constructor(token: string) {
    this.token = token;
  }

  tenants(): Promise<string[]> {
    return this.#all('/admin/tenants', 'tenants');
  }

  /** The names of the rooms of a tenant, without waking one. */
  rooms(tenant: string): Promise<string[]> {
    return this.#all(`/admin/tenants/${tenant}/rooms`, 'rooms');
  }

  /** The tenant's rooms report from now on for a while. */
  async watch(tenant: string): Promise<void> {
    await this.#ask(`/admin/tenants/${tenant}/watch`, 'POST');
  }

  /** How a room stands. This wakes it. */
  async room(tenant: string, name: string): Promise<Report> {
    const path = name.split('/').map(encodeURIComponent).join('/');
    return (await this.#ask(`/admin/tenants/${tenant}/rooms/${path}`)) as Report;
  }

  /** All pages of a list. */
  async #all(path: string, field: string): Promise<string[]> {
    const names: string[] = [];
    for (let after = ''; ;) {
      const page = (await this.#ask(after ? `${path}?after=${encodeURIComponent(after)}` : path)) as Record<string, unknown>;
      names.push(...(page[field] as string[]));
      if (page.next === null || page.next === undefined) return names;
      after = String(page.next);
    }
  }

  async #ask(path: string, method = 'GET'): Promise<unknown> {
    const headers = { authorization: `Bearer ${this.token}` };
    const response = await fetch(path, { method, headers }).catch(() => null);
    if (response === null) throw new Refused('The server could not be reached.', 0);
    const body = (await response.json().catch(() => ({}))) as { detail?: string };
    if (!response.ok) throw new Refused(body.detail ?? `The server answered ${response.status}.`, response.status);
    return body;
  }
}
