import { h } from '../common/dom.js';
import { cartChanged, cartToken } from '../common/theme-cart.js';

/** @typedef {import('../types').CartAnswer} CartAnswer */

/** The cart's way to and from the theme. What shows it comes when there is something to show. */
export class Cart {
  element = h('div', { className: 'cart', part: 'cart', hidden: true });
  #asked = false;
  /** The step that failed and is to be repeated to show the cart. @type {(() => Promise<unknown>) | null} */
  #owed = null;
  /** @type {import('../shopping/strip.js').CartStrip | null} */
  #strip = null;

  /**
   * @param {import('../conversation/api.js').Api} api
   * @param {import('../common/store.js').Store} own
   * @param {import('../types').Settings} settings
   * @param {(text: string) => void} say
   * @param {() => Promise<typeof import('../shopping.js') | null>} bring the script that shows carts and changes the theme's
   */
  constructor(api, own, { locale, root }, say, bring) {
    this.api = api;
    this.own = own;
    this.locale = locale;
    this.root = root;
    this.say = say;
    this.bring = bring;
  }

  /** A shopper who comes back learns once how the cart stands. */
  async check() {
    if (this.#asked || !this.api.known) return;
    this.#asked = true;
    await this.ask();
  }

  /** Repeat the step that failed. */
  again() {
    return this.#owed?.();
  }

  /**
   * Let the assistant work on the cart that the shopper already has.
   * @returns {Promise<string>} what did not come into it from the cart that the assistant had before
   */
  async bind() {
    const token = await cartToken(this.root);
    if (!token || token === this.own.get('cart')) return '';
    try {
      const lost = this.api.known ? await (await this.#bringStrip()).merge(token) : '';
      await this.api.json('PUT', '/api/cart', { cart_id: token });
      if (!this.api.id) return '';
      this.own.set('cart', token);
      this.own.set('session', this.api.id);
      return lost;
    } catch {
      return ''; // the next message tries again
    }
  }

  /** Put one of a variant into the cart, and say what came of it. @param {string} variant @param {string} title */
  async add(variant, title) {
    return (await this.#bringStrip()).add(variant, title);
  }

  /** The assistant has looked at the cart or changed it. @param {CartAnswer} answer */
  async changed(answer) {
    this.#asked = true;
    cartChanged(answer.cart);
    await this.#show(answer);
    if (answer.status === 'ok' && !this.#strip?.checkout) await this.ask();
  }

  /** Find out how the cart stands, and show it. */
  async ask() {
    this.#owed = null;
    const answer = await this.api.json('GET', '/api/cart').catch(() => null);
    if (!answer || answer.status === 'unknown') this.#owed = () => this.ask();
    else await this.#show(answer, true);
  }

  /**
   * Bring the line up to the answer; one about nothing makes no line.
   * @param {CartAnswer} answer
   * @param {boolean} [isAsked] whether nothing else says that the cart is gone
   */
  async #show(answer, isAsked) {
    const { status, cart } = answer;
    if (status === 'unknown') return;
    this.#owed = null;
    if (!this.#strip && status !== 'gone' && !cart?.count) return;
    const strip = await this.#bringStrip().catch(() => null);
    if (strip) strip.show(answer, isAsked);
    else this.#owed = () => this.#show(answer, isAsked);
  }

  /** @returns {Promise<import('../shopping/strip.js').CartStrip>} rejects when the script cannot be had */
  async #bringStrip() {
    const { CartStrip } = /** @type {typeof import('../shopping.js')} */ (await this.bring());
    return (this.#strip ??= new CartStrip(this));
  }
}
