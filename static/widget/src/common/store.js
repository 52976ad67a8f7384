import { toJson } from './json.js';

/** One of the browser's two storages under the shop's prefix; where it is blocked or full, the memory of this page. */
export class Store {
  /** @type {Map<string, unknown>} */
  #memory = new Map();

  /**
   * @param {'localStorage' | 'sessionStorage'} area
   * @param {string} shop
   */
  constructor(area, shop) {
    this.area = area;
    this.prefix = `shop-chat:${shop}:`;
  }

  /** @param {string} key @returns {any} */
  get(key) {
    try {
      const text = window[this.area].getItem(this.prefix + key);
      if (text !== null) return JSON.parse(text);
    } catch {
      // Merely naming `localStorage` throws where it is blocked.
    }
    return this.#memory.get(key);
  }

  /** @param {string} key @param {unknown} value */
  set(key, value) {
    try {
      window[this.area].setItem(this.prefix + key, toJson(value));
      this.#memory.delete(key);
    } catch {
      this.remove(key); // when it is full, yesterday's value must not come back
      this.#memory.set(key, value);
    }
  }

  /** @param {string} start @returns {string[]} the keys that begin with it */
  keys(start) {
    /** @type {string[]} */
    let kept = [];
    try {
      const own = Object.keys(window[this.area]).filter((key) => key.startsWith(this.prefix));
      kept = own.map((key) => key.slice(this.prefix.length));
    } catch {
      // Blocked: there are only those of this page.
    }
    return [...new Set([...kept, ...this.#memory.keys()])].filter((key) => key.startsWith(start));
  }

  /** @param {string} key */
  remove(key) {
    this.#memory.delete(key);
    try {
      window[this.area].removeItem(this.prefix + key);
    } catch {
      // Blocked: there is nothing to remove.
    }
  }
}
