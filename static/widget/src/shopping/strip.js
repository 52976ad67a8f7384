import { h, icon } from '../common/dom.js';
import { BAG, CLOSE } from '../common/icons.js';
import { price } from '../messages/money.js';
import { strings } from './strings.js';

/** @typedef {import('../types').CartAnswer} CartAnswer */

/** The line above the composer that says what is in the cart, and what comes of changing it. */
export class CartStrip {
  /** Where the shopper pays; empty when that is not known. */
  checkout = '';
  /** What is in it, as far as known. @type {import('../types').Cart | null} */
  #cart = null;

  /** @param {import('../panel/cart.js').Cart} panel */
  constructor(panel) {
    this.panel = panel;
    this.element = panel.element;
  }

  /**
   * Bring the line up to the answer.
   * @param {CartAnswer} answer
   * @param {boolean} [isSpoken] whether a screen reader must hear it when the cart is gone
   */
  show({ status, cart }, isSpoken) {
    this.#cart = cart;
    if (status === 'gone') this.checkout = '';
    if (cart?.checkout_url?.startsWith('http')) this.checkout = cart.checkout_url;
    this.element.hidden = status === 'none' || (status === 'ok' && !cart?.count);
    if (status === 'gone' && !cart) this.notice(strings.cartGone);
    else if (cart) this.#summary(cart);
    if (status === 'gone' && isSpoken) this.panel.say(strings.cartGone);
  }

  /** Say something in place of what is in the cart, until it is dismissed. @param {string} text */
  notice(text) {
    const dismiss = () => {
      if (this.#cart?.count) this.#summary(this.#cart);
      else this.element.hidden = true;
    };
    this.element.hidden = false;
    this.element.replaceChildren(
      icon(BAG),
      h('span', { className: 'grow' }, text),
      h('button', { className: 'plain', 'aria-label': strings.dismiss, onclick: dismiss }, icon(CLOSE)),
    );
  }

  /** @param {import('../types').Cart} cart */
  #summary(cart) {
    const { locale } = this.panel;
    const taxes = (cart.totals ?? [])
      .filter(({ type, text }) => type === 'tax' && text)
      .map(({ text, amount }) => ` · ${text} ${price(amount, locale)}`);
    const total = h('b', {}, price(cart.total, locale));
    const link = this.checkout && h('a', { href: this.checkout, className: 'go' }, strings.checkout);
    this.element.replaceChildren(
      icon(BAG),
      h('span', { className: 'grow' }, `${strings.items(cart.count)} · `, total, h('small', {}, ...taxes)),
    );
    if (link) this.element.append(link);
  }
}
