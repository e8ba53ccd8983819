/** Money and bytes as readers see them, as pure functions. */

import { numberText } from '../words.ts';

/** US dollars. Small amounts have two digits that count. */
export function moneyText(dollars: number): string {
  const digits = dollars !== 0 && Math.abs(dollars) < 0.1 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 2 };
  return new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol', minimumFractionDigits: 0, ...digits }).format(dollars);
}

const UNITS = ['B', 'kB', 'MB', 'GB'];

/** `420 B`, `3.4 kB`, `12 MB`. */
export function bytesText(bytes: number): string {
  const unit = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const amount = bytes / 1_000 ** unit;
  return `${numberText(amount < 10 ? Math.round(amount * 10) / 10 : Math.round(amount))} ${UNITS[unit]}`;
}

/** Events in a second: `0`, `0.05`, `3.4`, `1,200`. */
export function rateText(rate: number): string {
  return numberText(rate < 10 ? Math.round(rate * 100) / 100 : Math.round(rate));
}
