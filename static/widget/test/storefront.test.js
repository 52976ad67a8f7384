import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { afterEach, beforeEach, test } from 'node:test';

globalThis.window = globalThis;
const { addLines, addToCart } = await import('../src/common/storefront.js');
const { strings } = await import('../src/carts/strings.js');
Object.assign(strings, (await import('../src/shopping/strings.js')).strings);
const { readCart, tokenOf } = await import('../src/common/theme-cart.js');

const VARIANT = 'gid://shopify/ProductVariant/8001';

/** A storefront whose pages answer as the test says; `cart` is what /cart.js tells. */
const shop = { cart: { item_count: 0, items: [] }, add: null, asked: [], root: '' };
let server;

beforeEach(async () => {
  Object.assign(shop, { cart: held(0), asked: [] });
  shop.add = (response, items) => {
    put(items[0].id, items[0].quantity);
    reply(response, 200, { items });
  };
  server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    if (request.url.endsWith('/cart.js')) {
      return shop.cart ? reply(response, 200, shop.cart) : reply(response, 404, {});
    }
    const { items } = JSON.parse(body);
    shop.asked.push({ path: request.url, items });
    shop.add(response, items);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  shop.root = `http://127.0.0.1:${server.address().port}/`;
});

afterEach(() => {
  delete globalThis.Shopify;
  server.closeAllConnections();
  return new Promise((closed) => server.close(closed));
});

function reply(response, status, body) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': typeof body === 'string' ? 'text/html' : 'application/json' }).end(text);
}

/** The theme's cart with so many pieces of the variant and of another. */
function held(pieces, others = 0) {
  const items = [
    { variant_id: 8001, quantity: pieces },
    { variant_id: 9, quantity: others },
  ];
  return { item_count: pieces + others, token: 'abc?key=1', items: items.filter(({ quantity }) => quantity) };
}

function put(id, quantity) {
  const pieces = shop.cart.items.find((item) => item.variant_id === id)?.quantity ?? 0;
  shop.cart = held(pieces + quantity);
}

/** Standard actions that answer an update with `answer`, after `does` has changed the theme's cart. */
function actions(answer, { does = () => {}, getCart = true } = {}) {
  const summary = () => ({ id: 'gid://shopify/Cart/abc', totalQuantity: shop.cart.item_count, lines: [] });
  globalThis.Shopify = {
    actions: {
      asked: [],
      async updateCart(payload) {
        this.asked.push(payload);
        does();
        return { cart: summary(), userErrors: [], warnings: [], ...(typeof answer === 'function' ? answer() : answer) };
      },
      ...(getCart && { getCart: async () => ({ cart: summary() }) }),
    },
  };
  return globalThis.Shopify.actions;
}

const OUT = { code: 'MERCHANDISE_OUT_OF_STOCK', message: 'The product "Ridge Beanie" is already sold out.' };
const SHORT = { code: 'MERCHANDISE_NOT_ENOUGH_STOCK', message: 'Only 2 items were added to your cart.' };

test('a piece that the standard action has added gives no reason', async () => {
  const { asked } = actions({}, { does: () => put(8001, 1) });
  assert.equal(await addToCart(shop.root, VARIANT), '');
  assert.deepEqual(asked, [{ lines: [{ merchandiseId: VARIANT, quantity: 1 }] }]);
});

test('a piece counts as added where nobody can tell what was in the cart before', async () => {
  shop.cart = null;
  globalThis.Shopify = { actions: { updateCart: async () => ({ cart: { totalQuantity: 3 }, userErrors: [] }) } };
  assert.equal(await addToCart(shop.root, VARIANT), '');
});

test('a warning that all are sold out says so', async () => {
  actions({ warnings: [OUT] });
  assert.match(await addToCart(shop.root, VARIANT), /sold out, so nothing was added/);
});

test('a warning that no more are left says how many the cart has of it', async () => {
  shop.cart = held(2, 5);
  actions({ warnings: [SHORT] });
  assert.match(await addToCart(shop.root, VARIANT), /Only 2 were left/);
});

test('the last piece, added once more, is told to be in the cart already', async () => {
  shop.cart = held(1);
  actions({ warnings: [OUT] });
  assert.match(await addToCart(shop.root, VARIANT), /Only 1 was left, and it is already/);
});

