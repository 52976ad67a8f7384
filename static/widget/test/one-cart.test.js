import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { afterEach, beforeEach, mock, test } from 'node:test';

globalThis.window = globalThis;
// The pauses between attempts take no time here.
const { setTimeout: wait } = globalThis;
globalThis.setTimeout = (task, milliseconds, ...given) => wait(task, milliseconds >= 1000 ? 0 : milliseconds, ...given);
globalThis.document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
const { strings } = await import('../src/carts/strings.js');
Object.assign(strings, (await import('../src/shopping/strings.js')).strings);
const { OneCart } = await import('../src/carts/one-cart.js');
const { Refused } = await import('../src/conversation/api.js');

const HAT = { variant_id: 'gid://shopify/ProductVariant/1', title: 'Hat', quantity: 1, attributes: [] };
const CUP = { variant_id: 'gid://shopify/ProductVariant/2', title: 'Cup', quantity: 2, attributes: [] };
const OK = { status: 'ok', cart: { count: 1, total: {} } };

/** The theme's cart over HTTP, and a server that answers as the test says. */
const world = { held: {}, sold: [], status: 200, answers: [], asked: [], shown: [], told: 0 };
let theme, one, store;

beforeEach(async () => {
  Object.assign(world, { held: {}, sold: [], status: 200, answers: [], asked: [], shown: [], told: 0, lost: false, unread: false, added: false });
  document.visibilityState = 'visible';
  theme = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    const [status, answer] = request.method === 'POST' ? add(JSON.parse(body).items) : [200, cart()];
    if (world.unread && world.added) return response.destroy();
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise((listening) => theme.listen(0, '127.0.0.1', listening));
  store = new Map();
  one = new OneCart({
    root: `http://127.0.0.1:${theme.address().port}/`,
    api: { known: true, id: 'session', store: { get: () => ({ id: 'session' }) }, json: ask },
    own: { get: (key) => store.get(key), set: (key, value) => store.set(key, value) },
    tabs: { tell: () => world.told++, alone: (_signal, task) => task() },
    element: { isConnected: false },
    isOwn: false,
    show: (answer) => world.shown.push(answer),
    notice: (words) => world.shown.push(words),
    ask: () => {},
  });
});

afterEach(() => {
  mock.restoreAll();
  theme.close();
});

function cart() {
  const items = Object.entries(world.held).map(([variant_id, quantity]) => ({ variant_id, quantity }));
  return { token: 'theme?key=1', items, item_count: items.reduce((sum, { quantity }) => sum + quantity, 0) };
}

function add(items) {
  world.added = true;
  if (world.lost) {
    Object.assign(world, { lost: false, held: { 3: 1 } }); // the theme has begun another cart meanwhile
    return [200, { items }];
  }
  if (world.status !== 200) return [world.status, {}];
  if (items.some(({ id }) => world.sold.includes(id))) return [422, { description: 'All gone.' }];
  for (const { id, quantity } of items) world.held[id] = (world.held[id] ?? 0) + quantity;
  return [200, { items }];
}

async function ask(method, path, body) {
  world.asked.push([method, path, body]);
  const answer = world.answers.shift();
  if (answer instanceof Error) throw answer;
  return typeof answer === 'function' ? answer() : answer;
}

const move = (...lines) => ({ ...OK, own: true, move: { id: 'm', lines } });

test('what the server hands out is put into the themes cart and told', async () => {
  world.answers = [move(HAT, CUP), OK];
  assert.equal(await one.unite(true), true);
  assert.deepEqual(world.held, { 1: 1, 2: 2 });
  assert.deepEqual(world.asked, [
    ['POST', '/api/cart/move', { cart_id: '' }],
    ['PUT', '/api/cart', { cart_id: 'theme?key=1', move: 'm' }],
  ]);
  assert.deepEqual([world.shown, world.told], [[OK], 1]);
});

test('the server is asked again only when the theme has another cart', async () => {
  world.held = { 1: 1 };
  world.answers = [OK];
  assert.deepEqual([await one.unite(), await one.unite()], [true, false]);
  assert.equal(world.asked.length, 1);
});

