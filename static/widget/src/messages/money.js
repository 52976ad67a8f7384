/** @typedef {import('../types').Money} Money */

/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/**
 * A price as the shopper's language writes it. How many minor units make a whole is the currency's own matter.
 * @param {Money} money
 * @param {string} locale
 */
export function price({ amount, currency }, locale) {
  const key = `${locale} ${currency}`;
  const format = formats.get(key) ?? make(locale, currency);
  formats.set(key, format);
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

/**
 * @param {string} locale
 * @param {string} currency
 */
function make(locale, currency) {
  try {
    return new Intl.NumberFormat(locale, { style: 'currency', currency });
  } catch {
    return new Intl.NumberFormat('en', { style: 'currency', currency: 'XXX' });
  }
}
