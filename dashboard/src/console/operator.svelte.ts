/**
 * What the operator does: shows the admin token, chooses tenants, and watches them as long as the page can be seen.
 *
 * Watching costs little, and still nobody pays for a page that nobody looks at: a hidden page stops asking, so its rooms stop
 * reporting. Decides nothing about connections: that is the client's.
 */

import { connect } from 'roomcast';
import { live } from 'roomcast/svelte';
import type { Current, Live } from 'roomcast/svelte';
import type { Update } from 'roomcast/presets/console';
import type { Watching } from '../live/watching.svelte.ts';
import { Admin, Refused, encoded, forgetToken, keepToken, keptToken } from './admin.ts';
import { apply, NO_ROOMS } from './fold.ts';
import type { Rooms } from './fold.ts';

/** Milliseconds between two times at which a tenant is asked for to be watched: a third of what one of them lasts. */
const WATCH_EVERY_MS = 30_000;

/** What the page shows of the tenants, and what it can do. */
export class Operator implements Watching<Update, Rooms> {
  readonly session = 'console';
  now = $state.raw<Live<Update> | null>(null);
  /** The names of all tenants; null until they are known. */
  tenants = $state.raw<readonly string[] | null>(null);
  /** The names of the rooms of each tenant that is watched. */
  listed = $state.raw<ReadonlyMap<string, readonly string[]>>(new Map());
  /** Why something did not work. */
  fault = $state('');
  #admin = $state.raw<Admin | null>(null);
  #view = $state.raw<Current<Rooms> | null>(null);
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    const token = keptToken();
    if (token !== null) void this.enter(token);
  }

  get view(): Rooms {
    return this.#view?.current ?? NO_ROOMS;
  }

  get needsToken(): boolean {
    return this.#admin === null || this.now?.state.error?.close === 4401;
  }

  get token(): string | null {
    return this.#admin?.token ?? null;
  }

  give(_session: string, token: string): void {
    void this.enter(token);
  }

  /** Looks whether a token opens the admin API, and begins. */
  async enter(token: string): Promise<void> {
    const admin = new Admin(token);
    try {
      this.tenants = await admin.tenants();
    } catch (error) {
      if (error instanceof Refused && error.status === 401) forgetToken();
      this.fault = error instanceof Refused && error.status === 401 ? 'This is not the admin token of this deployment.' : String((error as Error).message);
      return;
    }
    keepToken(token);
    this.fault = '';
    this.#admin = admin;
    this.#begin();
    const [only, ...others] = this.tenants;
    const chosen = new URLSearchParams(location.search).getAll('tenant').filter((name) => this.tenants?.includes(name));
    this.choose(chosen.length === 0 && only !== undefined && others.length === 0 ? [only] : chosen);
  }

  #begin(): void {
    this.now?.client.close();
    const client = connect<Update>({ session: this.session, path: '/admin/console/live', token: () => encoded(this.token ?? ''), hidden: false });
    this.now = live(client);
    this.#view = this.now.view(apply, NO_ROOMS);
    clearInterval(this.#timer);
    this.#timer = setInterval(() => void this.watch(), WATCH_EVERY_MS);
    document.addEventListener('visibilitychange', this.#seen);
  }

  #seen = (): void => void this.watch();

  /** Forgets the token, and ends everything. */
  leave(): void {
    forgetToken();
    clearInterval(this.#timer);
    document.removeEventListener('visibilitychange', this.#seen);
    this.now?.client.close();
    this.now = null;
    this.#admin = null;
    this.#view = null;
    this.tenants = null;
    this.listed = new Map();
  }

  /** Watches these tenants and no others. */
  choose(names: readonly string[]): void {
    this.listed = new Map(names.map((name) => [name, this.listed.get(name) ?? []]));
    const query = new URLSearchParams(names.map((name) => ['tenant', name]));
    history.replaceState(null, '', names.length > 0 ? `?${query}` : location.pathname);
    void this.watch();
  }

  /** Asks for what is watched to be watched on, and which rooms there are, if somebody looks at the page. */
  async watch(): Promise<void> {
    const admin = this.#admin;
    if (admin === null || document.visibilityState === 'hidden') return;
    await Promise.all([...this.listed.keys()].map((tenant) => this.#watch(admin, tenant)));
  }

  async #watch(admin: Admin, tenant: string): Promise<void> {
    try {
      await admin.watch(tenant);
      const rooms = await admin.rooms(tenant);
      this.fault = '';
      if (this.listed.has(tenant)) this.listed = new Map(this.listed).set(tenant, rooms);
    } catch (error) {
      this.fault = `${tenant}: ${(error as Error).message}`;
    }
  }

  /** Asks one room how it stands, which wakes it. */
  async ask(tenant: string, name: string): Promise<ReturnType<Admin['room']> extends Promise<infer R> ? R | null : never> {
    try {
      return (await this.#admin?.room(tenant, name)) ?? null;
    } catch (error) {
      this.fault = `${tenant}/${name}: ${(error as Error).message}`;
      return null;
    }
  }
}
