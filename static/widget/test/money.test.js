import assert from 'node:assert/strict';
import { test } from 'node:test';
import { price } from '../src/messages/money.js';

test('minor units are made whole as the currency has it', () => {
  assert.equal(price({ amount: 3600, currency: 'EUR' }, 'en'), '€36.00');
  assert.equal(price({ amount: 3600, currency: 'JPY' }, 'en'), '¥3,600');
  assert.equal(price({ amount: 3600, currency: 'KWD' }, 'en').replace(/\s/g, ' '), 'KWD 3.600');
});

test('a price is written as the language writes it', () => {
  assert.equal(price({ amount: 123456, currency: 'EUR' }, 'de').replace(/\s/g, ' '), '1.234,56 €');
});

test('a currency or language that nobody knows does no harm', () => {
  assert.match(price({ amount: 100, currency: '??' }, 'en'), /1\.00/);
  assert.match(price({ amount: 100, currency: 'EUR' }, 'no-such-language-tag-x'), /1/);
});
