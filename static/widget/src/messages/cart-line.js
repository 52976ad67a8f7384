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
    ? `${strings.cart}: ${strings.items(cart.count)}, ${price(cart.total, locale)}`
    : strings.cartEmpty;
  return status === 'gone' ? [strings.cartGone, cart && content].filter(Boolean).join(' ') : content;
}