test('a line that the shop lowers to what is left is no success', async () => {
  shop.cart = held(5);
  actions({ warnings: [SHORT] }, { does: () => (shop.cart = held(2)) });
  assert.match(await addToCart(shop.root, VARIANT), /Only 2 were left/);
});

test('the line that a warning names tells how many are left where the theme has no cart page', async () => {
  shop.cart = null;
  const lines = [
    { id: 'a', quantity: 7 },
    { id: 'b', quantity: 2 },
  ];
  const answer = { cart: { totalQuantity: 9, lines }, warnings: [{ ...SHORT, target: 'b' }] };
  globalThis.Shopify = { actions: { updateCart: async () => answer } };
  assert.match(await addToCart(shop.root, VARIANT), /Only 2 were left/);
});

test('a shortage whose size nobody knows is told in the words of the shop', async () => {
  shop.cart = null;
  globalThis.Shopify = { actions: { updateCart: async () => ({ cart: { totalQuantity: 9 }, warnings: [SHORT] }) } };
  assert.equal(await addToCart(shop.root, VARIANT), SHORT.message);
});

test('an unknown warning is told in the words of the shop when the piece is not in', async () => {
  shop.cart = held(0, 1);
  actions({ warnings: [{ code: 'MERCHANDISE_NOT_FOR_YOUR_COUNTRY', message: 'Not sold in your country.' }] });
  assert.equal(await addToCart(shop.root, VARIANT), 'Not sold in your country.');
});

test('a warning about something else does not hide that the piece is in', async () => {
  const warning = { code: 'DISCOUNT_NOT_FOUND', message: 'The code has ended.' };
  actions({ warnings: [warning] }, { does: () => put(8001, 1) });
  const outcome = await addLines(shop.root, [{ variant: VARIANT, quantity: 1 }]);
  assert.deepEqual(outcome, { isIn: true, said: 'The code has ended.' });
});

test('an answer without a warning is no success when the cart has gained nothing', async () => {
  shop.cart = held(0, 4);
  actions({});
  assert.match(await addToCart(shop.root, VARIANT), /could not be put into your cart/);
});

test('errors of the standard action are told, with our own words for a shortage', async () => {
  actions({ userErrors: [{ code: 'INVALID', message: 'The cart is locked.' }] });
  assert.equal(await addToCart(shop.root, VARIANT), 'The cart is locked.');
  actions({ userErrors: [OUT] });
  assert.match(await addToCart(shop.root, VARIANT), /sold out/);
  actions({ userErrors: [{ code: 'INVALID' }], warnings: null });
  assert.match(await addToCart(shop.root, VARIANT), /could not be put/);
});

test('whatever shape an answer has, the shopper reads a reason, and only where nothing was added', async () => {
  const odd = [undefined, null, 'no', {}, [null], [{}], [{ message: { text: 'x' } }], { message: 'x' }, 7];
  for (const warnings of odd) {
    for (const userErrors of odd) {
      for (const does of [() => {}, () => put(8001, 1)]) {
        shop.cart = held(0);
        actions({ warnings, userErrors, cart: { lines: {} } }, { does });
        const { isIn, said } = await addLines(shop.root, [{ variant: VARIANT, quantity: 1 }]);
        assert.equal(typeof said, 'string');
        assert.ok(!said.includes('[object'));
        if (!shop.cart.item_count) assert.ok(!isIn && said);
        else assert.ok(isIn || Array.isArray(userErrors));
      }
    }
  }
});

test('a count that is no number says nothing about the cart', async () => {
  for (const totalQuantity of [NaN, undefined, 'many', {}]) {
    const cart = { totalQuantity };
    globalThis.Shopify = { actions: { updateCart: async () => ({ cart }), getCart: async () => ({ cart }) } };
    assert.equal(await addToCart(shop.root, VARIANT), '', String(totalQuantity));
  }
});

test('a standard action that is no function is not one', async () => {
  globalThis.Shopify = { actions: { updateCart: {} } };
  assert.equal(await addToCart(shop.root, VARIANT), '');
  assert.equal(shop.asked.length, 1);
});

test('a standard action that breaks is judged by the cart', async () => {
  const fail = () => {
    throw new Error('theme');
  };
  actions(fail);
  assert.match(await addToCart(shop.root, VARIANT), /could not be put/);
  actions(fail, { does: () => put(8001, 1) });
  assert.equal(await addToCart(shop.root, VARIANT), '');
  shop.cart = null;
  globalThis.Shopify = {
    actions: {
      updateCart: fail,
      getCart() {
        throw new Error('theme');
      },
    },
  };
  assert.match(await addToCart(shop.root, VARIANT), /could not tell/);
});

