import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Addresses } from '../src/messages/links.js';

const vectors = JSON.parse(await readFile(new URL('../../../tests/link_vectors.json', import.meta.url), 'utf8'));
const addresses = new Addresses(
  'https://www.tarn.example/products/hat?x=1',
  'tarn.myshopify.com',
  'https://chat.example',
);

test('pages of the shop may be links, under each of its names', () => {
  for (const address of [
    'https://www.tarn.example/products/hat',
    'https://tarn.example/products/hat',
    'https://tarn.myshopify.com/products/hat',
    '/products/hat',
    'HTTPS://WWW.TARN.EXAMPLE/',
  ]) {
    assert.ok(addresses.link(address), address);
  }
});

test('nothing else may', () => {
  for (const address of [
    'https://evil.example/',
    'https://tarn.example.evil.example/',
    'https://eviltarn.example/',
    'https://www.tarn.example@evil.example/',
    'https://user:pass@www.tarn.example/',
    'https://www.tarn.example:8443/',
    'https://www.tärn.example/',
    'https://chat.example/',
    '//evil.example/',
    '//www.tarn.example/',
    '/\\evil.example',
    'https:\\\\evil.example',
    'http://www.tarn.example/',
    'javascript:alert(1)',
    'java\tscript:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'blob:https://www.tarn.example/x',
    'ftp://www.tarn.example/',
    'mailto:a@tarn.example',
    'https://',
  ]) {
    assert.equal(addresses.link(address), null, address);
  }
});

test('pictures come from the shop, its CDN or the backend', () => {
  assert.ok(addresses.image('https://cdn.shopify.com/s/files/1/hat.png'));
  assert.ok(addresses.image('/cdn/hat.svg'));
  assert.ok(addresses.image('https://chat.example/hat.png'));
  assert.equal(addresses.image('https://evil.example/hat.png?basket=1'), null);
  assert.equal(addresses.image('data:image/svg+xml,x'), null);
  assert.equal(addresses.image(''), null);
});

test('where a mere visit does something is neither a link nor a picture', () => {
  for (const address of [
    '/cart/clear',
    '/cart/add?id=1&quantity=9',
    '/CART/change?line=1&quantity=0',
    '/de/cart/clear',
    '/pt-br/cart/42:1',
    '/x/../cart/clear',
    '/c%61rt/clear',
    '/%E0%A4%A',
    '/account/logout?return_url=/',
    '/discount/FREE',
    '/checkout',
    '/checkouts/cn/x',
    'https://tarn.example//cart/clear',
  ]) {
    assert.equal(addresses.link(address), null, address);
    assert.equal(addresses.image(address), null, address);
  }
  for (const page of ['/cart', '/account', '/pages/checkout-help', '/products/cart', '/collections/discount']) {
    assert.ok(addresses.link(page), page);
  }
});

test('a page that is not encrypted may link to its own kind', () => {
  const local = new Addresses('http://127.0.0.1:8000/', 'demo.myshopify.com', 'http://127.0.0.1:8000');
  assert.equal(local.link('http://127.0.0.1:8000/products/hat'), 'http://127.0.0.1:8000/products/hat');
  assert.equal(local.link('http://127.0.0.1:9000/'), null);
});

test('a link of the shop stays in the market and the language of the page', () => {
  const page = 'https://shop.example/en-gb/products/hat';
  const abroad = new Addresses(page, 'shop.myshopify.com', 'https://chat.example', '/en-gb');
  assert.equal(abroad.link('https://shop.example/products/mug'), 'https://shop.example/en-gb/products/mug');
  assert.equal(abroad.link('/policies/refund-policy'), 'https://shop.example/en-gb/policies/refund-policy');
  assert.equal(abroad.link('/en-gb/products/mug'), 'https://shop.example/en-gb/products/mug');
  assert.equal(abroad.link('/fr/products/mug'), 'https://shop.example/fr/products/mug');
  assert.equal(abroad.link('/account'), 'https://shop.example/account');
  assert.equal(abroad.link('https://shop.myshopify.com/products/mug'), 'https://shop.myshopify.com/products/mug');
});

test('what does something when visited is no link under any folder of a market, and a page of the shop is one', () => {
  for (const root of ['', '/en-gb', '/es-419', '/market']) {
    const page = 'https://shop.example/';
    const there = new Addresses(page, 'shop.myshopify.com', 'https://chat.example', root);
    for (const address of vectors.acts) assert.equal(there.link(root + address), null, root + address);
    for (const address of vectors.pages) assert.ok(there.link(address), address);
    for (const address of vectors.pages) assert.ok(there.link(root + address), root + address);
  }
});
