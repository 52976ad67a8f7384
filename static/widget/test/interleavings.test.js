/**
 * Whatever happens in between, every message that is sent arrives once and in order, unless it is taken back, and a stop
 * stops the answer it was meant for. Random stories of two tabs, a line that comes and goes, and one server.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refused } from '../src/conversation/api.js';
import { Cache } from '../src/conversation/cache.js';
import { Conversation } from '../src/conversation/conversation.js';
import { textOf } from '../src/conversation/message.js';
import { Outbox } from '../src/conversation/outbox.js';
import { Tabs } from '../src/conversation/tabs.js';
import * as recovery from '../src/recovery.js';

globalThis.navigator ??= /** @type {any} */ ({});

const STORIES = 150;
const STEPS = 30;

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function numbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** What has been begun goes on until it waits for time to pass. */
async function settled() {
  for (let round = 0; round < 30; round++) await new Promise(setImmediate);
}

/** Web Locks, for all tabs. */
class Locks {
  #queues = new Map();

  async request(name, { signal }, task) {
    const before = this.#queues.get(name) ?? Promise.resolve();
    const aborted = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    let release;
    this.#queues.set(name, Promise.all([before, new Promise((resolve) => (release = resolve))]));
    try {
      await Promise.race([before, aborted]);
      return await task();
    } finally {
      release();
    }
  }
}

/** The storage that the tabs share: each hears what the others change. */
class Shared {
  values = new Map();
  listeners = new Map();

  view(tab) {
    return {
      get: (key) => structuredClone(this.values.get(key)),
      set: (key, value) => {
        this.values.set(key, structuredClone(value));
        if (key !== 'changed') return;
        for (const [other, told] of this.listeners) if (other !== tab) setImmediate(() => this.listeners.has(other) && told());
      },
      remove: (key) => this.values.delete(key),
      keys: (start) => [...this.values.keys()].filter((key) => key.startsWith(start)),
    };
  }
}

/** One conversation, as the server has it. The story decides how far answers get, and what the line lets through. */
class Server {
  isOnline = true;
  /** The next request arrives, but its answer is lost. */
  losesAnswer = false;
  /** Streams are held back until they end. */
  holds = false;
  known = true;
  questions = [];
  accepted = [];
  pendingStops = new Set();
  /** What was to be stopped before it had ended. */
  heardStops = new Set();
  readers = new Set();

  get newest() {
    return this.questions.at(-1);
  }

  get running() {
    return this.newest?.status === 'running' ? this.newest : null;
  }

