import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refused } from '../src/conversation/api.js';
import { Cache } from '../src/conversation/cache.js';
import { Conversation } from '../src/conversation/conversation.js';
import { textOf } from '../src/conversation/message.js';
import { Outbox } from '../src/conversation/outbox.js';
import { Tabs } from '../src/conversation/tabs.js';
import * as recovery from '../src/recovery.js';

// Node before 21 has none.
globalThis.navigator ??= /** @type {any} */ ({});

/** A server that has one answer to give and may be cut off anywhere in it. */
class Server {
  /** How many bytes each response carries before it breaks off; afterwards all of them. @type {number[]} */
  cuts = [];
  /** What the next requests fail with. @type {unknown[]} */
  failures = [];
  /** @type {string[]} */
  asked = [];
  attempt = 1;
  /** How many events are in the server's history while the answer runs. */
  journalled = 0;
  isRunning = true;
  /** @type {object | null} */
  question = null;

  constructor(...words) {
    this.chunks = [
      { type: 'start', messageId: 'answer' },
      { type: 'start-step' },
      { type: 'text-start', id: 't' },
      ...words.map((delta) => ({ type: 'text-delta', id: 't', delta })),
      { type: 'text-end', id: 't' },
      { type: 'finish-step' },
      { type: 'finish', finishReason: 'stop' },
    ];
    this.text = words.join('');
  }

  get known() {
    return true;
  }

  async json(method, path) {
    this.asked.push(`${method} ${path.split('/').pop()?.split('?')[0]}`);
    if (method !== 'GET') return null;
    if (!this.question) throw new Refused({ code: 'conversation-not-found', status: 404, title: '', detail: '' });
    const parts = this.isRunning ? this.#parts(this.journalled) : [{ type: 'text', text: this.text, state: 'done' }];
    const status = this.isRunning ? 'running' : 'complete';
    const answer = { id: 'answer', role: 'assistant', parts, metadata: { status } };
    const stream = { turn_id: 't', last_event_id: `${this.attempt}-${this.journalled}`, ticket: 'x' };
    return { messages: [this.question, answer], next: null, ...(this.isRunning && { stream }) };
  }

  async send(method, path, body) {
    this.asked.push(`${method} ${path}`);
    const failure = this.failures.shift();
    if (failure) throw failure;
    this.question = body.message;
    return this.#stream(0);
  }

  async follow(path, after) {
    this.asked.push('follow');
    const [attempt, seq] = after.split('-').map(Number);
    return this.#stream(attempt === this.attempt ? (seq ?? 0) : 0);
  }

  #parts(count) {
    const text = this.chunks
      .slice(0, count)
      .map(({ delta = '' }) => delta)
      .join('');
    return count > 2 ? [{ type: 'text', text, state: 'streaming' }] : [];
  }

  #stream(after) {
    const wire = this.chunks
      .map((chunk, index) => `id: ${this.attempt}-${index + 1}\ndata: ${JSON.stringify(chunk)}\n\n`)
      .slice(after)
      .join('');
    const bytes = new TextEncoder().encode(`${wire}data: [DONE]\n\n`);
    const cut = this.cuts.shift() ?? bytes.length;
    if (cut >= bytes.length) this.isRunning = false;
    const end = cut < bytes.length && cut % 2 ? (c) => c.error(new TypeError('network error')) : (c) => c.close();
    const start = (controller) => {
      controller.enqueue(bytes.slice(0, cut));
      // An error throws away what is still queued: let it be read first.
      leaving = setTimeout(() => end(controller), 1);
    };
    let leaving;
    return new Response(new ReadableStream({ start, cancel: () => clearTimeout(leaving) }));
  }
}

class Memory {
  values = new Map();
  get = (key) => structuredClone(this.values.get(key));
  set = (key, value) => this.values.set(key, structuredClone(value));
  remove = (key) => this.values.delete(key);
  keys = (start) => [...this.values.keys()].filter((key) => key.startsWith(start));
}

