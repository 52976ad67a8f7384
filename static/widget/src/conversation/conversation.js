import { LOST, Refused } from './api.js';
import { Connection } from './connection.js';
import { eventOf } from './cursor.js';
import { events } from './events.js';
import { ENDS, isUnsent, light } from './message.js';
import { Thread } from './thread.js';
import { uuid } from '../common/uuid.js';

/** @typedef {import('../types').Message} Message */
/** @typedef {import('../types').MessagePage} MessagePage */
/** @typedef {import('../types').Cursor} Cursor */
/** @typedef {import('../types').Problem} Problem */

/**
 * `idle`, or what is being done: `loading` the history, `waiting` for a line to send on, `answering`, `reconnecting` to
 * an answer. `lost`: the automatic attempts have ended and the shopper must ask for another.
 * @typedef {'idle' | 'loading' | 'waiting' | 'answering' | 'reconnecting' | 'lost'} Phase
 */

/**
 * What is left for the next page: the conversation in which an answer runs or a message waits, the answer and its last
 * event that was read, when it began, and when this was written.
 * @typedef {{ conversation: string, message?: string, after: string, started: number, at: number }} Running
 */

/**
 * @typedef {object} Browser what this browser remembers
 * @property {import('../common/store.js').Store} shared what all tabs know
 * @property {import('../common/store.js').Store} own what this tab knows
 * @property {import('./lazy-cache.js').LazyCache} cache
 * @property {import('./outbox.js').Outbox} outbox
 * @property {import('./tabs.js').Tabs} tabs
 */

/**
 * @typedef {object} Listener
 * @property {() => void} changed something to show
 * @property {() => Promise<void>} sending a message is about to leave
 * @property {(data: import('../types').CartAnswer) => void} cart the cart was checked or changed
 * @property {(message: Message | undefined) => void} ended an answer is over
 */

const PAGE = 30;
// No answer runs longer; what is older was left by a page that had no chance to clear up.
const LONGEST_ANSWER_MS = 15 * 60_000;
const SAVE_MS = 1000;
const MOST_FAILURES = 12;
// A browser that knows that it is offline waits for as long as it takes.
const PATIENT_FAILURES = 5;
const PICKED_UP_MS = 4000;

/** One thread with the shop, as the server has it and as this page follows it. It knows nothing of the screen. */
export class Conversation {
  /** @type {string | null} */
  id = null;
  /** @type {Phase} */
  phase = 'idle';
  /** What the server says it is doing. */
  status = '';
  /** Why the last attempt failed, if it did. @type {Problem | null} */
  problem = null;
  /** The line was lost, and the answer has just been picked up again. */
  isPickedUp = false;

  #thread = new Thread();
  /** The answer to be written anew. @type {string | null} */
  #again = null;
  #started = 0;
  #loaded = false;
  #saved = 0;
  #connection = new Connection();

  /**
   * @param {import('./api.js').Api} api
   * @param {Browser} browser
   * @param {Listener} listener
   */
  constructor(api, { shared, own, cache, outbox, tabs }, listener) {
    this.api = api;
    this.shared = shared;
    this.own = own;
    this.cache = cache;
    this.outbox = outbox;
    this.tabs = tabs;
    this.listener = listener;
  }

  get messages() {
    return this.#thread.messages;
  }

  /** Where older messages begin. */
  get next() {
    return this.#thread.next;
  }

  /** Whether an answer is being waited for. */
  get busy() {
    return this.phase === 'answering' || this.phase === 'reconnecting';
  }

