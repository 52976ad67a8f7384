import { Refused } from './api.js';
import { Connection } from './connection.js';
import { covers, cursorAt, eventOf } from './cursor.js';
import { events } from './events.js';
import { apply, ENDS, textOf } from './message.js';

/** @typedef {import('./types').Message} Message */
/** @typedef {import('./types').MessagePage} MessagePage */
/** @typedef {import('./types').Cursor} Cursor */
/** @typedef {import('./types').Problem} Problem */

/**
 * `idle`, or what is being done: `loading` the history, `answering`, `reconnecting`. `lost`: the automatic attempts
 * have ended and the shopper must ask for another.
 * @typedef {'idle' | 'loading' | 'answering' | 'reconnecting' | 'lost'} Phase
 */

/**
 * What is left for the next page: the running answer's conversation, how far it was read, and a message that the server
 * may not have received yet.
 * @typedef {{ conversation: string, after?: string, outbox?: Message, at: number }} Running
 */

/**
 * @typedef {object} Listener
 * @property {() => void} changed something to show
 * @property {() => Promise<void>} sending a message is about to leave
 * @property {(data: import('./types').CartAnswer) => void} cart the cart was checked or changed
 * @property {(message: Message | undefined) => void} ended an answer is over
 * @property {(text: string) => void} returned a message was not taken; here is its text again
 */

const PAGE = 30;
// No answer runs longer; what is older was left by a page that had no chance to clear up.
const LONGEST_ANSWER_MS = 15 * 60_000;
const SAVE_MS = 1000;
const MOST_FAILURES = 12;

/** One thread with the shop, as the server has it and as this page follows it. It knows nothing of the screen. */
export class Conversation {
  /** @type {string | null} */
  id = null;
  /** @type {Message[]} */
  messages = [];
  /** Where older messages begin. @type {string | null} */
  next = null;
  /** @type {Phase} */
  phase = 'idle';
  /** What the server says it is doing. */
  status = '';
  /** Why the last attempt failed, if it did. @type {Problem | null} */
  problem = null;

  /** @type {Cursor | null} */
  #cursor = null;
  /** @type {Message | null} */
  #outbox = null;
  /** The answer to be written anew. @type {string | null} */
  #again = null;
  /** Which version of an answer comes next. */
  #version = 1;
  #loaded = false;
  #saved = 0;
  #connection = new Connection();

  /**
   * @param {import('./api.js').Api} api
   * @param {import('./store.js').Store} shared what all tabs know
   * @param {import('./store.js').Store} own what this tab knows
   * @param {Listener} listener
   */
  constructor(api, shared, own, listener) {
    this.api = api;
    this.shared = shared;
    this.own = own;
    this.listener = listener;
  }

  /** Whether an answer is being waited for. */
  get busy() {
    return this.phase === 'answering' || this.phase === 'reconnecting';
  }

  /** Take up what the page before has left. */
  restore() {
    this.#clear(this.shared.get('conversation') ?? null);
    if (!this.id) return this.listener.changed();
    const snapshot = this.own.get('snapshot');
    if (snapshot?.conversation === this.id) {
      this.messages = snapshot.messages;
      this.#cursor = snapshot.cursor;
    }
    const running = this.#running();
    this.#restoreOutbox(running?.outbox);
    this.#follow(running ? 'answering' : 'loading');
  }

  /** @param {string} id of a conversation from the history */
  open(id) {
    this.#begin(id);
    this.#follow('loading');
  }

  /** Leave this conversation in the history; the next message begins another. */
  reset() {
    this.#begin(null);
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
    this.messages = [];
    this.next = null;
    this.phase = 'idle';
    this.status = '';
    this.problem = this.#cursor = this.#outbox = this.#again = null;
    this.#loaded = false;
  }

  /**
   * @param {string} text
   * @param {import('./types').Page} page where the shopper is
   */
  send(text, page) {
    if (!this.id) {
      this.#begin(crypto.randomUUID());
      this.#loaded = true;
    }
    this.#discardOutbox();
    this.#version = 1;
    this.#ask(crypto.randomUUID(), text, page, {});
  }

  /**
   * Ask the last question in other words. It keeps its id, and the server what was said before.
   * @param {string} text
   * @param {import('./types').Page} page
   */
  reword(text, page) {
    const at = this.messages.findLastIndex(({ role }) => role === 'user');
    const [question, answer] = this.messages.slice(at);
    if (!question) return;
    const isSent = question !== this.#outbox || question.metadata?.reworded;
    this.messages.splice(at);
    this.#version = versionOf(answer) + 1;
    this.#ask(question.id, text, page, isSent ? { reworded: true } : {});
  }

