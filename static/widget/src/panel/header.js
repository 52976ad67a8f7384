import { h, icon } from '../common/dom.js';
import { BACK, CLOCK, CLOSE, DOWN, MORE, PLUS, SPARK, TRASH } from '../common/icons.js';
import { strings } from '../common/strings.js';
import { Menu } from './menu.js';

/** The panel's head: whose chat this is, or which page lies over it; the menu, and the ways out. */
export class Header {
  #heading = h('h2', { id: 'title' });

  /** @param {import('../panel.js').Panel} panel */
  constructor(panel) {
    const { title, avatar } = panel.settings;
    this.title = title;
    this.back = button('plain back', strings.back, BACK, () => panel.cover.leave());
    this.close = button('plain close', strings.close, CLOSE, () => panel.hide());
    this.menu = new Menu(strings.menu, MORE, [
      { label: strings.startOver, path: PLUS, act: () => panel.reset() },
      { label: strings.past, path: CLOCK, act: () => panel.cover.past() },
      { label: strings.forget, path: TRASH, act: () => panel.cover.forget() },
    ]).element;
    this.element = h(
      'header',
      { part: 'header' },
      this.back,
      picture(avatar),
      h('div', { className: 'names' }, this.#heading, h('p', {}, strings.subtitle)),
      button('plain expand', strings.expand, DOWN, () => panel.expand()),
      this.menu,
      this.close,
    );
    this.name(null);
  }

  /** @param {string | null} page what lies over the conversation, if anything does */
  name(page) {
    this.#heading.textContent = page ?? this.title;
    this.back.hidden = page === null;
    this.element.classList.toggle('away', page !== null);
  }
}

/** The merchant's picture, or ours if it cannot be had. @param {string} address */
function picture(address) {
  const place = h('span', { className: 'avatar', 'aria-hidden': 'true' }, icon(SPARK));
  if (address) place.replaceChildren(h('img', { src: address, alt: '', onerror: () => place.replaceChildren(icon(SPARK)) }));
  return place;
}

/** @param {string} className @param {string} label @param {string} path @param {() => void} onclick */
function button(className, label, path, onclick) {
  return h('button', { className, 'aria-label': label, onclick }, icon(path));
}