  async #arrive(signal) {
    await new Promise(setImmediate);
    if (signal?.aborted) throw signal.reason;
    if (!this.isOnline) throw new TypeError('Failed to fetch');
  }

  #leave(answer) {
    if (!this.losesAnswer) return answer;
    this.losesAnswer = false;
    throw new TypeError('Failed to fetch');
  }

  async json(method, path, body, signal) {
    await this.#arrive(signal);
    if (method === 'POST') return this.#leave(this.#stop(body));
    if (!this.questions.length) throw refusal('conversation-not-found', 404);
    const messages = this.questions.flatMap(({ id, text, answer, words, status }) => [
      { id, role: 'user', parts: [{ type: 'text', text }], metadata: { status: 'complete' } },
      { id: answer, role: 'assistant', parts: [textPart(words, status)], metadata: { status } },
    ]);
    const at = `${this.questions.length}-${(this.newest?.words.length ?? 0) + 2}`;
    const stream = this.running && { stream: { turn_id: 't', last_event_id: at, ticket: 'x' } };
    return this.#leave({ messages, next: null, ...stream });
  }

  #stop({ message_id: id, version }) {
    assert.equal(version, 1);
    const question = this.questions.find((each) => each.id === id);
    if (question?.status !== 'complete') this.heardStops.add(id);
    if (!question) this.pendingStops.add(id);
    else if (question.status === 'running') this.end('stopped');
    return { status: question?.status ?? 'stopped' };
  }

  async send(method, path, { message }, signal) {
    await this.#arrive(signal);
    const known = this.questions.find(({ id }) => id === message.id);
    if (!known && this.running) throw refusal('turn-running', 409);
    if (!known) this.#accept(message);
    return this.#leave(this.#stream(known ?? this.newest, 0, signal));
  }

  #accept({ id, parts }) {
    this.accepted.push(id);
    const answer = `answer-${this.accepted.length}`;
    this.questions.push({ id, text: parts[0].text, answer, words: [], status: 'running', attempt: this.accepted.length });
    if (this.pendingStops.delete(id)) this.end('stopped');
  }

  async follow(path, after, ticket, signal) {
    await this.#arrive(signal);
    const [attempt, seq] = after.split('-').map(Number);
    return this.#leave(this.#stream(this.newest, attempt === this.newest.attempt ? seq : 0, signal));
  }

  #events({ answer, words, status }) {
    const end = { complete: 'finish', stopped: 'abort' }[status];
    return [
      { type: 'start', messageId: answer },
      { type: 'text-start', id: 't' },
      ...words.map((delta) => ({ type: 'text-delta', id: 't', delta })),
      ...(end ? [{ type: end }] : []),
    ];
  }

  #stream(question, after, signal) {
    const reader = { question, sent: after, held: this.holds };
    const start = (controller) => (reader.controller = controller);
    const body = new ReadableStream({ start, cancel: () => this.readers.delete(reader) });
    signal.addEventListener('abort', () => this.#cut(reader, signal.reason));
    this.readers.add(reader);
    this.#tell(reader);
    return new Response(body);
  }

  #tell(reader) {
    const { question, controller } = reader;
    const isOver = question.status !== 'running';
    if (reader.held && !isOver) return;
    const fresh = this.#events(question).slice(reader.sent);
    for (const chunk of fresh) {
      const line = `id: ${question.attempt}-${++reader.sent}\ndata: ${JSON.stringify(chunk)}\n\n`;
      controller.enqueue(new TextEncoder().encode(line));
    }
    if (!isOver) return;
    this.readers.delete(reader);
    controller.close();
  }

  #cut(reader, reason) {
    if (this.readers.delete(reader)) reader.controller.error(reason);
  }

  say(word) {
    this.running?.words.push(word);
    for (const reader of this.readers) this.#tell(reader);
  }

  end(status) {
    if (this.running) this.newest.status = status;
    for (const reader of this.readers) this.#tell(reader);
  }

  cut() {
    for (const reader of this.readers) this.#cut(reader, new TypeError('network error'));
  }
}

function textPart(words, status) {
  return { type: 'text', text: words.join(''), state: status === 'running' ? 'streaming' : 'done' };
}

function refusal(code, status) {
  return new Refused({ code, status, title: '', detail: '' });
}

/** A tab in which the chat is open. */
class Tab {
  constructor(name, server, shared, own = new Map()) {
    Object.assign(this, { name, server, shared, own });
    const view = shared.view(name);
    const mine = { get: (key) => structuredClone(own.get(key)), set: (key, value) => own.set(key, structuredClone(value)) };
    const tabs = new Tabs('test', view, () => {});
    this.outbox = new Outbox(view);
    this.conversation = new Conversation(
      server,
      {
        shared: view,
        own: { ...mine, remove: (key) => own.delete(key) },
        tabs,
        outbox: this.outbox,
        cache: new Cache('test'),
        recovery: { load: async () => recovery },
      },
      { changed: () => {}, sending: async () => {}, cart: () => {}, ended: () => {} },
    );
    shared.listeners.set(name, () => this.conversation.sync());
    this.conversation.restore();
  }

  leave() {
    this.shared.listeners.delete(this.name);
    this.conversation.leave();
  }

  reload() {
    this.leave();
    return new Tab(this.name, this.server, this.shared, this.own);
  }
}

/** A random story of two tabs, told to its end. */
class Story {
  sent = [];
  takenBack = new Set();
  /** What the shopper stopped. */
  stopped = new Set();

  constructor(seed, t) {
    this.random = numbers(seed);
    this.timers = t.mock.timers;
    this.server = new Server();
    this.shared = new Shared();
    this.tabs = ['a', 'b'].map((name) => new Tab(name, this.server, this.shared));
  }

  chance(limit) {
    return Math.floor(this.random() * limit);
  }

  get tab() {
    return this.tabs[this.chance(2)];
  }