  /** Take up what the page before, or another tab, has left. */
  restore() {
    this.tabs.join();
    this.#clear(this.shared.get('conversation') ?? null);
    if (!this.id) return this.listener.changed();
    const snapshot = this.own.get('snapshot');
    if (snapshot?.conversation === this.id) this.#paint(snapshot);
    else this.#recall(this.id);
    this.#place();
    for (const message of this.#unsent()) if (message.metadata?.error?.code === LOST.code) this.#unmark(message);
    const running = this.#running();
    this.#started = running?.started ?? 0;
    this.#follow(running || this.#next() ? 'answering' : 'loading');
  }

  /** @param {string} id of a conversation from the history */
  open(id) {
    this.#begin(id);
    this.tabs.tell();
    this.#recall(id);
    this.#follow('loading');
  }

  /** Leave this conversation in the history; the next message begins another. */
  reset() {
    this.#begin(null);
    this.tabs.tell();
    this.listener.changed();
  }

  /** Another tab has said something, or gone to another conversation. */
  sync() {
    const id = this.shared.get('conversation') ?? null;
    if (id !== this.id) {
      if (this.api.known || !id) return this.restore();
      this.#clear(id); // the other tab is about to begin the session, and will say so
    }
    this.#place();
    this.listener.changed();
    if (!this.id || this.busy || !this.api.known) return;
    this.#loaded = false;
    this.#follow('loading');
  }

  /** What is remembered of a conversation, unless the server was quicker. @param {string} id */
  async #recall(id) {
    const known = await this.cache.read(id);
    if (known && this.id === id && !this.#loaded && !this.#thread.cursor) this.#paint(known);
  }

  /** @param {{ messages: Message[], cursor: Cursor | null }} known */
  #paint(known) {
    this.#thread.paint(known);
    this.#place();
    this.listener.changed();
  }

