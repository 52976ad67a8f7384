import { h, icon } from '../common/dom.js';
import { BAG } from '../common/icons.js';
import { strings } from '../shopping/strings.js';
import { price } from './money.js';
import { noticeList } from '../shopping/notices.js';

/** @typedef {import('../types').CartAnswer} CartAnswer */

/**
 * What the cart was when the assistant looked, as a line of the conversation, with what the shop says of it.
 * @param {CartAnswer} answer
 * @param {import('./view.js').Shown} shown
 */
export function cartLine({ status, cart }, { locale, addresses }) {
  return [
    h('p', {}, icon(BAG), h('span', {}, said(status, cart, locale))),
    ...noticeList(cart?.notices, addresses),
    ...(cart?.lines ?? []).flatMap(({ title, notices }) => noticeList(notices, addresses, title)),
  ];
}

/** @param {CartAnswer['status']} status @param {import('../types').Cart | null} cart @param {string} locale */
function said(status, cart, locale) {
  const content = cart?.count
    ? `${strings.cart}: ${strings.items(cart.count)}, ${price(cart.total, locale)}${breakdown(cart, locale)}`
    : strings.cartEmpty;
  return status === 'gone' ? [strings.cartGone, cart && content].filter(Boolean).join(' ') : content;
}

/**
 * How the shop arrives at the total, where it is more than a sum: discounts, shipping, taxes.
 * @param {import('../types').Cart} cart
 * @param {string} locale
 */
function breakdown({ totals = [] }, locale) {
  if (totals.every(({ type }) => /^(sub)?total$/.test(type))) return '';
  const shown = totals.filter(({ type, text }) => type !== 'total' && (text || named(type)));
  return shown.map(({ type, text, amount }) => ` · ${text || named(type)} ${price(amount, locale)}`).join('');
}

/** The shop's label comes with the entry as a rule; for the usual ones there are words of our own. @param {string} type */
function named(type) {
  const { discount, fulfillment, tax, fee } = strings;
  return { discount, items_discount: discount, fulfillment, tax, fee }[type];
}
