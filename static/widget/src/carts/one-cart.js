import { addLines, countInTheme, numberOf } from '../common/storefront.js';
import { cartChanged, readCart, tokenOf } from '../common/theme-cart.js';
import { strings } from './strings.js';

/** @typedef {import('../types').CartAnswer} CartAnswer */
/** @typedef {import('../types').MovedLine} MovedLine */

// What the theme does with its cart ends in one of these requests; themes send events for few of them.
const CHANGE = /\/cart\/(add|change|update|clear)\b/;
const LOOK_MS = 250;
// The server lets nobody else change the cart for 12 s after it has handed out a move (`cart_moves.py`).
const SOONEST_MS = 3000;
const SETTLED_MS = 12_500;
const RETRIES = 3;
const BUSY_MS = 1000;
const BUSY_TRIES = 13;
// More than a cart needs: what an earlier move left, and what came meanwhile.
const MOVES = 4;

/**
 * Makes the assistant's cart and the theme's one. The server says what to move; this page moves it and tells the outcome.
 * (`widget_api/turns/cart_moves.py`)
 */
export class OneCart {
  /** The last attempt: two of one page would only wait for each other. @type {Promise<unknown>} */
  #last = Promise.resolve();
  /** @type {Promise<unknown>} */
  #adding = Promise.resolve();
  #retries = RETRIES;
  /** True when the assistant was changing the cart while the server was asked to make the carts one. */
  #wasReplaced = false;
  /** When the cart was last asked for. */
  #asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #looking;

  /** @param {import('../panel/cart.js').Cart} panel */
  constructor(panel) {
    this.panel = panel;
    const observer = new PerformanceObserver((list) => {
      if (!panel.element.isConnected) return observer.disconnect();
      for (const { name, startTime, duration } of list.getEntries()) {
        if (CHANGE.test(name)) this.#followTheme(performance.timeOrigin + startTime + duration);
      }
    });
    observer.observe({ type: 'resource', buffered: true });
  }

