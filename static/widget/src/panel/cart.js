import { h, icon } from '../common/dom.js';
import { BAG, CLOSE } from '../common/icons.js';
import { price } from '../messages/money.js';
import { cartChanged, cartToken } from '../common/storefront.js';
import { strings } from '../common/strings.js';

/** @typedef {import('../types').CartAnswer} CartAnswer */

/** The line above the composer that says what is in the cart, and the cart's way to and from the theme. */
export class Cart {
  element = h('div', { className: 'cart', part: 'cart', hidden: true });
  #checkout = '';
  #asked = false;
  /** How the cart stands could not be found out. */
  #isOwed = false;
  /** What is in it, as far as known. @type {import('../types').Cart | null} */
  #cart = null;

  /**
   * @param {import('../conversation/api.js').Api} api
   * @param {import('../common/store.js').Store} own
   * @param {import('../types').Settings} settings
   * @param {(text: string) => void} say
   * @param {() => Promise<typeof import('../shopping.js') | null>} bring the script that changes the theme's cart
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
    await this.#ask();
  }

  /** What could not be found out then. */
  async again() {
    if (this.#isOwed) await this.#ask();
  }

  /**
   * Let the assistant work on the cart that the shopper already has.
   * @returns {Promise<string>} what did not come into it from the cart that the assistant had before
   */
  async bind() {
    const token = await cartToken(this.root);
    if (!token || token === this.own.get('cart')) return '';
    try {
      const lost = this.api.known ? await this.#merge(token) : '';
      if (lost) this.#notice(lost);
      await this.api.json('PUT', '/api/cart', { cart_id: token });
      this.own.set('cart', token);
      return lost;
    } catch {
      return ''; // the next message tries again
    }
  }

  /** @param {string} token */
  async #merge(token) {
    const { mergeCarts } = /** @type {typeof import('../shopping.js')} */ (await this.bring());
    return mergeCarts(this.api, this.own, this.root, token);
  }

  /** Put one of a variant into the cart, and say what came of it. @param {string} variant @param {string} title */
  async add(variant, title) {
    const shop = await this.bring();
    const lost = { isIn: false, said: strings.problems.lost };
    const { isIn, said } = shop ? await shop.addLines(this.root, [{ variant, quantity: 1 }]) : lost;
    this.say([isIn && strings.addedThis(title), said].filter(Boolean).join(' '));
    const words = [said, isIn && (await this.bind())].filter(Boolean).join(' ');
    if (isIn || this.#cart) await this.#ask();
    if (words) this.#notice(words);
    return isIn;
  }

  /** The assistant has looked at the cart or changed it. @param {CartAnswer} answer */
  async changed(answer) {
    this.#asked = true;
    this.#show(answer);
    cartChanged(answer.cart);
    if (answer.status === 'ok' && !this.#checkout) await this.#ask();
  }

  async #ask() {
    this.#isOwed = false;
    const answer = await this.api.json('GET', '/api/cart').catch(() => null);
    this.#isOwed = !answer || answer.status === 'unknown';
    if (this.#isOwed) return;
    this.#show(answer);
    if (answer.status === 'gone') this.say(strings.cartGone);
  }

  /** @param {CartAnswer} answer */
  #show({ status, cart }) {
    if (status === 'unknown') return;
    this.#cart = cart;
    if (status === 'gone') this.#checkout = '';
    if (cart?.checkout_url?.startsWith('http')) this.#checkout = cart.checkout_url;
    this.element.hidden = status === 'none' || (status === 'ok' && !cart?.count);
    if (status === 'gone' && !cart) this.#notice(strings.cartGone);
    else if (cart) this.#summary(cart);
  }

  /** @param {string} text */
  #notice(text) {
    const dismiss = () => {
      if (this.#cart?.count) this.#summary(this.#cart);
      else this.element.hidden = true;
    };
    this.element.hidden = false;
    this.element.replaceChildren(
      icon(BAG),
      h('span', { className: 'grow' }, text),
      h('button', { type: 'button', className: 'plain', 'aria-label': strings.dismiss, onclick: dismiss }, icon(CLOSE)),
    );
  }

  /** @param {import('../types').Cart} cart */
  #summary(cart) {
    const total = price(cart.total, this.locale);
    const taxes = (cart.totals ?? [])
      .filter(({ type, text }) => type === 'tax' && text)
      .map(({ text, amount }) => ` · ${text} ${price(amount, this.locale)}`);
    const link = this.#checkout && h('a', { href: this.#checkout, className: 'go' }, strings.checkout);
    this.element.replaceChildren(
      icon(BAG),
      h('span', { className: 'grow' }, `${strings.items(cart.count)} · `, h('b', {}, total), h('small', {}, ...taxes)),
    );
    if (link) this.element.append(link);
  }
}