test('of several attempts of a page each waits for the one before', async () => {
  world.answers = [move(HAT), OK, OK];
  await Promise.all([one.unite(true), one.unite(true)]);
  assert.deepEqual(world.asked.map(([method]) => method), ['POST', 'PUT', 'POST']);
  assert.deepEqual(world.held, { 1: 1 });
});

for (const status of [500, 503, 429]) {
  test(`an outcome that nobody knows is not told: ${status}`, async () => {
    Object.assign(world, { status, answers: [move(HAT)] });
    assert.equal(await one.unite(true), false);
    assert.deepEqual(world.asked.map(([method]) => method), ['POST']);
    assert.ok(one.panel.owed);
  });
}

test('a shop that cannot be reached is nothing to begin with', async () => {
  theme.close();
  assert.equal(await one.unite(true), false);
  assert.deepEqual(world.asked, []);
});

test('a server that cannot be asked is owed a question', async () => {
  world.answers = [new Error('away')];
  assert.equal(await one.unite(true), false);
  world.answers = [OK];
  one.panel.element.isConnected = true;
  assert.equal(await one.panel.owed(), true);
});

test('what is refused together is put in one by one, and what is refused alone is told', async () => {
  Object.assign(world, { sold: [2], answers: [move(HAT, CUP), OK] });
  assert.equal(await one.unite(true), true);
  assert.deepEqual(world.held, { 1: 1 });
  assert.deepEqual(world.shown, [OK, `${strings.notMoved('Cup')} All gone.`]);
  assert.equal(world.asked.length, 2);
});

test('a cart of which nothing can be moved stays the assistants', async () => {
  Object.assign(world, { sold: [1], answers: [move(HAT), { ...OK, own: true }] });
  await one.unite(true);
  assert.deepEqual(world.asked[1][2], { cart_id: '', move: 'm' });
  assert.equal(one.panel.isOwn, true);
});

test('lines in a cart that the browser has lost are moved again', async () => {
  world.answers = [move(HAT), { ...OK, own: true }, move(HAT), OK];
  world.lost = true;
  assert.equal(await one.unite(true), true);
  assert.deepEqual(world.asked.map(([, , body]) => body.cart_id), ['', '', 'theme?key=1', 'theme?key=1']);
  assert.deepEqual(world.held, { 1: 1, 3: 1 });
});

test('an outcome that cannot be read is not told', async () => {
  world.answers = [move(HAT)];
  world.unread = true;
  assert.equal(await one.unite(true), false);
  assert.equal(world.asked.length, 1);
});

test('a page that slept after it was handed a move does not begin it', async () => {
  world.answers = [move(HAT)];
  const now = Date.now();
  mock.method(Date, 'now', () => now + (world.asked.length ? 60_000 : 0));
  assert.equal(await one.unite(true), false);
  assert.deepEqual(world.held, {});
});

test('a tab that nobody sees leaves it to one that is seen', async () => {
  document.visibilityState = 'hidden';
  assert.equal(await one.unite(true), false);
  assert.deepEqual(world.asked, []);
});

test('a cart that is being changed is asked for again', async () => {
  world.answers = [new Refused({ code: 'cart-busy' }), new Refused({ code: 'cart-busy' }), OK];
  assert.equal(await one.unite(true), true);
  assert.equal(world.asked.length, 3);
});

for (const [who, problem, left] of [
  ['the assistant replaced', {}, { 1: 1 }],
  ['the shopper emptied while another page was at it', { moving: true }, {}],
]) {
  test(`a tapped product in a cart that ${who}`, async () => {
    const emptied = () => {
      world.held = {};
      return OK;
    };
    world.answers = [new Refused({ code: 'cart-busy', ...problem }), emptied, OK];
    const told = new Promise((resolve) => Object.assign(one.panel, { tabs: { ...one.panel.tabs, tell: resolve }, say() {} }));
    assert.equal(await one.add(HAT.variant_id, HAT.title), true);
    await told;
    assert.deepEqual(world.held, left);
  });
}
