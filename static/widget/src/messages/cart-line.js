import { h, icon } from '../common/dom.js';
import { BAG } from '../common/icons.js';
import { strings } from './strings.js';
import { price } from './money.js';

/** @typedef {import('../types').CartAnswer} CartAnswer */

/**
 * What the cart was when the assistant looked, as a line of the conversation.
 * @param {CartAnswer} answer
 * @param {string} locale
 */
export function cartLine({ status, cart }, locale) {
  return h('p', { className: `cartline ${status}` }, icon(BAG), h('span', {}, said(status, cart, locale)));
}

/** @param {CartAnswer['status']} status @param {import('../types').Cart | null} cart @param {string} locale */
function said(status, cart, locale) {
  const content = cart?.count
    ? `${strings.cart}: ${strings.items(cart.count)}, ${price(cart.total, locale)}`
    : strings.cartEmpty;
  return status === 'gone' ? [strings.cartGone, cart && content].filter(Boolean).join(' ') : content;
}