/** A page of the shop: its conversation and a promise of the next answer's end. */
function visit(api, shared = new Memory(), own = new Memory()) {
  const seen = { texts: [] };
  let done;
  const ended = new Promise((resolve) => (done = resolve));
  const tabs = new Tabs('test', shared, () => conversation.sync());
  const later = { load: async () => recovery };
  const browser = { shared, own, tabs, outbox: new Outbox(shared), cache: new Cache('test'), recovery: later };
  const conversation = new Conversation(api, browser, {
    changed: () => {
      const last = conversation.messages.at(-1);
      if (last?.role === 'assistant') seen.texts.push(textOf(last));
      if (conversation.problem) done();
    },
    sending: async () => {},
    cart: () => {},
    ended: () => done(),
  });
  return { conversation, ended, seen, shared, own };
}

const answer = ({ messages }) => textOf(messages.at(-1));
const WORDS = ['Wa', 'rm ', 'hats ', '– ', 'yes, ', 'we ', 'do.'];

/** Waits between attempts would only slow the tests down. */
function impatiently(t) {
  t.mock.method(Math, 'random', () => -0.99);
}

test('an answer is read to its end', async () => {
  const { conversation, ended, shared } = visit(new Server(...WORDS));
  conversation.send('hats?', {});
  await ended;
  assert.equal(answer(conversation), WORDS.join(''));
  assert.equal(conversation.messages.at(-1).metadata.status, 'complete');
  assert.equal(shared.get('stream'), undefined);
});

test('an answer that is cut anywhere loses no word and doubles none', async (t) => {
  impatiently(t);
  for (let cut = 0; cut < 700; cut += 7) {
    const server = new Server(...WORDS);
    server.cuts = [cut, Math.floor(cut / 3)];
    server.journalled = cut % 9;
    const { conversation, ended } = visit(server);
    conversation.send('hats?', {});
    await ended;
    assert.equal(answer(conversation), WORDS.join(''), `cut at ${cut}`);
    assert.equal(conversation.messages.length, 2);
  }
});

test('an answer that nobody streams any more is taken from the history', async (t) => {
  impatiently(t);
  const server = new Server(...WORDS);
  server.cuts = [300];
  server.follow = async () => {
    server.isRunning = false;
    return new Response(null, { status: 204 });
  };
  const { conversation, ended } = visit(server);
  conversation.send('hats?', {});
  await ended;
  assert.equal(answer(conversation), WORDS.join(''));
});

test('the text never shrinks while a connection is taken up again', async (t) => {
  impatiently(t);
  const server = new Server(...WORDS);
  server.cuts = [420, 90];
  server.journalled = 4; // the history is behind what this page has read
  const { conversation, ended, seen } = visit(server);
  conversation.send('hats?', {});
  await ended;
  assert.deepEqual(
    seen.texts,
    [...seen.texts].sort((a, b) => a.length - b.length),
  );
});

test('the next page goes on in the middle of a word', async (t) => {
  impatiently(t);
  const server = new Server(...WORDS);
  server.cuts = [300];
  const first = visit(server);
  first.conversation.send('hats?', {});
  while (!answer(first.conversation)?.includes('Wa')) await new Promise(setImmediate);
  first.conversation.leave();
  const second = visit(server, first.shared, first.own);
  second.conversation.restore();
  assert.match(answer(second.conversation), /^Wa/, 'it paints at once what was on the page before');
  await second.ended;
  assert.equal(answer(second.conversation), WORDS.join(''));
  assert.equal(second.conversation.messages.length, 2);
});

test('another attempt replaces what the one before had said', async (t) => {
  impatiently(t);
  const server = new Server(...WORDS);
  server.cuts = [400];
  const { conversation, ended } = visit(server);
  conversation.send('hats?', {});
  while (!answer(conversation)?.includes('Wa')) await new Promise(setImmediate);
  server.attempt = 2;
  await ended;
  assert.equal(answer(conversation), WORDS.join(''));
});

test('a message that did not get through is sent again under the same id', async (t) => {
  impatiently(t);
  const server = new Server(...WORDS);
  server.failures = [new TypeError('Failed to fetch'), new TypeError('Load failed')];
  const { conversation, ended } = visit(server);
  conversation.send('hats?', {});
  const { id } = conversation.messages[0];
  await ended;
  assert.deepEqual([server.question.id, server.asked.filter((line) => line.startsWith('POST')).length], [id, 3]);
});

