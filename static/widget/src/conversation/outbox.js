/** @typedef {import('../types').Message} Message */
/** @typedef {{ conversation: string, message: Message }} Entry */

const KEY = 'outbox:';

/**
 * What the shopper has said and the server has not taken yet, in the order in which it was said, in whichever tab. Each
 * message lies under a key of its own, so that two tabs that write at once do not undo each other.
 */
export class Outbox {
  /** @param {import('../common/store.js').Store} store that all tabs see */
  constructor(store) {
    this.store = store;
  }

  /** @param {string | null} conversation @returns {Message[]} the oldest first */
  of(conversation) {
    return this.#entries()
      .filter((entry) => entry.conversation === conversation)
      .map(({ message }) => message);
  }

  /** What waits in other conversations, and was not refused. @param {string | null} conversation @returns {Entry[]} */
  besides(conversation) {
    return this.#entries().filter((entry) => entry.conversation !== conversation && !entry.message.metadata?.error);
  }

  /** At the end, or in the place that the message has already. @param {string} conversation @param {Message} message */
  put(conversation, message) {
    const newest = parseInt(this.#keys().at(-1)?.slice(KEY.length) ?? '0', 10);
    const place = Math.max(Date.now(), newest + 1); // clocks are set back, and tabs write in the same millisecond
    const key = this.#key(message.id) ?? `${KEY}${String(place).padStart(15, '0')}:${message.id}`;
    this.store.set(key, { conversation, message });
  }

  /** @param {string} id of a message */
  has(id) {
    return Boolean(this.#key(id));
  }

  /** @param {string} id of a message */
  remove(id) {
    const key = this.#key(id);
    if (key) this.store.remove(key);
  }

  /** Remove everything, and return it with the oldest first. @returns {Entry[]} */
  take() {
    const entries = this.#entries();
    for (const key of this.#keys()) this.store.remove(key);
    return entries;
  }

  /** @returns {Entry[]} */
  #entries() {
    return this.#keys().flatMap((key) => this.store.get(key) ?? []);
  }

  /** @param {string} id */
  #key(id) {
    return this.#keys().find((key) => key.endsWith(`:${id}`));
  }

  #keys() {
    return this.store.keys(KEY).sort();
  }
}
