import { h, icon } from '../common/dom.js';
import { BAG } from '../common/icons.js';
import { Changes } from '../shopping/changes.js';
import { strings } from '../shopping/strings.js';
import { price } from './money.js';
import { noticeList } from '../shopping/notices.js';

/** @typedef {import('../types').CartAnswer} CartAnswer */

/**
 * What the cart was when the assistant looked, as a line of the conversation, with what the shop says of it.
 * @param {CartAnswer} answer
 * @param {import('./view.js').Shown} shown
 */
export function cartLine({ status, cart, change }, shown) {
  const { locale, addresses } = shown;
  return [
    h('p', {}, icon(BAG), h('span', {}, said(status, cart, locale)), change ? undo(change.id, shown) : ''),
    ...noticeList(cart?.notices, addresses),
    ...(cart?.lines ?? []).flatMap(({ title, notices }) => noticeList(notices, addresses, title)),
  ];
}

/**
 * The button that takes a change back, while that can be done.
 * @param {string} id
 * @param {import('./view.js').Shown} shown
 */
function undo(id, { acts }) {
  const changes = Changes.of(acts);
  const button = h('button', { className: 'link undo', hidden: true, onclick: () => take() }, strings.undo);
  const said = h('span', { className: 'told', tabIndex: -1 });
  const element = h('span', {}, button, said);
  const take = async () => {
    if (button.ariaBusy) return;
    button.ariaBusy = 'true';
    const state = await changes.make(id, 'undo');
    button.ariaBusy = null;
    const words = state === 'undone' ? strings.undone : state ? strings.notUndone : strings.notUndoneYet;
    said.textContent = ` ${words}`;
    acts.say(words);
  };
  changes.watch(id, element, (state, isUndoable) => {
    const hadFocus = button.matches(':focus');
    button.hidden = !isUndoable;
    if (state === 'undone') said.textContent = ` ${strings.undone}`;
    if (hadFocus && !isUndoable) said.focus();
  });
  return element;
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