  /**
   * @param {string} id
   * @param {string} text
   * @param {import('./types').Page} page
   * @param {import('./types').Metadata} metadata
   */
  #ask(id, text, page, metadata) {
    this.#outbox = {
      id,
      role: 'user',
      parts: [
        { type: 'text', text },
        { type: 'data-page', data: page },
      ],
      metadata: { created_at: new Date().toISOString(), ...metadata },
    };
    this.messages.push(this.#outbox);
    this.#cursor = null;
    this.#follow('answering');
  }

  /** Send again what was not taken, take up again what was lost, or have a failed answer written anew. */
  retry() {
    const last = this.messages.at(-1);
    if (this.#outbox) unmark(this.#outbox);
    else if (this.phase !== 'lost' && last?.role === 'assistant') {
      this.#again = last.id;
      this.#version = versionOf(last) + 1;
      this.messages.pop();
      this.#cursor = null;
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
    const { id, next } = this;
    if (!next) return;
    this.next = null;
    const page = await this.#page(`&before=${encodeURIComponent(next)}`).catch(() => null);
    if (this.id !== id) return;
    if (page) this.messages = [...page.messages, ...this.messages];
    this.next = page ? page.next : next;
    this.listener.changed();
  }

  /** The browser is online, visible or back again. */
  wake() {
    if (this.phase === 'lost') this.retry();
    else this.#connection.nudge();
  }

  /** The page is going away, perhaps for good. Never stops the answer. */
  leave() {
    this.save();
    this.#connection.leave();
  }

  /** Keep on record what the next page needs to paint this one at once. */
  save() {
    if (!this.id) return;
    this.own.set('snapshot', {
      conversation: this.id,
      messages: this.messages.slice(-PAGE).map(light),
      cursor: this.#cursor,
    });
    this.#saved = 0;
    this.#record();
  }

  /** Say on the shared record that an answer runs, at most once a second. */
  #record() {
    if (!this.id || !(this.busy || this.#outbox) || Date.now() - this.#saved < SAVE_MS) return;
    this.#saved = Date.now();
    this.shared.set('stream', {
      conversation: this.id,
      after: eventOf(this.#cursor),
      outbox: this.#outbox ?? undefined,
      at: this.#saved,
    });
  }

  /** @returns {Running | null} */
  #running() {
    const running = /** @type {Running | undefined} */ (this.shared.get('stream'));
    if (!running || running.conversation !== this.id) return null;
    return Date.now() - running.at < LONGEST_ANSWER_MS ? running : null;
  }

  /** @param {Message} [message] */
  #restoreOutbox(message) {
    if (!message) return;
    if (message.metadata?.error?.code === 'lost') unmark(message);
    this.#outbox = this.messages.find(({ id }) => id === message.id) ?? message;
    if (this.#outbox === message) this.messages.push(message);
  }

  #discardOutbox() {
    if (this.#outbox?.metadata?.reworded) this.#loaded = false; // the server has the wording before
    this.messages = this.messages.filter((message) => message !== this.#outbox);
    this.#outbox = null;
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
      const before = this.#cursor;
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
      if (this.#cursor !== before) failures = 0;
      this.#enter(this.phase === 'loading' ? 'loading' : 'reconnecting');
      await connection.pause(failures + 1, asked);
      if (connection.left) return;
    }
    this.#refused({ code: 'lost', title: '', detail: '', status: 0 }, connection);
  }

  /** Whether to go on by oneself after this refusal. @param {Problem} problem */
  #bears(problem) {
    if (problem.code === 'turn-running') {
      const text = this.#outbox?.parts[0]?.text;
      this.#discardOutbox();
      if (text) this.listener.returned(text);
      return true;
    }
    if (this.#outbox) return problem.status === 502 || problem.status === 504; // not known whether it was taken
    return problem.status === 429 || problem.status >= 500;
  }

  /**
   * Send what is to be sent, or find out what runs.
   * @param {Connection} connection
   * @returns {Promise<Response | null>} the events that follow the cursor; null when nothing runs
   */
  async #attach(connection) {
    const signal = connection.open();
    const isNew = this.#outbox || this.#again;
    const ticket = isNew && this.#loaded ? undefined : await this.#load(connection);
    if (connection.left) return null;
    if (this.#outbox && !this.#outbox.metadata?.error) {
      const message = bare(this.#outbox);
      const messageId = this.#outbox.metadata?.reworded ? message.id : undefined;
      await this.listener.sending();
      return connection.left ? null : this.#post({ trigger: 'submit-message', message, messageId }, signal);
    }
    if (this.#again) return this.#post({ trigger: 'regenerate-message', messageId: this.#again }, signal);
    if (!ticket) return null;
    const response = await this.api.follow(`/api/chat/${this.id}/stream`, eventOf(this.#cursor), ticket, signal);
    if (response.status === 200) return response;
    if (await this.#load(connection)) throw new Error('an answer runs, but nobody streams it');
    return null;
  }

  /** @param {object} body @param {AbortSignal} signal */
  async #post(body, signal) {
    const [outbox, again] = [this.#outbox, this.#again];
    this.#again = null; // an unanswered request may have been obeyed: look before asking twice
    try {
      const response = await this.api.send('POST', '/api/chat', { id: this.id, ...body }, signal);
      if (this.#outbox === outbox) this.#outbox = null;
      return response;
    } catch (error) {
      if (error instanceof Refused) this.#again = again;
      throw error;
    }
  }

  /**
   * Take the newest page of the history.
   * @param {Connection} connection
   * @returns {Promise<string | undefined>} the ticket of the answer that runs
   */
  async #load(connection) {
    const page = await this.#page('').catch((error) => {
      if (error instanceof Refused && error.problem.status === 404) return null;
      throw error;
    });
    if (connection.left) return;
    this.#loaded = true;
    if (page) this.#merge(page);
    else if (!this.#outbox) this.#begin(null);
    this.listener.changed();
    return page?.stream?.ticket;
  }

  /** @param {string} query @returns {Promise<MessagePage>} */
  #page(query) {
    return this.api.json('GET', `/api/conversations/${this.id}/messages?limit=${PAGE}${query}`);
  }

  /**
   * The server's copy wins, but for the running answer, which this page may have read further.
   * @param {MessagePage} page
   */
  #merge(page) {
    const first = this.messages.findIndex(({ id }) => id === page.messages[0]?.id);
    const older = first > 0 ? this.messages.slice(0, first) : [];
    const last = page.messages.at(-1);
    const ours = this.messages.find(({ id }) => id === last?.id);
    if (page.stream && last) {
      const theirs = cursorAt(last.id, page.stream.last_event_id);
      if (ours && covers(this.#cursor, theirs)) page.messages[page.messages.length - 1] = ours;
      else this.#cursor = theirs;
    }
    this.messages = [...older, ...page.messages];
    if (!older.length) this.next = page.next;
    if (this.#outbox) this.#place(this.#outbox);
  }

  /** Put what is still to be sent at the end, or in the place of its wording before. @param {Message} outbox */
  #place(outbox) {
    const at = this.messages.findIndex(({ id }) => id === outbox.id);
    const known = this.messages[at];
    if (!known) this.messages.push(outbox);
    else if (textOf(known) !== textOf(outbox)) this.messages.splice(at, Infinity, outbox);
  }

  /**
   * @param {Response} response
   * @param {Connection} connection
   * @returns {Promise<boolean>} whether the answer has come to its end
   */
  async #read(response, connection) {
    this.#enter('answering');
    let ended = false;
    for await (const { id, data } of events(response, connection.alive)) {
      if (connection.left) return false;
      if (data !== '[DONE]') ended = this.#take(id, JSON.parse(data)) || ended;
      this.#record();
    }
    return ended;
  }

  /**
   * Apply an event, unless it was applied before.
   * @param {string} id
   * @param {import('./types').Chunk} chunk
   * @returns {boolean} whether it is the last one
   */
  #take(id, chunk) {
    const at = cursorAt(this.#cursor?.message ?? '', id);
    if (chunk.type === 'start' && chunk.messageId) at.message = chunk.messageId;
    if (covers(this.#cursor, at)) return false;
    if (chunk.type !== 'start' && at.attempt !== this.#cursor?.attempt) throw new Error('events of another attempt');
    this.#cursor = at;
    apply(this.#message(at.message), chunk);
    if (chunk.type === 'data-status') this.status = String(chunk.data.text ?? '');
    else if (chunk.type === 'text-delta') this.status = '';
    if (chunk.type === 'data-cart') this.listener.cart(chunk.data);
    this.listener.changed();
    return chunk.type in ENDS;
  }

  /** @param {string} id @returns {Message} */
  #message(id) {
    const found = this.messages.find((message) => message.id === id);
    if (found) return found;
    const metadata = { status: 'running', created_at: new Date().toISOString(), version: this.#version };
    const created = /** @type {Message} */ ({ id, role: 'assistant', parts: [], metadata });
    this.messages.push(created);
    return created;
  }

  /** @param {Connection} connection */
  #ended(connection) {
    connection.finish();
    const waited = this.busy;
    this.shared.remove('stream');
    this.#cursor = null;
    this.#enter('idle'); // which puts a message that is still unsent back on record
    if (waited) this.listener.ended(this.messages.at(-1));
  }

  /** @param {Problem} problem @param {Connection} connection */
  #refused(problem, connection) {
    connection.finish();
    this.problem = problem;
    if (this.#outbox) Object.assign((this.#outbox.metadata ??= {}), { status: 'unsent', error: problem });
    this.#enter(problem.code === 'lost' ? 'lost' : 'idle');
  }
}

/** It is to be sent again. @param {Message} message */
function unmark({ metadata }) {
  delete metadata?.error;
  delete metadata?.status;
}

/** @param {Message | undefined} answer */
function versionOf(answer) {
  return answer?.metadata?.version ?? 1;
}

/** A message as the server takes it. @param {Message} message */
function bare({ id, role, parts }) {
  return { id, role, parts };
}

/** A message without what only the server needs: tool results are long, storage is short. @param {Message} message */
function light(message) {
  return { ...message, parts: message.parts.filter(({ type }) => !type.startsWith('tool-')) };
}
