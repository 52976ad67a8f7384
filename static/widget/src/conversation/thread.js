import { covers, cursorAt } from './cursor.js';
import { apply, isUnsent, textOf } from './message.js';

/** @typedef {import('../types').Message} Message */
/** @typedef {import('../types').MessagePage} MessagePage */
/** @typedef {import('../types').Cursor} Cursor */

/** What was said, as far as this page knows: the server's messages, the answer that is being read, what is still to be sent. */
export class Thread {
  /** @type {Message[]} */
  messages = [];
  /** Where older messages begin. @type {string | null} */
  next = null;
  /** How far the running answer has been read. @type {Cursor | null} */
  cursor = null;
  /** Which version of an answer comes next. */
  version = 1;

  /** The last question, and what follows it. */
  get last() {
    const at = this.messages.findLastIndex(({ role }) => role === 'user');
    return at < 0 ? [] : this.messages.slice(at);
  }

  /** The answer that is being read. */
  get running() {
    return this.messages.find(({ id }) => id === this.cursor?.message);
  }

  /** @param {{ messages: Message[], cursor: Cursor | null }} known what the browser remembers */
  paint({ messages, cursor }) {
    this.messages = messages;
    this.cursor = cursor;
  }

  /** Take back a message and all that follows. @param {Message} message */
  cut(message) {
    this.messages = this.messages.slice(0, this.messages.indexOf(message));
    this.cursor = null;
  }

  /** @param {MessagePage} page the one before the oldest message here */
  prepend(page) {
    this.messages = [...page.messages, ...this.messages];
    this.next = page.next;
  }

  /**
   * The server's copy wins, but for the running answer, which this page may have read further.
   * @param {MessagePage} page the newest one
   */
  merge(page) {
    const first = this.messages.findIndex(({ id }) => id === page.messages[0]?.id);
    const older = first > 0 && page.next ? this.messages.slice(0, first) : [];
    const last = page.messages.at(-1);
    const ours = this.messages.find(({ id }) => id === last?.id);
    if (page.stream && last) {
      const theirs = cursorAt(last.id, page.stream.last_event_id);
      if (ours && covers(this.cursor, theirs)) page.messages[page.messages.length - 1] = ours;
      else this.cursor = theirs;
    }
    this.messages = [...older, ...page.messages];
    if (!older.length) this.next = page.next;
  }


  /**
   * Show what waits to be sent: at the end, or in the place of its wording before.
   * @param {Message[]} unsent in their order
   * @param {boolean} isGoneSent whether a message that waits no more is shown as sent; if not, as taken back
   * @returns {boolean} whether there was such a message
   */
  place(unsent, isGoneSent) {
    const waiting = new Map(unsent.map((message) => [message.id, message]));
    const isGone = (/** @type {Message} */ { id, metadata }) => metadata?.status === 'waiting' && !waiting.has(id);
    const wasGone = this.messages.some(isGone);
    const kept = this.messages.filter(
      (message) => waiting.has(message.id) || (isGone(message) ? isGoneSent : !isUnsent(message)),
    );
    this.messages = kept.map((message) => waiting.get(message.id) ?? (isUnsent(message) ? asSent(message) : message));
    for (const message of unsent) {
      const at = this.messages.indexOf(message);
      if (at < 0) this.messages.push(message);
      else if (message.metadata?.reworded) {
        this.messages = this.messages.filter((other, index) => index <= at || isUnsent(other));
      }
    }
    return wasGone;
  }

  /**
   * Apply an event of the running answer, unless it was applied before.
   * @param {string} id the event's
   * @param {import('../types').Chunk} chunk
   * @returns {boolean} whether it was new
   * @throws when it is of another attempt than those before
   */
  take(id, chunk) {
    const at = cursorAt(this.cursor?.message ?? '', id);
    if (chunk.type === 'start' && chunk.messageId) at.message = chunk.messageId;
    if (covers(this.cursor, at)) return false;
    if (chunk.type !== 'start' && at.attempt !== this.cursor?.attempt) throw new Error();
    this.cursor = at;
    apply(this.running ?? this.#begin(at.message), chunk);
    return true;
  }

  /** @param {string} id of an answer that nobody has read yet: it comes before what waits to be sent */
  #begin(id) {
    const metadata = { status: 'running', created_at: new Date().toISOString(), version: this.version };
    const answer = /** @type {Message} */ ({ id, role: 'assistant', parts: [], metadata });
    const unsent = this.messages.findIndex(isUnsent);
    this.messages.splice(unsent < 0 ? Infinity : unsent, 0, answer);
    return answer;
  }
}

/** Tell whether the server has the message in the same words. @param {Message[]} messages @param {Message} message */
export function holds(messages, message) {
  return messages.some((known) => known.id === message.id && !isUnsent(known) && textOf(known) === textOf(message));
}

/** @param {Message} message */
function asSent(message) {
  const { status, error, reworded, version, ...metadata } = message.metadata ?? {};
  return { ...message, metadata };
}