test('the Ajax API is asked by number where there are no standard actions', async () => {
  for (const variant of ['gid://shopify/ProductVariant/8001', 'gid://shopify/ProductVariant/8001?shop=99', '8001']) {
    assert.equal(await addToCart(`${shop.root}de/`, variant), '');
    assert.deepEqual(shop.asked.pop(), { path: '/de/cart/add.js', items: [{ id: 8001, quantity: 1 }] });
  }
});

test('the standard action gets the id without a suffix', async () => {
  const { asked } = actions({}, { does: () => put(8001, 1) });
  assert.equal(await addToCart(shop.root, `${VARIANT}?shop=99`), '');
  assert.equal(asked[0].lines[0].merchandiseId, VARIANT);
});

test('an id without a number is not sent to the Ajax API', async () => {
  for (const variant of ['gid://shopify/GiftCard/abc', '', 'ProductVariant/']) {
    assert.match(await addToCart(shop.root, variant), /could not be put/);
  }
  assert.deepEqual(shop.asked, []);
});

test('a refusal of the Ajax API is told in the words of the shop', async () => {
  const refusals = [
    [{ message: 'Cart Error', description: 'All gone.' }, /^All gone\.$/],
    [{ message: 'Cart Error', description: { quantity: ['no'] } }, /^Cart Error$/],
    [{}, /could not be put/],
  ];
  for (const [body, said] of refusals) {
    shop.add = (response) => reply(response, 422, { status: 422, ...body });
    assert.match(await addToCart(shop.root, VARIANT), said);
  }
});

test('a quantity that the Ajax API has cut in silence is found in the cart', async () => {
  shop.cart = held(2);
  shop.add = (response, items) => reply(response, 200, { items });
  assert.match(await addToCart(shop.root, VARIANT), /Only 2 were left/);
  shop.cart = held(0, 1);
  assert.match(await addToCart(shop.root, VARIANT), /could not be put/);
});

for (const [name, broken] of Object.entries({
  'an error page': (response) => reply(response, 502, '<h1>Bad gateway</h1>'),
  'an error in JSON': (response) => reply(response, 500, { message: 'Internal' }),
  'a page in place of an answer': (response) => reply(response, 200, '<h1>Password</h1>'),
  'a connection that ends': (response) => response.destroy(),
})) {
  test(`after ${name} the cart tells what happened`, async () => {
    shop.add = broken;
    assert.match(await addToCart(shop.root, VARIANT), /could not be put/);
    shop.add = (response) => {
      put(8001, 1);
      broken(response);
    };
    assert.equal(await addToCart(shop.root, VARIANT), '');
    shop.add = (response) => {
      shop.cart = null;
      broken(response);
    };
    assert.match(await addToCart(shop.root, VARIANT), /could not tell/);
  });
}

test('a shop that cannot be reached at all gives a reason', async () => {
  assert.match(await addToCart('http://127.0.0.1:9/', VARIANT), /could not tell/);
});

test('several lines are added at once, with what is written on them', async () => {
  const attributes = [{ name: 'Engraving', value: 'Anna' }];
  const lines = [
    { variant: VARIANT, quantity: 2, attributes },
    { variant: 'gid://shopify/ProductVariant/9', quantity: 1 },
  ];
  shop.add = (response, items) => {
    shop.cart = held(2, 1);
    reply(response, 200, { items });
  };
  assert.deepEqual(await addLines(shop.root, lines), { isIn: true, said: '' });
  assert.deepEqual(shop.asked[0].items, [
    { id: 8001, quantity: 2, properties: { Engraving: 'Anna' } },
    { id: 9, quantity: 1 },
  ]);
  const { asked } = actions({ warnings: [OUT] }, { does: () => put(8001, 2) });
  assert.deepEqual(await addLines(shop.root, lines), { isIn: false, said: OUT.message });
  assert.deepEqual(asked[0].lines[0].attributes, [{ key: 'Engraving', value: 'Anna' }]);
});

test('the token of an empty cart is nobodys', async () => {
  assert.equal(tokenOf(await readCart(shop.root)), '');
  shop.cart = held(1);
  assert.equal(tokenOf(await readCart(shop.root)), 'abc?key=1');
});