test('when nothing gets through the message waits for the line to be back', async (t) => {
  impatiently(t);
  const server = new Server(...WORDS);
  server.failures = Array(12).fill(new TypeError('Failed to fetch'));
  const { conversation, ended } = visit(server);
  conversation.send('hats?', {});
  await ended;
  assert.deepEqual([conversation.phase, conversation.messages[0].metadata.error.code], ['lost', 'lost']);
  conversation.wake();
  while (conversation.busy) await new Promise(setImmediate);
  assert.equal(answer(conversation), WORDS.join(''));
  assert.equal(conversation.messages[0].metadata.error, undefined);
});

test('the next page sends what the page before could not', async (t) => {
  impatiently(t);
  const server = new Server(...WORDS);
  server.failures = Array(1000).fill(new TypeError('Failed to fetch'));
  const first = visit(server);
  first.conversation.send('hats?', {});
  await new Promise(setImmediate);
  first.conversation.leave();
  server.failures = [];
  const second = visit(server, first.shared, new Memory());
  second.conversation.restore();
  await second.ended;
  assert.equal(answer(second.conversation), WORDS.join(''));
  assert.equal(second.conversation.messages.length, 2);
});

test('a refused message stays, says why, and can be sent again', async () => {
  const server = new Server(...WORDS);
  server.failures = [new Refused({ code: 'too-many-requests', status: 429, title: 'T', detail: '', retry_after: 9 })];
  const { conversation, ended } = visit(server);
  conversation.send('hats?', {});
  await ended;
  const [message] = conversation.messages;
  assert.deepEqual(
    [conversation.phase, message.metadata.status, message.metadata.error.retry_after],
    ['idle', 'unsent', 9],
  );
  conversation.retry();
  while (conversation.busy) await new Promise(setImmediate);
  assert.equal(answer(conversation), WORDS.join(''));
});

test('a refused message is still there on the next page, and is not sent by itself', async () => {
  const server = new Server(...WORDS);
  server.failures = [new Refused({ code: 'busy', status: 503, title: 'T', detail: '' })];
  const first = visit(server);
  first.conversation.send('hats?', {});
  await first.ended;
  first.conversation.leave();
  const second = visit(server, first.shared, first.own);
  second.conversation.restore();
  while (second.conversation.phase === 'loading') await new Promise(setImmediate);
  assert.equal(second.conversation.messages[0].metadata.status, 'unsent');
  assert.equal(server.question, null);
});

test('while another answer runs, the message waits for its end', async (t) => {
  impatiently(t);
  const server = new Server(...WORDS);
  server.question = { id: 'q', role: 'user', parts: [{ type: 'text', text: 'hats?' }] };
  server.failures = [new Refused({ code: 'turn-running', status: 409, title: 'T', detail: '' })];
  const { conversation, ended } = visit(server);
  conversation.send('and boots?', {});
  await ended;
  assert.equal(server.asked.filter((line) => line === 'follow').length, 1);
  while (conversation.busy) await new Promise(setImmediate);
  assert.equal(textOf(server.question), 'and boots?');
  conversation.leave();
});

test('messages that were written offline leave in order, each after the answer to the one before', async (t) => {
  impatiently(t);
  const server = new Server(...WORDS);
  const sent = [];
  const send = server.send.bind(server);
  server.send = (method, path, body) => {
    sent.push(textOf(body.message));
    return send(method, path, body);
  };
  server.failures = Array(3).fill(new TypeError('Failed to fetch'));
  const { conversation, shared } = visit(server);
  conversation.send('hats?', {});
  while (conversation.phase !== 'waiting') await new Promise(setImmediate);
  assert.equal(conversation.busy, false, 'the shopper may write on');
  conversation.send('boots?', {});
  conversation.send('belts?', {});
  assert.deepEqual(conversation.messages.map(textOf), ['hats?', 'boots?', 'belts?']);
  while (sent.at(-1) !== 'belts?' || conversation.phase !== 'idle') await new Promise(setImmediate);
  assert.deepEqual([...new Set(sent)], ['hats?', 'boots?', 'belts?']);
  assert.deepEqual(shared.keys('outbox:'), []);
  conversation.leave();
});

