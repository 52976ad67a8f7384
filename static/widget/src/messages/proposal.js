import { h, icon } from '../common/dom.js';
import { DONE } from '../common/icons.js';
import { Changes } from '../shopping/changes.js';
import { strings } from '../shopping/strings.js';
import { price } from './money.js';

/** @typedef {import('../types').Proposal} Proposal */

/**
 * A change of the cart that the shopper has not asked for: its lines, and the button that makes it.
 * @param {Proposal} proposal
 * @param {import('./view.js').Shown} shown
 */
export function proposal({ id, lines }, { acts, locale }) {
  const changes = Changes.of(acts);
  const list = h('ul', {}, ...lines.map((line) => lineOf(line, locale)));
  const isAdding = lines.every(({ by }) => by > 0);
  const label = isAdding ? strings.add : strings.changeCart;
  const button = h('button', { className: 'add', 'aria-label': `${label}: ${named(lines)}`, onclick: () => take() }, label);
  const said = h('p', { className: 'foot', tabIndex: -1 });
  const element = h('div', { className: 'proposal' }, list, button, said);

  /** @param {string} state */
  const show = (state) => {
    const isOpen = /^(proposed|begun)$/.test(state);
    const hadFocus = button.matches(':focus');
    button.hidden = !isOpen;
    const words = { done: strings.cartChanged, taken: strings.cartChanged, undone: strings.undone, refused: strings.noneLeft }[state];
    said.replaceChildren(...(words ? [state === 'refused' ? '' : icon(DONE), words] : []));
    if (hadFocus && !isOpen) said.focus();
    return words;
  };
  const take = async () => {
    if (button.ariaBusy) return;
    button.ariaBusy = 'true';
    const state = await changes.make(id, 'take');
    button.ariaBusy = null;
    if (!state) said.replaceChildren(strings.notAdded);
    acts.say((state ? show(state) : strings.notAdded) ?? '');
  };
  changes.watch(id, element, show);
  return [element];
}

/** @param {Proposal['lines'][number]} line @param {string} locale */
function lineOf({ title, variant, by, price: each }, locale) {
  const number = Math.abs(by);
  const what = [title, /^(Default Title)?$/.test(variant) ? '' : variant].filter(Boolean).join(', ');
  const words = by < 0 ? strings.takeOut(number, what) : `${number} × ${what}`;
  return h('li', { dir: 'auto' }, h('span', {}, words), each && by > 0 ? h('b', {}, price(each, locale)) : '');
}

/** @param {Proposal['lines']} lines */
function named(lines) {
  return lines.map(({ title, variant, by }) => `${by} ${title} ${variant}`.trim()).join(', ');
}
