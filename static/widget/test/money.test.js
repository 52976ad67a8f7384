import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exceeds, isSamePrice, price, priceRange } from '../src/messages/money.js';

/** @param {number} amount @param {string} currency @param {number} [exponent] @param {string} [locale] */
const shown = (amount, currency, exponent, locale = 'en') =>
  price({ amount, currency, exponent }, locale).replace(/\s/g, ' ');

test('the exponent that comes with a price decides, whatever the language usually shows', () => {
  assert.equal(shown(499000, 'HUF', 2), 'HUF 4,990');
  assert.equal(shown(24900000, 'IDR', 2), 'IDR 249,000');
  assert.equal(shown(15000000, 'IQD', 3), 'IQD 15,000');
  assert.equal(shown(1480, 'JPY', 0), '¥1,480');
  assert.equal(shown(12500, 'KWD', 3), 'KWD 12.500');
  assert.equal(shown(1999, 'EUR', 2), '€19.99');
  assert.equal(shown(123456, 'CLF', 4), 'CLF 12.3456');
});

test('a message without exponents is read by ISO 4217', () => {
  assert.equal(shown(499000, 'HUF'), 'HUF 4,990');
  assert.equal(shown(15000000, 'IQD'), 'IQD 15,000');
  assert.equal(shown(3600, 'EUR'), '€36.00');
  assert.equal(shown(3600, 'JPY'), '¥3,600');
  assert.equal(shown(3600, 'KWD'), 'KWD 3.600');
  assert.equal(shown(3600, 'ABC'), 'ABC 36.00');
});

test('decimals that a language leaves out are left out only where they are zero', () => {
  assert.equal(shown(499050, 'HUF', 2), 'HUF 4,990.50');
  assert.equal(shown(15000250, 'IQD', 3), 'IQD 15,000.250');
  assert.equal(shown(1499000, 'HUF', 2, 'hu'), '14 990 Ft');
  assert.equal(shown(1499050, 'HUF', 2, 'hu'), '14 990,50 Ft');
  assert.equal(shown(3600, 'EUR', 2), '€36.00');
});

test('nothing is rounded', () => {
  assert.equal(shown(1003, 'CHF', 2), 'CHF 10.03');
  assert.equal(shown(10 ** 15 - 1, 'KWD', 3), 'KWD 999,999,999,999.999');
  assert.equal(shown(10 ** 15 - 1, 'USD', 2), '$9,999,999,999,999.99');
});

test('a price is written as the language writes it', () => {
  assert.equal(shown(123456, 'EUR', 2, 'de'), '1.234,56 €');
  assert.match(price({ amount: 123456, currency: 'EGP', exponent: 2 }, 'ar-EG'), /١٬٢٣٤٫٥٦/);
  assert.match(price({ amount: 123456, currency: 'ILS', exponent: 2 }, 'he'), /1,234\.56.*₪/);
});

test('a range is written once where both ends can be compared', () => {
  const eur = (/** @type {number} */ amount) => ({ amount, currency: 'EUR', exponent: 2 });
  assert.equal(priceRange(eur(2900), eur(3400), 'en').replace(/\s/g, ' '), '€29.00 – €34.00');
  assert.equal(priceRange(eur(2900), eur(2900), 'en'), '€29.00');
  assert.equal(priceRange(eur(2900), null, 'en'), '€29.00');
  assert.equal(priceRange(eur(2900), { amount: 990000, currency: 'HUF', exponent: 2 }, 'en'), '€29.00');
  const huf = (/** @type {number} */ amount) => ({ amount, currency: 'HUF', exponent: 2 });
  assert.match(priceRange(huf(499000), huf(599050), 'en'), /4,990\.00.*5,990\.50/);
});

test('a browser without ranges shows two prices', (t) => {
  const own = Object.getOwnPropertyDescriptor(Intl.NumberFormat.prototype, 'formatRange');
  Object.defineProperty(Intl.NumberFormat.prototype, 'formatRange', { value: undefined, configurable: true });
  t.after(() => own && Object.defineProperty(Intl.NumberFormat.prototype, 'formatRange', own));
  const usd = (/** @type {number} */ amount) => ({ amount, currency: 'USD', exponent: 2 });
  assert.equal(priceRange(usd(100), usd(250), 'en'), '$1.00 – $2.50');
});

test('amounts of two currencies are neither the same nor more or less', () => {
  const one = { amount: 100, currency: 'EUR' };
  assert.ok(isSamePrice(one, { amount: 100, currency: 'EUR', exponent: 2 }));
  assert.ok(!isSamePrice(one, { amount: 100, currency: 'USD' }));
  assert.ok(exceeds({ amount: 101, currency: 'EUR' }, one));
  assert.ok(!exceeds({ amount: 101, currency: 'HUF' }, one));
});

test('a currency or language that nobody knows does no harm', () => {
  assert.match(shown(100, '??'), /1\.00/);
  assert.equal(shown(100, 'EUR', 2, 'no-such-language-tag-x'), '€1.00');
  assert.equal(shown(100, 'EUR', 2, 'en_GB'), '€1.00');
  assert.equal(shown(100, 'EUR', 99), '€1.00');
});