test('what waits in a conversation that is left is sent all the same', async (t) => {
  impatiently(t);
  const server = new Server(...WORDS);
  server.failures = Array(3).fill(new TypeError('Failed to fetch'));
  const { conversation, shared } = visit(server);
  conversation.send('hats?', {});
  const left = conversation.id;
  while (conversation.phase !== 'waiting') await new Promise(setImmediate);
  conversation.open('another');
  while (conversation.phase !== 'idle') await new Promise(setImmediate);
  server.failures = [];
  const bodies = [];
  const send = server.send.bind(server);
  server.send = (method, path, body) => {
    bodies.push(body);
    return send(method, path, body);
  };
  conversation.wake();
  while (shared.keys('outbox:').length) await new Promise(setImmediate);
  assert.deepEqual([bodies.length, bodies[0].id, textOf(bodies[0].message)], [1, left, 'hats?']);
  assert.deepEqual([conversation.id, conversation.messages], [null, []]);
});

test('what is refused for good in a conversation that is left is not sent again', async (t) => {
  impatiently(t);
  const server = new Server(...WORDS);
  const { conversation, shared } = visit(server);
  const parts = [{ type: 'text', text: 'hats?' }];
  new Outbox(shared).put('left', { id: 'refused', role: 'user', parts, metadata: { status: 'waiting' } });
  // The recovery script has a class of its own: it cannot tell the panel's errors by theirs.
  server.failures = [Object.assign(new Error(), { problem: { code: 'invalid-request', status: 422, title: '', detail: '' } })];
  conversation.restore();
  while (shared.keys('outbox:').length) await new Promise(setImmediate);
  conversation.leave();
  assert.deepEqual(server.asked.filter((line) => line.startsWith('POST')), ['POST /api/chat']);
});

test('what waits in a conversation that is reset is not sent any more', async (t) => {
  impatiently(t);
  const server = new Server(...WORDS);
  server.failures = Array(3).fill(new TypeError('Failed to fetch'));
  const { conversation, ended, shared } = visit(server);
  conversation.send('hats?', {});
  while (conversation.phase !== 'waiting') await new Promise(setImmediate);
  conversation.reset();
  server.failures = [];
  assert.deepEqual(shared.keys('outbox:'), []);
  conversation.wake();
  conversation.send('boots?', {});
  await ended;
  assert.equal(textOf(server.question), 'boots?');
  conversation.leave();
});

test('what waits in a conversation that is left while its answer is written is sent after it', async (t) => {
  impatiently(t);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const server = new Server(...WORDS);
  const { conversation, shared } = visit(server);
  new Outbox(shared).put('left', { id: 'm', role: 'user', parts: [{ type: 'text', text: 'hats?' }], metadata: {} });
  server.failures = [new Refused({ code: 'turn-running', status: 409, title: 'T', detail: '' })];
  conversation.wake();
  while (server.failures.length) await new Promise(setImmediate);
  await new Promise(setImmediate);
  assert.equal(shared.keys('outbox:').length, 1);
  t.mock.timers.tick(10_000);
  while (shared.keys('outbox:').length) await new Promise(setImmediate);
  assert.equal(textOf(server.question), 'hats?');
  conversation.leave();
});

test('reset leaves the conversation, and the next message begins another', async () => {
  const { conversation, ended, shared } = visit(new Server(...WORDS));
  conversation.send('hats?', {});
  const first = conversation.id;
  await ended;
  conversation.reset();
  assert.deepEqual([conversation.messages, shared.get('conversation')], [[], undefined]);
  conversation.send('boots?', {});
  assert.notEqual(conversation.id, first);
  conversation.leave();
});

test('a conversation that the server does not know any more is forgotten', async () => {
  const shared = new Memory();
  shared.set('conversation', 'gone');
  const { conversation } = visit(new Server(), shared);
  conversation.restore();
  while (conversation.phase === 'loading') await new Promise(setImmediate);
  assert.deepEqual([conversation.id, shared.get('conversation'), conversation.problem], [null, undefined, null]);
});
