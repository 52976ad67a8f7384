import { LOST, mayPass, Refused } from './api.js';
import { Connection } from './connection.js';
import { eventOf } from './cursor.js';
import { events } from './events.js';
import { ENDS, isUnsent, light, submission, textOf } from './message.js';
import { Stops } from './stops.js';
import { holds, Thread } from './thread.js';
import { uuid } from '../common/uuid.js';

/** @typedef {import('../types').Message} Message */
/** @typedef {import('../types').MessagePage} MessagePage */
/** @typedef {import('../types').Cursor} Cursor */
/** @typedef {import('../types').Problem} Problem */

/**
 * `idle`, or what is being done: `loading` the history, `waiting` for a line to send on, or `queued` until an answer in
 * another conversation has ended, `answering`, `reconnecting` to an answer, or reading it page by page on a `slow` line
 * that holds streams back. `lost`: the automatic attempts have ended and the shopper must ask for another.
 * @typedef {'idle' | 'loading' | 'waiting' | 'queued' | 'answering' | 'reconnecting' | 'slow' | 'lost'} Phase
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
 * @property {{ load: () => Promise<any> }} recovery what a bad line makes necessary
 */

/**
 * @typedef {object} Listener
 * @property {() => void} changed something to show
 * @property {() => Promise<void>} sending a message is about to leave
 * @property {(data: import('../types').CartAnswer) => void} cart the cart was checked or changed
 * @property {(message: Message | undefined) => void} ended an answer is over
 */

const PAGE = 30;
// The number of messages to read while polling an answer.
const POLLED = 6;
// No answer runs longer; what is older was left by a page that had no chance to clear up.
const LONGEST_ANSWER_MS = 15 * 60_000;
const SAVE_MS = 1000;
const MOST_FAILURES = 12;
// A browser that knows that it is offline waits for as long as it takes.
const PATIENT_FAILURES = 5;
const PICKED_UP_MS = 4000;
// Why the server takes no message now: enough answers are being written for this session.
const FULL = 'too-many-turns';
// The delay before messages of other conversations are sent again.
const DELIVER_MS = 5000;

/** One thread with the shop, as the server has it and as this page follows it. It knows nothing of the screen. */
export class Conversation {
  /** @type {string | null} */
  id = null;
  /** @type {Phase} */
  phase = 'idle';
  /** What the server says it is doing. @type {import('../types').Doing | null} */
  status = null;
  /** Why the last attempt failed, if it did. @type {Problem | null} */
  problem = null;
  /** The line was lost, and the answer has just been picked up again. */
  isPickedUp = false;
  /** The running answer was asked to stop. */
  isStopping = false;

  #thread = new Thread();
  /** The answer to be written anew. @type {string | null} */
  #again = null;
  /** The answer that another one is to replace: while it is the newest, the other one has not begun. @type {string | null} */
  #replaced = null;
  /** An answer was asked for that has not come to its end, as far as this page knows. */
  #isFollowing = false;
  /** Its stream is held back. */
  #isHeld = false;
  /** Its stream is held back because enough others read the answer: other tabs, or others at this address. */
  #isCrowded = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #delivering;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pickedUpTimer;
  #started = 0;
  #loaded = false;
  #saved = 0;
  #connection = new Connection();

  /**
   * @param {import('./api.js').Api} api
   * @param {Browser} browser
   * @param {Listener} listener
   */
  constructor(api, { shared, own, cache, outbox, tabs, recovery }, listener) {
    this.api = api;
    this.shared = shared;
    this.own = own;
    this.cache = cache;
    this.outbox = outbox;
    this.tabs = tabs;
    this.recovery = recovery;
    this.listener = listener;
    this.stops = new Stops(shared);
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
    return this.phase === 'answering' || this.phase === 'reconnecting' || this.phase === 'slow';
  }