  /** @param {string | null} id */
  #begin(id) {
    this.#clear(id);
    this.own.remove('snapshot');
    this.shared.remove('stream');
    if (id) this.shared.set('conversation', id);
    else this.shared.remove('conversation');
  }

  /** Forget what this page knows. @param {string | null} id of the conversation to be known next */
  #clear(id) {
    this.#connection.leave();
    this.id = id;
    this.#thread = new Thread();
    this.phase = 'idle';
    this.status = '';
    this.problem = this.#again = null;
    this.#loaded = this.isPickedUp = false;
  }

  /**
   * @param {string} text
   * @param {import('../types').Page} page where the shopper is
   */
  send(text, page) {
    if (!this.id) {
      this.#begin(uuid());
      this.#loaded = true;
    }
    this.#settle();
    this.#ask(uuid(), text, page, {});
  }

  /**
   * Ask the last question in other words. It keeps its id, and the server what was said before.
   * @param {string} text
   * @param {import('../types').Page} page
   */
  reword(text, page) {
    const [question, answer] = this.#thread.last;
    if (!question) return;
    const isKnown = !isUnsent(question) || question.metadata?.reworded;
    this.#thread.cut(question);
    this.#ask(question.id, text, page, isKnown ? { reworded: true, version: versionOf(answer) + 1 } : {});
  }

  /**
   * @param {string} id
   * @param {string} text
   * @param {import('../types').Page} page
   * @param {import('../types').Metadata} metadata
   */
  #ask(id, text, page, metadata) {
    const parts = [
      { type: 'text', text },
      { type: 'data-page', data: page },
    ];
    const created_at = new Date().toISOString();
    const message = /** @type {Message} */ ({ id, role: 'user', parts, metadata: { created_at, status: 'waiting', ...metadata } });
    this.outbox.put(/** @type {string} */ (this.id), message);
    this.#place();
    this.listener.changed();
    this.tabs.tell();
    if (this.phase === 'waiting') this.#connection.nudge();
    else this.#follow('answering');
  }

  /** Send again what was not taken, take up again what was lost, or have a failed answer written anew. */
  retry() {
    const refused = this.#unsent().filter(({ metadata }) => metadata?.error);
    const last = this.messages.at(-1);
    for (const message of refused) this.#unmark(message);
    if (!refused.length && this.phase !== 'lost' && last?.role === 'assistant') {
      this.#again = last.id;
      this.#thread.version = versionOf(last) + 1;
      this.#thread.cut(last);
    }
    this.#follow(this.#loaded ? 'answering' : 'loading');
  }

  async stop() {
    if (!this.id || !this.busy) return;
    await this.api.json('POST', `/api/chat/${this.id}/stop`).catch(() => {});
    this.#connection.nudge();
  }

  /** Load the page of messages before the oldest one here. */
  async older() {
    const thread = this.#thread;
    const { next } = thread;
    if (!next) return;
    thread.next = null; // once is enough
    const page = await this.#page(`&before=${encodeURIComponent(next)}`).catch(() => null);
    if (page) thread.prepend(page);
    else thread.next = next;
    if (thread === this.#thread) this.listener.changed();
  }

  /** The browser is online, visible or back again. */
  wake() {
    const isNews = this.tabs.look();
    if (this.phase === 'lost') this.retry();
    if (isNews) this.sync();
    else if (this.phase === 'idle' && this.#next()) this.#follow('answering'); // the tab that wrote it is gone
    else this.#connection.nudge();
    if (this.phase === 'idle') this.#deliver();
  }

  /** The page is going away, perhaps for good. Never stops the answer. */
  leave() {
    this.save();
    this.#connection.leave();
    this.tabs.leave();
  }

  /** Keep on record what the next page needs to paint this one at once. */
  save() {
    if (!this.id) return;
    this.own.set('snapshot', {
      conversation: this.id,
      messages: this.messages.slice(-PAGE).map(light),
      cursor: this.#thread.cursor,
    });
    this.#saved = 0;
    this.#record();
  }

  /** Say on record that an answer runs or a message waits, at most once a second. */
  #record() {
    if (!this.id || Date.now() - this.#saved < SAVE_MS || !(this.busy || this.#unsent().length)) return;
    this.#saved = Date.now();
    const { cursor, running } = this.#thread;
    this.shared.set('stream', {
      conversation: this.id,
      message: cursor?.message,
      after: eventOf(cursor),
      started: this.#started,
      at: this.#saved,
    });
    if (cursor && running) this.cache.progress(this.id, running, cursor);
  }

  /** @returns {Running | null} */
  #running() {
    const running = /** @type {Running | undefined} */ (this.shared.get('stream'));
    if (!running || running.conversation !== this.id) return null;
    return Date.now() - running.at < LONGEST_ANSWER_MS ? running : null;
  }

  /** What the server has not taken yet. */
  #unsent() {
    return this.id ? this.outbox.of(this.id) : [];
  }

  /** What is to be sent next: nothing overtakes a message that was refused. */
  #next() {
    const [first] = this.#unsent();
    return first?.metadata?.error ? null : (first ?? null);
  }

  /** It is to be sent again. @param {Message} message */
  #unmark({ metadata: { error, ...metadata } = {}, ...message }) {
    this.outbox.put(/** @type {string} */ (this.id), { ...message, metadata: { ...metadata, status: 'waiting' } });
    this.#place();
  }

  /** Before another message is sent: those that were refused for the moment go first, others never will. */
  #settle() {
    for (const message of this.#unsent()) {
      const { error, reworded } = message.metadata ?? {};
      if (!error) continue;
      if (mayPass(error)) this.#unmark(message);
      else this.outbox.remove(message.id);
      if (reworded) this.#loaded = false; // the server has the wording before
    }
    this.#place();
  }

  /** @param {Phase} phase */
  #enter(phase) {
    this.phase = phase;
    if (phase !== 'answering') this.status = '';
    this.#saved = 0;
    this.#record();
    this.listener.changed();
  }

  /**
   * Follow the answer to its end, through any number of lost connections.
   * @param {Phase} phase
   */
  async #follow(phase) {
    this.#connection.leave();
    const connection = (this.#connection = new Connection());
    this.problem = null;
    this.#enter(phase);
    for (let failures = 0; failures < MOST_FAILURES; failures++) {
      const before = this.#thread.cursor;
      let asked = 0;
      try {
        const response = await this.#attach(connection);
        if (connection.left) return;
        if (!response || (await this.#read(response, connection))) return this.#ended(connection);
      } catch (error) {
        if (connection.left) return;
        if (error instanceof Refused) {
          if (!this.#bears(error.problem)) return this.#refused(error.problem, connection);
          asked = error.problem.retry_after ?? 0;
        }
      }
      if (connection.left) return;
      if (this.#thread.cursor !== before) failures = 0;
      if (navigator.onLine === false) failures = Math.min(failures, PATIENT_FAILURES);
      this.#enter(this.#next() && !this.#thread.cursor ? 'waiting' : this.phase === 'loading' ? 'loading' : 'reconnecting');
      await connection.pause(failures + 1, asked);
      if (connection.left) return;
    }
    this.#refused(LOST, connection);
  }

  /** Whether to go on by oneself after this refusal. @param {Problem} problem */
  #bears(problem) {
    if (problem.code === 'turn-running') {
      this.#loaded = false; // another tab was quicker: its answer first
      return true;
    }
    if (this.#next()) return problem.status === 502 || problem.status === 504; // not known whether it was taken
    return mayPass(problem);
  }

  /**
   * Send what is to be sent, or find out what runs.
   * @param {Connection} connection
   * @returns {Promise<Response | null>} the events that follow the cursor; null when nothing runs
   */
  async #attach(connection) {
    const signal = connection.open();
    const isNew = this.#next() || this.#again;
    const ticket = isNew && this.#loaded ? undefined : await this.#load(connection);
    if (connection.left) return null;
    if (ticket) return this.#resume(ticket, connection, signal);
    const next = this.#next();
    if (next) return this.#submit(next, connection, signal);
    return this.#again ? this.#regenerate(this.#again, signal) : null;
  }

  /** @param {string} ticket @param {Connection} connection @param {AbortSignal} signal */
  async #resume(ticket, connection, signal) {
    const response = await this.api.follow(`/api/chat/${this.id}/stream`, eventOf(this.#thread.cursor), ticket, signal);
    if (response.status === 200) return response;
    if (await this.#load(connection)) throw new Error('an answer runs, but nobody streams it');
    return null;
  }

  /** @param {Message} message @param {Connection} connection @param {AbortSignal} signal @returns {Promise<Response | null>} */
  async #submit(message, connection, signal) {
    await this.listener.sending();
    const response = await this.tabs.alone(signal, async () => {
      if (connection.left || this.#next()?.id !== message.id) return null; // another tab has sent it
      const response = await this.#post(submission(message), signal);
      this.#accepted(message);
      return response;
    });
    if (response || connection.left) return response;
    this.#loaded = false;
    return this.#attach(connection);
  }

  /** @param {Message} message */
  #accepted(message) {
    this.outbox.remove(message.id);
    this.#thread.version = message.metadata?.version ?? 1;
    this.#thread.cursor = null;
    this.#started = Date.now();
    this.#place();
    if (this.id) this.cache.keep(this.id, this.messages);
    this.tabs.tell();
  }

  /** What was written in a conversation that was left before it could be sent: its answer is read by who opens it. */
  async #deliver() {
    for (const { conversation, message } of this.outbox.besides(this.id)) {
      const { signal } = new AbortController();
      const post = () => this.#post({ ...submission(message), id: conversation }, signal);
      const outcome = await this.tabs.alone(signal, post).catch((error) => error);
      if (outcome instanceof Response) outcome.body?.cancel();
      else if (!(outcome instanceof Refused) || mayPass(outcome.problem)) return;
      this.outbox.remove(message.id);
    }
  }

  /** @param {string} messageId @param {AbortSignal} signal */
  async #regenerate(messageId, signal) {
    this.#again = null; // an unanswered request may have been obeyed: look before asking twice
    try {
      const response = await this.#post({ trigger: 'regenerate-message', messageId }, signal);
      this.#started = Date.now();
      this.tabs.tell();
      return response;
    } catch (error) {
      if (error instanceof Refused) this.#again = messageId;
      throw error;
    }
  }

  /** @param {object} body @param {AbortSignal} signal @returns {Promise<Response>} */
  #post(body, signal) {
    return this.api.send('POST', '/api/chat', { id: this.id, ...body }, signal);
  }

  /**
   * Take the newest page of the history.
   * @param {Connection} connection
   * @returns {Promise<string | undefined>} the ticket of the answer that runs
   */
  async #load(connection) {
    const waited = this.#unsent().length;
    const page = await this.#page('').catch((error) => {
      if (error instanceof Refused && error.problem.status === 404) return null;
      throw error;
    });
    if (connection.left) return;
    if (page) this.#merge(page);
    else if (!this.#unsent().length) this.#unknown(waited);
    this.#loaded = true;
    this.listener.changed();
    return page?.stream?.ticket;
  }

  /** The server has no such conversation. @param {number} waited how many messages for it there were when it was asked */
  #unknown(waited) {
    if (waited) throw new Error('it has come to be in the meantime');
    if (this.id) this.cache.drop(this.id);
    this.#begin(null);
  }

  /** @param {string} query @returns {Promise<MessagePage>} */
  #page(query) {
    return this.api.json('GET', `/api/conversations/${this.id}/messages?limit=${PAGE}${query}`);
  }

  /** @param {MessagePage} page */
  #merge(page) {
    this.#thread.merge(page);
    for (const message of this.#unsent()) if (this.#thread.holds(message)) this.outbox.remove(message.id);
    this.#place();
    if (this.id) this.cache.keep(this.id, this.messages);
  }

  /** Show what waits to be sent. */
  #place() {
    this.#thread.place(this.#unsent());
  }

  /**
   * @param {Response} response
   * @param {Connection} connection
   * @returns {Promise<boolean>} whether the answer has come to its end
   */
  async #read(response, connection) {
    if (this.phase === 'reconnecting') this.#pickedUp();
    this.#enter('answering');
    let ended = false;
    for await (const { id, data } of events(response, connection.alive)) {
      if (connection.left) return false;
      if (data !== '[DONE]') ended = this.#take(id, JSON.parse(data)) || ended;
      this.#record();
    }
    return ended;
  }

  /** Say for a moment that the answer was picked up again. */
  #pickedUp() {
    this.isPickedUp = true;
    setTimeout(() => {
      this.isPickedUp = false;
      this.listener.changed();
    }, PICKED_UP_MS);
  }

  /**
   * Apply an event, unless it was applied before.
   * @param {string} id
   * @param {import('../types').Chunk} chunk
   * @returns {boolean} whether it is the last one
   */
  #take(id, chunk) {
    if (!this.#thread.take(id, chunk)) return false;
    if (chunk.type === 'data-status') this.status = String(chunk.data.text ?? '');
    else if (chunk.type === 'text-delta') this.status = '';
    if (chunk.type === 'data-cart') this.listener.cart(chunk.data);
    this.listener.changed();
    return chunk.type in ENDS;
  }

  /** @param {Connection} connection */
  #ended(connection) {
    connection.finish();
    const waited = this.busy;
    const answer = this.messages.findLast(({ role }) => role === 'assistant');
    this.shared.remove('stream');
    this.#thread.cursor = null;
    if (this.id && waited) this.cache.keep(this.id, this.messages);
    if (this.#next()) this.#follow('answering');
    else this.#enter('idle'); // which puts a message that was refused back on record
    this.#deliver();
    if (waited) this.listener.ended(answer);
  }

  /** @param {Problem} problem @param {Connection} connection */
  #refused(problem, connection) {
    connection.finish();
    this.problem = problem;
    const [first] = this.#unsent();
    if (first && this.id) {
      this.outbox.put(this.id, { ...first, metadata: { ...first.metadata, status: 'unsent', error: problem } });
      this.#place();
    }
    this.#enter(problem.code === LOST.code ? 'lost' : 'idle');
  }
}

/** A message as the server takes it. @param {Message} message */
function submission({ id, role, parts, metadata }) {
  return { trigger: 'submit-message', message: { id, role, parts }, messageId: metadata?.reworded ? id : undefined };
}

/** Whether the same request may well succeed in a moment. @param {Problem} problem */
function mayPass({ code, status }) {
  return code === LOST.code || status === 429 || status >= 500;
}

/** @param {Message | undefined} answer */
function versionOf(answer) {
  return answer?.metadata?.version ?? 1;
}