  /** @param {number} when the theme's cart was changed */
  #followTheme(when) {
    clearTimeout(this.#looking);
    this.#looking = setTimeout(async () => {
      if (when > this.#asked) await this.look();
      this.panel.tabs.tell();
    }, LOOK_MS);
  }

  /** See what is in the cart by now. */
  async look() {
    if (!this.panel.api.known) return;
    this.#asked = Date.now();
    if (!(await this.unite())) await this.panel.ask();
  }

  /**
   * Put lines into the theme's cart, one after the other: two first pieces at once would begin two carts.
   * @param {import('../common/storefront.js').Wanted[]} lines
   * @param {number} [latest]
   * @returns {Promise<import('../common/storefront.js').Outcome>}
   */
  #add(lines, latest) {
    const { root, tabs } = this.panel;
    const add = () => addLines(root, lines, latest);
    const next = this.#adding.then(() => tabs.alone(new AbortController().signal, add, ':cart'));
    this.#adding = next;
    return next;
  }

  /** Put one of a variant into the theme's cart, and say what came of it. @param {string} variant @param {string} title */
  async add(variant, title) {
    const { panel } = this;
    const { isIn, said } = await this.#add([{ variant, quantity: 1 }]);
    panel.say([isIn && strings.addedThis(title), said].filter(Boolean).join(' '));
    if (isIn) this.#keep(variant, said);
    else panel.notice(said);
    return isIn;
  }

  /**
   * Make the carts one, and see that what was added is still there where the assistant was changing the cart meanwhile:
   * it replaces all of it, and may have read it before. Otherwise it is the shopper who has taken it out.
   * @param {string} variant
   * @param {string} said
   */
  async #keep(variant, said) {
    const { root, tabs } = this.panel;
    const held = (await countInTheme(root, variant)) ?? 0;
    this.#wasReplaced = false;
    if (!(await this.unite(true))) await this.panel.ask();
    const lost = this.#wasReplaced ? held - ((await countInTheme(root, variant)) ?? held) : 0;
    if (lost > 0) {
      await this.#add([{ variant, quantity: lost }]);
      await this.unite(true);
    }
    tabs.tell();
    if (said) this.panel.notice(said);
  }

  /**
   * Make them one, and show what came of it.
   * @param {boolean} [isForced] or else only where the theme has another cart than the last time
   * @returns {Promise<boolean>} whether the server was asked. It never rejects.
   */
  unite(isForced = this.panel.isOwn) {
    const next = this.#last.then(() => this.#unite(isForced)).catch(() => this.#failed());
    this.#last = next;
    return next;
  }

  /** @param {boolean} isForced @returns {Promise<boolean>} */
  async #unite(isForced) {
    const { own, root, tabs } = this.panel;
    if (document.visibilityState === 'hidden') return false; // a tab that is seen can say what came of it
    const theme = await readCart(root);
    if (!theme) return false; // this is no storefront, or it cannot be reached
    let token = tokenOf(theme);
    if (!isForced && (!token || own.get('cart') === this.#mark(token))) return false;
    /** @type {string[]} */
    const words = [];
    let [asked, answer] = await this.#ask('POST', '/api/cart/move', { cart_id: token });
    const isChanged = Boolean(answer.move);
    for (let moves = MOVES; answer.move && moves; moves--) {
      const { id, lines } = answer.move;
      /** @type {MovedLine[]} */
      const arrived = [];
      if (!(await this.#put(lines, asked + SOONEST_MS, words, arrived))) return this.#failed(true);
      const now = await readCart(root);
      const missing = now && arrived.filter((line) => !holds(now, line)).length;
      if (!now || (missing && missing < arrived.length)) return this.#failed(true);
      token = missing ? '' : tokenOf(now);
      [asked, answer] = await this.#ask('PUT', '/api/cart', { cart_id: token, move: id });
      // The theme has begun another cart in the same moment, and the lines are in one that the browser has lost.
      if (missing) return this.#retries-- > 0 && this.#unite(true);
    }
    this.#retries = RETRIES;
    if (answer.left_behind) words.push(strings.notMoved(answer.left_behind.join(', ')));
    this.panel.isOwn = !!answer.own;
    if (!answer.own) {
      own.set('cart', this.#mark(token));
      own.set('session', this.panel.api.id);
    }
    await this.panel.show(answer);
    if (words.length) this.panel.notice(words.join(' '));
    if (isChanged) {
      cartChanged(answer.cart);
      tabs.tell();
    }
    return true;
  }

  /** Which cart this browser's session has. @param {string} token */
  #mark(token) {
    return `${this.panel.api.store.get('session')?.id} ${token}`;
  }

  /**
   * It is tried again whenever the shopper comes back, and by itself where the server waits for the outcome of a move.
   * @param {boolean} [isMoving]
   */
  #failed(isMoving) {
    const again = async () => this.panel.element.isConnected && this.panel.api.known && this.unite(true);
    this.panel.owed = again;
    if (isMoving && this.#retries--) setTimeout(again, SETTLED_MS);
    return false;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @returns {Promise<[number, CartAnswer]>} when it was asked, and what the server says
   */
  async #ask(method, path, body) {
    for (let tries = BUSY_TRIES; ; tries--) {
      const asked = Date.now();
      this.#asked = asked; // what this page has just added to the theme's cart needs no look of its own
      try {
        return [asked, await this.panel.api.json(method, path, body)];
      } catch (/** @type {any} */ error) {
        // The assistant or another tab changes the cart.
        if (error?.problem?.code !== 'cart-busy' || !tries) throw error;
        this.#wasReplaced ||= !error.problem.moving;
        await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
      }
    }
  }

  /**
   * Put the lines into the theme's cart: all at once or, where the shop refuses that, one by one.
   * @param {MovedLine[]} lines
   * @param {number} latest when it must have begun
   * @param {string[]} words what the shopper must know
   * @param {MovedLine[]} arrived what the theme has taken
   * @returns {Promise<boolean>} whether it is known what became of each
   */
  async #put(lines, latest, words, arrived) {
    const { isIn, isLost, isRefused, said } = await this.#add(lines.map(wanted), latest);
    if (isLost) return false;
    if (isRefused && lines.length > 1) {
      for (const line of lines) if (!(await this.#put([line], latest, words, arrived))) return false;
      return true;
    }
    if (!isRefused) arrived.push(...lines);
    if (!isIn) words.push(`${strings.notMoved(lines.map(({ title }) => title).join(', '))} ${said}`);
    else if (said) words.push(said);
    return true;
  }
}

/** @param {any} cart @param {MovedLine} line @returns {boolean} */
function holds({ items }, { variant_id }) {
  return items.some((/** @type {any} */ item) => String(item.variant_id) === numberOf(variant_id));
}

/** @param {MovedLine} line */
function wanted({ variant_id, quantity, attributes }) {
  return { variant: variant_id, quantity, attributes };
}