  get #isPaused() {
    return this.phase === 'waiting' || this.phase === 'queued';
  }

  /** The messages that wait for their turn and can be taken back. The one that is being sent can only be stopped. */
  get queued() {
    const waiting = this.messages.filter(({ metadata }) => metadata?.status === 'waiting');
    return waiting.slice(this.busy && !this.#isFollowing ? 1 : 0);
  }

  /** Take up what the page before, or another tab, has left. */
  restore() {
    this.tabs.join();
    this.#clear(this.shared.get('conversation') ?? null);
    this.#deliver();
    if (!this.id) return this.listener.changed();
    const snapshot = this.own.get('snapshot');
    if (snapshot?.conversation === this.id) this.#paint(snapshot);
    else this.#recall(this.id);
    this.#place();
    for (const message of this.#unsent()) if (message.metadata?.error?.code === LOST.code) this.#unmark(message);
    const running = this.#running();
    this.#started = running?.started ?? 0;
    this.#isFollowing = Boolean(running?.message);
    this.#follow(running || this.#next() ? 'answering' : 'loading');
  }

  /** @param {string} id of a conversation from the history */
  open(id) {
    this.#begin(id);
    this.tabs.tell();
    this.#recall(id);
    this.#follow('loading');
  }

  /** Leave this conversation in the history; the next message begins another. What waits in this one is not sent. */
  reset() {
    for (const { id } of this.#unsent()) this.outbox.remove(id);
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
    this.status = this.problem = this.#again = this.#replaced = null;
    this.#loaded = this.isPickedUp = this.isStopping = this.#isFollowing = this.#isHeld = this.#isCrowded = false;
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
   * Ask the last question in other words, when nothing is being answered. It keeps its id, and the server what was said
   * before.
   * @param {string} text
   * @param {import('../types').Page} page
   */
  reword(text, page) {
    const [question, answer] = this.#thread.last;
    if (!question || this.busy) return;
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
    this.shared.set('conversation', this.id); // another tab may have left it while nothing had been said
    this.#place();
    this.listener.changed();
    this.tabs.tell();
    if (this.#isPaused) this.#connection.nudge();
    else if (!this.busy) this.#follow('answering'); // if not, it leaves when the answer before it has ended
  }

  /**
   * Take back a message that waits.
   * @param {string} id
   * @returns {string} its text; empty when it waits no more
   */
  takeBack(id) {
    const message = this.#unsent().find((each) => each.id === id);
    if (!message || !this.id) return '';
    this.#release(id, false);
    // The server may have it all the same, or the wording before.
    if (this.api.known) this.stops.put(this.id, id, versionOf(message));
    this.#loaded = false;
    this.listener.changed();
    this.tabs.tell();
    this.#deliver();
    if (this.#isPaused) this.#ended(this.#connection);
    return textOf(message);
  }

  /** Send again what was not taken, take up again what was lost, or have a failed answer written anew. */
  retry() {
    const refused = this.#unsent().filter(({ metadata }) => metadata?.error);
    const last = this.messages.at(-1);
    for (const message of refused) this.#unmark(message);
    if (!refused.length && this.phase !== 'lost' && last?.role === 'assistant') {
      this.#again = this.#replaced = last.id;
      this.#thread.version = versionOf(last) + 1;
      this.#thread.cut(last);
    }
    this.#follow(this.#loaded ? 'answering' : 'loading');
  }

  /** Stop the answer that runs, or the one to the question that is on its way. What waits behind it is sent then. */
  stop() {
    const target = this.busy && this.#stoppable();
    if (!this.id || !target) return;
    this.isStopping = true;
    this.stops.put(this.id, ...target);
    this.listener.changed();
    this.#deliver();
    this.#connection.nudge();
  }

  /** The question whose answer a stop is for, and which of its answers. @returns {[string, number] | null} */
  #stoppable() {
    const { queued } = this;
    const { running, messages, version } = this.#thread;
    const question = messages.findLast((message) => message.role === 'user' && !queued.includes(message));
    if (!question) return null;
    const answer = isUnsent(question) ? question : running;
    return [question.id, answer ? versionOf(answer) : version];
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
    else if (this.#isCrowded) {
      this.#isHeld = this.#isCrowded = false; // somebody looks at this tab again
      this.#follow('answering');
    } else this.#connection.nudge();
    this.#deliver();
  }

  /** The page is going away, perhaps for good. Never stops the answer. */
  leave() {
    this.save();
    this.#connection.leave();
    clearTimeout(this.#delivering);
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
    if (phase !== 'answering') this.status = null;
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
    this.isStopping = false;
    this.#enter(phase);
    for (let failures = 0; failures < MOST_FAILURES; failures++) {
      const before = this.#thread.cursor;
      const isHeld = this.#isHeld;
      let asked = 0;
      let isQueued = false;
      try {
        const response = this.#isHeld ? await this.#poll(connection) : await this.#attach(connection);
        if (connection.left) return;
        if (!response || (await this.#read(response, connection))) return this.#ended(connection);
      } catch (error) {
        if (connection.left) return;
        if (error instanceof Refused) {
          if (!this.#bears(error.problem)) return this.#refused(error.problem, connection);
          const { code, retry_after, status } = error.problem;
          asked = retry_after ?? 0;
          isQueued = code === FULL;
          if (status === 429 && this.#isFollowing) this.#isHeld = this.#isCrowded = true;
        }
      }
      if (connection.left) return;
      if (this.#isHeld && !isHeld) {
        failures = -1;
        continue;
      }
      if (isQueued || this.#thread.cursor !== before) failures = 0;
      if (navigator.onLine === false) failures = Math.min(failures, PATIENT_FAILURES);
      this.#enter(isQueued ? 'queued' : this.#next() && !this.#isFollowing ? 'waiting' : this.phase === 'loading' ? 'loading' : 'reconnecting');
      await connection.pause(failures + 1, asked);
      if (connection.left) return;
    }
    this.#refused(LOST, connection);
  }

  /** Whether to go on by oneself after this refusal. @param {Problem} problem */
  #bears(problem) {
    if (problem.code === FULL) return true;
    if (problem.code === 'turn-running') {
      this.#loaded = false; // another tab was quicker: its answer first
      return true;
    }
    if (this.#next() && !this.#isFollowing) return problem.status === 502 || problem.status === 504; // not known whether it was taken
    return mayPass(problem);
  }

  /**
   * Send what is to be sent, or find out what runs.
   * @param {Connection} connection
   * @returns {Promise<Response | null>} the events that follow the cursor; null when nothing runs
   */
  async #attach(connection) {
    const signal = connection.open(() => this.#peek(connection), this.own.get('held'));
    await this.stops.deliver(this.api, signal);
    this.#place();
    const isFollowing = this.#isFollowing;
    const isNew = !isFollowing && (this.#next() || this.#again);
    const ticket = isNew && this.#loaded ? undefined : await this.#load(connection, signal);
    if (connection.left) return null;
    if (ticket) return this.#resume(ticket, connection, signal);
    if (isFollowing) return null;
    const next = this.#next();
    if (next) return this.#submit(next, connection, signal);
    return this.#again ? this.#regenerate(this.#again, signal) : null;
  }

  /** @param {string} ticket @param {Connection} connection @param {AbortSignal} signal */
  async #resume(ticket, connection, signal) {
    this.#isFollowing = true;
    const response = await this.api.follow(`/api/chat/${this.id}/stream`, eventOf(this.#thread.cursor), ticket, signal);
    if (response.status === 200) return response;
    if (await this.#load(connection, signal)) throw new Error(); // an answer runs, but nobody streams it
    return null;
  }

  /** @param {Message} message @param {Connection} connection @param {AbortSignal} signal @returns {Promise<Response | null>} */
  async #submit(message, connection, signal) {
    await this.listener.sending();
    const response = await this.tabs.alone(signal, async () => {
      if (connection.left || this.#next()?.id !== message.id) return null; // another tab has sent it
      const response = await this.#post(submission(message), signal, message);
      if (!connection.left) this.#accepted(message);
      else this.outbox.remove(message.id);
      return response;
    });
    if (response || connection.left) return response;
    this.#loaded = false;
    return this.#attach(connection);
  }

  /**
   * Nothing comes over a line that may hold streams back until they end: see whether the server is further than this
   * page knows. If so, read the answer page by page. The message is not sent again: the server has it.
   * @param {Connection} connection
   */
  async #peek(connection) {
    const message = this.#isFollowing ? null : this.#next();
    if (!this.#isFollowing && !message) return;
    const recovery = await this.recovery.load();
    if (!recovery) return;
    const known = { message, cursor: this.#thread.cursor, replaced: this.#replaced };
    const isHeld = await recovery.isHeld(connection, () => this.#page('', undefined, POLLED), known);
    if (isHeld === null || connection.left) return;
    this.own.set('held', (this.#isHeld = isHeld));
    if (this.#isHeld) connection.abort();
  }

  /**
   * Read the running answer from the history until it has ended.
   * @param {Connection} connection
   * @returns {Promise<null>}
   */
  async #poll(connection) {
    this.#isFollowing = true;
    this.tabs.tell();
    const recovery = await this.recovery.load();
    if (!recovery) throw new Error(); // the history cannot be polled
    await recovery.poll(connection, async (/** @type {AbortSignal} */ signal) => {
      await this.stops.deliver(this.api, signal);
      const ticket = await this.#load(connection, signal, POLLED);
      const phase = this.#isCrowded ? 'answering' : 'slow';
      if (ticket && this.phase !== phase) this.#enter(phase);
      return ticket;
    });
    return null;
  }

  /** @param {Message} message */
  #accepted(message) {
    this.#release(message.id, true);
    this.#isFollowing = true;
    this.#thread.version = versionOf(message);
    this.#thread.cursor = null;
    this.#started = Date.now();
    if (this.id) this.cache.keep(this.id, this.messages);
    this.tabs.tell();
  }

  /** Send the stops that did not get through, and what was written in a conversation that was left. */
  async #deliver() {
    clearTimeout(this.#delivering);
    const isLeft = this.outbox.besides(this.id).length;
    try {
      await this.stops.deliver(this.api);
      if (!isLeft || (await (await this.recovery.load())?.deliver(this))) return;
    } catch {
      // A stop did not get through.
    }
    this.#delivering = setTimeout(() => this.#deliver(), DELIVER_MS);
  }

  /** @param {string} messageId @param {AbortSignal} signal */
  async #regenerate(messageId, signal) {
    this.#again = null; // an unanswered request may have been obeyed: look before asking twice
    this.#isFollowing = true;
    try {
      const response = await this.#post({ trigger: 'regenerate-message', messageId }, signal);
      this.#started = Date.now();
      this.tabs.tell();
      return response;
    } catch (error) {
      if (error instanceof Refused) {
        this.#again = messageId;
        this.#isFollowing = false;
      }
      throw error;
    }
  }

  /**
   * @param {object} body
   * @param {AbortSignal} signal
   * @param {Message} [message] not to be sent when its session, and so the message, was erased meanwhile
   * @returns {Promise<Response>}
   */
  async #post(body, signal, message) {
    await this.stops.deliver(this.api, signal);
    const isWanted = () => !message || this.outbox.has(message.id);
    return this.api.send('POST', '/api/chat', { id: this.id, ...body }, signal, isWanted);
  }

  /**
   * Take the newest page of the history.
   * @param {Connection} connection
   * @param {AbortSignal} signal
   * @param {number} [limit] of messages
   * @returns {Promise<string | undefined>} the ticket of the answer that runs
   */
  async #load(connection, signal, limit) {
    const waited = this.#unsent().length;
    const page = await this.#page('', signal, limit).catch((error) => {
      if (error instanceof Refused && error.problem.status === 404) return null;
      throw error;
    });
    if (connection.left) return;
    if (page || this.#unsent().length) this.#merge(page ?? { messages: [], next: null });
    else this.#unknown(waited);
    this.#loaded = true;
    this.listener.changed();
    return page?.stream?.ticket;
  }

  /** The server has no such conversation. @param {number} waited how many messages for it there were when it was asked */
  #unknown(waited) {
    if (waited) throw new Error(); // it has come to be in the meantime
    if (this.id) this.cache.drop(this.id);
    this.#begin(null);
  }

  /** @param {string} query @param {AbortSignal} [signal] @param {number} [limit] @returns {Promise<MessagePage>} */
  #page(query, signal, limit = PAGE) {
    return this.api.json('GET', `/api/conversations/${this.id}/messages?limit=${limit}${query}`, undefined, signal);
  }

  /** @param {MessagePage} page */
  #merge(page) {
    this.#thread.merge(page);
    for (const message of this.#unsent()) if (holds(page.messages, message)) this.outbox.remove(message.id);
    this.#place();
    if (this.id) this.cache.keep(this.id, this.messages);
  }

  /** A message waits no more. @param {string} id @param {boolean} isSent or else it was taken back */
  #release(id, isSent) {
    this.#place();
    this.outbox.remove(id);
    this.#thread.place(this.#unsent(), isSent);
  }

  /** Show what waits to be sent. */
  #place() {
    // Another tab has sent what waits no more, or has taken it back, which is likelier while an answer runs: the history
    // tells.
    if (this.#thread.place(this.#unsent(), !this.#isFollowing)) this.#loaded = false;
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
      if (this.#isCrowded) break;
    }
    return ended;
  }

  /** Say for a moment that the answer was picked up again. */
  #pickedUp() {
    this.isPickedUp = true;
    clearTimeout(this.#pickedUpTimer);
    this.#pickedUpTimer = setTimeout(() => {
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
    if (chunk.type === 'data-crowded') this.#isHeld = this.#isCrowded = true;
    else if (!this.#thread.take(id, chunk)) return false;
    if (chunk.type === 'data-status') this.status = chunk.data;
    else if (chunk.type === 'text-delta') this.status = null;
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
    this.#thread.cursor = this.#replaced = null;
    this.#isFollowing = this.#isHeld = this.#isCrowded = this.isStopping = false;
    if (this.id && waited) this.cache.keep(this.id, this.messages);
    if (this.#next()) this.#follow('answering');
    else if (!this.#loaded && this.id) this.#follow('loading');
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

/** @param {Message | undefined} answer */
function versionOf(answer) {
  return answer?.metadata?.version ?? 1;
}
