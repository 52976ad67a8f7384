/** @typedef {import('../types').Money} Money */

/**
 * ISO 4217's minor units where they are not two, as in the server's table: for messages that were stored without an
 * exponent. Intl knows what a language usually shows, which is something else and changes with the browser.
 * @type {[number, string][]}
 */
const EXPONENTS = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
];

/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/**
 * A price as the shopper's language writes it.
 * @param {Money} money
 * @param {string} locale
 */
export function price(money, locale) {
  return format(locale, money.currency, decimalsShown(money, locale)).format(major(money));
}

/**
 * From one price to another, or one price where they are the same or cannot be compared.
 * @param {Money} from
 * @param {Money | null | undefined} to
 * @param {string} locale
 */
export function priceRange(from, to, locale) {
  if (!to || !exceeds(to, from)) return price(from, locale);
  const decimals = Math.max(decimalsShown(from, locale), decimalsShown(to, locale));
  const shown = format(locale, from.currency, decimals);
  // Firefox has it from 116, Safari from 15.4; the rest reads two prices.
  return shown.formatRange?.(major(from), major(to)) ?? `${shown.format(major(from))} – ${shown.format(major(to))}`;
}

/** Amounts of two currencies say nothing about each other. @param {Money} one @param {Money} other */
export function exceeds(one, other) {
  return one.currency === other.currency && one.amount > other.amount;
}

/** @param {Money} one @param {Money} other */
export function isSamePrice(one, other) {
  return one.currency === other.currency && one.amount === other.amount;
}

/** @param {Money} money */
function exponentOf({ currency, exponent = -1 }) {
  if (exponent >= 0 && exponent < 5) return exponent;
  return EXPONENTS.find(([, codes]) => codes.includes(currency))?.[0] ?? 2;
}

/** @param {Money} money */
function major(money) {
  return money.amount / 10 ** exponentOf(money);
}

/**
 * All decimals that the currency has, or as few as its language usually shows (4 990 Ft) where only zeros go.
 * @param {Money} money
 * @param {string} locale
 */
function decimalsShown(money, locale) {
  const exponent = exponentOf(money);
  const usual = format(locale, money.currency).resolvedOptions().maximumFractionDigits ?? exponent;
  return money.amount % 10 ** (exponent - usual) ? exponent : Math.min(usual, exponent);
}

/**
 * @param {string} locale
 * @param {string} currency
 * @param {number} [decimals]
 */
function format(locale, currency, decimals) {
  const key = [locale, currency, decimals].join();
  const known = formats.get(key) ?? make(locale, currency, decimals);
  formats.set(key, known);
  return known;
}

/**
 * A page may name a language, and an old message a currency, that no browser knows.
 * @param {string} locale
 * @param {string} currency
 * @param {number} [decimals]
 * @returns {Intl.NumberFormat}
 */
function make(locale, currency, decimals) {
  try {
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    return new Intl.NumberFormat(locale, { style: 'currency', currency, ...digits });
  } catch {
    return locale === 'en' ? make(locale, 'XXX', decimals) : make('en', currency, decimals);
  }
}
