import { locked } from '../common/locks.js';
import { uuid } from '../common/uuid.js';

const KEY = 'changed';

/**
 * The other tabs that have this shop open. They hear of each other by the storage that they share: a message on a
 * channel of its own can overtake what was written before it.
 */
export class Tabs {
  #seen = '';
  /** @type {AbortController | null} */
  #listening = null;

  /**
   * @param {string} shop
   * @param {import('../common/store.js').Store} store that all tabs see
   * @param {() => void} told another tab has changed what all of them show
   */
  constructor(shop, store, told) {
    this.name = `shop-chat:${shop}`;
    this.store = store;
    this.told = told;
  }

  /** From now on hear what the others say. */
  join() {
    this.leave();
    this.#seen = this.#stamp;
    this.#listening = new AbortController();
    const heard = (/** @type {StorageEvent} */ { key }) => key === this.store.prefix + KEY && this.told();
    globalThis.addEventListener?.('storage', heard, { signal: this.#listening.signal });
  }

  leave() {
    this.#listening?.abort();
  }

  /** Tell the others, and those who sleep when they wake up. */
  tell() {
    this.#seen = uuid();
    this.store.set(KEY, this.#seen);
  }

  /** Tell the others, and leave no trace. */
  forget() {
    this.store.remove(KEY);
    this.#seen = '';
  }

  /** @returns {boolean} whether another tab has changed something since the last look, as happens to those asleep */
  look() {
    const isNews = this.#stamp !== this.#seen;
    this.#seen = this.#stamp;
    return isNews;
  }

  /**
   * Do something while no other tab does it. A browser without locks does it at once: the server takes no message twice.
   * @template T
   * @param {AbortSignal} signal ends the waiting
   * @param {() => Promise<T>} task
   * @param {string} [what] is done, where it may go on beside the sending of messages
   * @returns {Promise<T>}
   */
  alone(signal, task, what = '') {
    return locked(this.name + what, { signal }, task);
  }

  /** @returns {string} */
  get #stamp() {
    return this.store.get(KEY) ?? '';
  }
}