  steps = [
    () => this.send(),
    () => this.send(),
    () => this.stop(),
    () => this.takeBack(),
    () => this.server.say('word '),
    () => this.server.say('word '),
    () => this.server.end('complete'),
    () => this.server.cut(),
    () => (this.server.losesAnswer = true),
    () => (this.server.holds = !this.server.holds),
    () => this.line(),
    () => this.reload(),
    () => this.tab.conversation.wake(),
    () => settled(),
    () => settled(),
    () => this.pass([100, 1000, 6000, 40_000][this.chance(4)]),
  ];

  /** Two tabs that begin at the same moment begin two conversations, which is another story. */
  send() {
    const { tab } = this;
    if (this.tabs.some(({ conversation }) => conversation.id !== tab.conversation.id)) return;
    const text = `message ${this.sent.length}`;
    tab.conversation.send(text, {});
    this.sent.push(text);
  }

  stop() {
    const { conversation } = this.tab;
    if (!conversation.busy) return;
    const question = conversation.messages.findLast((each) => each.role === 'user' && !conversation.queued.includes(each));
    if (question) this.stopped.add(question.id);
    conversation.stop();
  }

  takeBack() {
    const { conversation } = this.tab;
    const { queued } = conversation;
    const message = queued[this.chance(queued.length)];
    const text = message && conversation.takeBack(message.id);
    if (text) this.takenBack.add(text);
  }

  line() {
    this.server.isOnline = !this.server.isOnline;
    if (!this.server.isOnline) this.server.cut();
    else for (const { conversation } of this.tabs) conversation.wake();
  }

  reload() {
    const index = this.chance(2);
    this.tabs[index] = this.tabs[index].reload();
  }

  async pass(milliseconds) {
    this.timers.tick(milliseconds);
    await settled();
  }

  async tell() {
    for (let step = 0; step < STEPS; step++) await this.steps[this.chance(this.steps.length)]();
    Object.assign(this.server, { losesAnswer: false, isOnline: false, holds: false });
    this.line();
    for (let round = 0; round < 200 && !this.isQuiet; round++) {
      await settled();
      this.server.end('complete');
      await this.pass(1000);
      if (this.tabs.some(({ conversation }) => conversation.phase === 'lost')) for (const { conversation } of this.tabs) conversation.wake();
    }
  }

  get isQuiet() {
    const isIdle = this.tabs.every(({ conversation }) => conversation.phase === 'idle');
    return isIdle && !this.server.running && !this.left.length;
  }

  /** What the tabs still have to send. */
  get left() {
    return ['outbox:', 'stop:'].flatMap((start) => this.shared.view('').keys(start));
  }

  check() {
    assert.ok(this.isQuiet, `${this.tabs.map(({ conversation }) => conversation.phase)} ${this.left}`);
    const arrived = this.server.questions.map(({ text }) => text);
    assert.equal(new Set(this.server.accepted).size, this.server.accepted.length, 'none arrives twice');
    assert.deepEqual(
      arrived.filter((text) => !this.takenBack.has(text)),
      this.sent.filter((text) => !this.takenBack.has(text)),
      'what was not taken back arrives, in order',
    );
    for (const { id, text, status } of this.server.questions) {
      assert.equal(status, this.server.heardStops.has(id) ? 'stopped' : 'complete', text);
      assert.ok(status === 'complete' || this.stopped.has(id) || this.takenBack.has(text), `nobody stopped ${text}`);
    }
    for (const { conversation } of this.tabs) assert.deepEqual(conversation.messages.map(textOf), this.told);
  }

  /** What a tab that shows everything shows. */
  get told() {
    return this.server.questions.flatMap(({ text, words }) => [text, words.join('')]);
  }

  close() {
    for (const tab of this.tabs) tab.leave();
  }
}

test('whatever happens, every message arrives once and in order, and the right answers are stopped', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  Object.defineProperty(navigator, 'locks', { value: new Locks(), configurable: true });
  t.after(() => delete navigator.locks);
  const only = Number(process.env.STORY ?? 0);
  for (let seed = only || 1; seed <= (only || STORIES); seed++) {
    const story = new Story(seed, t);
    try {
      await story.tell();
      story.check();
    } catch (error) {
      error.message = `story ${seed}: ${error.message}`;
      throw error;
    } finally {
      story.close();
    }
  }
});
