import { h } from '../common/dom.js';
import { cartChanged, LONGEST_WAIT_MS, readCart, tokenOf } from '../common/theme-cart.js';

/** @typedef {import('../types').CartAnswer} CartAnswer */

/** The cart's way to and from the theme. What shows it comes when there is something to show. */
export class Cart {
  element = h('div', { className: 'cart', part: 'cart', hidden: true });
  #asked = false;
  /** The assistant's cart is not the theme's yet. */
  isOwn = false;
  /** The step that failed and is to be repeated. @type {(() => Promise<unknown>) | null} */
  owed = null;
  /** @type {import('../shopping/strip.js').CartStrip | null} */
  #strip = null;

  /** @type {import('../carts.js').OneCart | null} */
  #one = null;

  /**
   * @param {import('../conversation/api.js').Api} api
   * @param {import('../common/store.js').Store} own
   * @param {import('../types').Settings} settings
   * @param {(text: string) => void} say
   * @param {import('../conversation/tabs.js').Tabs} tabs
   * @param {(isChange?: boolean) => Promise<any>} bring the script that shows carts, or the one that changes them
   */
  constructor(api, own, { locale, root }, say, tabs, bring) {
    this.api = api;
    this.own = own;
    this.locale = locale;
    this.root = root;
    this.say = say;
    this.tabs = tabs;
    this.bring = bring;
  }

  /** A shopper who comes back learns once how the cart stands. */
  async check() {
    if (this.#asked) return;
    this.#asked = this.api.known;
    await this.ask();
    const one = await this.#tryOne();
    if (this.#strip) one?.unite();
  }

  /** Another tab, or a page in front of this one, may have changed the cart. */
  look() {
    if (this.owed) return this.owed();
    return this.api.known && this.#tryOne().then((one) => (one ? one.look() : this.ask()));
  }

  /** Let the assistant work on the cart that the shopper already has, before it is asked. */
  async bind() {
    const one = this.#tryOne(); // from now on it follows what the theme does with its cart
    if (!this.#strip && !tokenOf(await readCart(this.root))) return;
    const wait = new Promise((resolve) => setTimeout(resolve, LONGEST_WAIT_MS));
    await Promise.race([one.then((one) => one?.unite()), wait]); // else after the answer
  }

  /** Put one of a variant into the cart, and say what came of it. @param {string} variant @param {string} title */
  async add(variant, title) {
    return (await this.#bringOne()).add(variant, title);
  }

  /** @param {string} text */
  async notice(text) {
    (await this.#bringStrip()).notice(text);
  }

  /** The assistant has looked at the cart or changed it. @param {CartAnswer} answer */
  async changed(answer) {
    this.#asked = true;
    cartChanged(answer.cart);
    await this.show(answer);
    if (answer.status !== 'ok') return;
    const isUnited = this.#strip && (await (await this.#tryOne())?.unite(true));
    if (!isUnited && !this.#strip?.checkout) await this.ask();
  }

  /** Find out how the cart stands, and show it. */
  async ask() {
    this.owed = null;
    if (!this.api.known) return; // it was erased, and a question about the cart must not begin another session
    const answer = await this.api.json('GET', '/api/cart').catch(() => ({ status: 'unknown' }));
    if (answer.status !== 'unknown') this.isOwn = !!answer.own;
    await this.show(answer, true);
  }

  /**
   * Bring the line up to the answer; one about nothing makes no line.
   * @param {CartAnswer} answer
   * @param {boolean} [isAsked] whether nothing else says that the cart is gone
   */
  async show(answer, isAsked) {
    const { status, cart } = answer;
    if (status === 'unknown') return void (this.owed = () => this.ask());
    this.owed = null;
    if (!this.#strip && status !== 'gone' && !cart?.count) return;
    const strip = await this.#bringStrip().catch(() => null);
    if (strip) strip.show(answer, isAsked);
    else this.owed = () => this.show(answer, isAsked);
  }

  /** @returns {Promise<import('../shopping/strip.js').CartStrip>} rejects when the script cannot be had */
  async #bringStrip() {
    const { CartStrip } = await this.bring();
    return (this.#strip ??= new CartStrip(this));
  }

  /** @returns {Promise<import('../carts.js').OneCart | null>} null when the scripts cannot be had */
  #tryOne() {
    return this.#bringOne().catch(() => null);
  }

  /** @returns {Promise<import('../carts.js').OneCart>} rejects when the scripts cannot be had */
  async #bringOne() {
    const [{ strings }, carts] = await Promise.all([this.bring(), this.bring(true)]);
    Object.assign(carts.strings, strings);
    return (this.#one ??= new carts.OneCart(this));
  }
}
