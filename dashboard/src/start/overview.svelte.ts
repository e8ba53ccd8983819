/**
 * The connections of the start page: one for each card, at a pace, with one token for all of them.
 *
 * The reader is asked for a token once, whichever connections want it.
 */

import { connect } from 'roomcast';
import type { AnyUpdate, TokenWhy } from 'roomcast';
import { live } from 'roomcast/svelte';
import type { Current, Live } from 'roomcast/svelte';
import { arrive, deployment, forgetToken, keepToken, onLink } from '../live/place.ts';
import { counted } from './activity.ts';
import type { Activity } from './activity.ts';
import type { Card, Glance } from './cards.ts';

/** The page looks at five rooms at once, and nobody looks at it closely. */
const PACE_MS = 1_000;

const MENDED_BY_A_TOKEN = new Set(['token_missing', 'token_invalid', 'token_expired', 'token_revoked']);

/** The feed of one card. */
export class Feed {
  readonly card: Card;
  now: Live<AnyUpdate> | null = $state.raw(null);
  activity: Activity = $state.raw(new Map());
  #view: Current<Card['initial']> | null = $state.raw(null);

  constructor(card: Card) {
    this.card = card;
  }

  get glance(): Glance {
    return this.card.glance(this.#view?.current ?? this.card.initial);
  }

  /** Whether the server refused the token, so that another one may help. */
  get refused(): boolean {
    return this.now?.state.phase === 'failed' && MENDED_BY_A_TOKEN.has(this.now.state.error?.code ?? '');
  }

  begin(token: string | null, given: (why: TokenWhy) => string | Promise<string>): void {
    const { session, path, topics, anonymous, reducer, initial } = this.card;
    const client = connect<AnyUpdate>({ url: deployment(), session, path, pace: PACE_MS, ...(topics && { topics: topics(token) }), ...(!anonymous && { token: given }) });
    client.on('change', ({ source, updates }) => {
      if (source === 'tail' || source === 'replay') this.activity = counted(this.activity, updates.length, Date.now());
    });
    this.now = live(client);
    this.#view = this.now.view(reducer, initial);
  }
}

export class Overview {
  readonly feeds: readonly Feed[];
  #token: string | null = $state(null);
  /** Connections that wait for another token. */
  #waiting: ((token: string) => void)[] = $state.raw([]);

  constructor(cards: readonly Card[]) {
    this.#token = arrive().token;
    this.feeds = cards.map((card) => new Feed(card));
    onLink((token) => this.give(token));
    for (const feed of this.feeds) if (feed.card.anonymous || this.#token !== null) this.#begin(feed);
  }

  get needsToken(): boolean {
    return this.#token === null || this.#waiting.length > 0 || this.feeds.some(({ refused }) => refused);
  }

  /** Whether there was a token, which is not good any more. */
  get hadToken(): boolean {
    return this.#token !== null;
  }

  give(token: string): void {
    keepToken(token);
    this.#token = token;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(token);
    for (const feed of this.feeds) {
      if (feed.now === null) this.#begin(feed);
      else if (feed.now.state.phase === 'failed') feed.now.client.retry();
    }
  }

  #begin(feed: Feed): void {
    feed.begin(this.#token, (why) => {
      if (why === 'connect' && this.#token !== null) return this.#token;
      if (why === 'expired') forgetToken();
      return new Promise((resolve) => (this.#waiting = [...this.#waiting, resolve]));
    });
  }
}
