import { h, icon } from '../common/dom.js';

/** @typedef {{ label: string, path: string, act: () => void }} Item */

/** A button with a menu under it (WAI-ARIA's menu button). */
export class Menu {
  #list = h('div', { className: 'menu', role: 'menu', id: 'menu', hidden: true });

  /** @param {string} label @param {string} path @param {Item[]} items */
  constructor(label, path, items) {
    this.#list.setAttribute('aria-label', label);
    this.button = h(
      'button',
      {
        className: 'plain',
        'aria-label': label,
        'aria-haspopup': 'menu',
        'aria-expanded': 'false',
        'aria-controls': 'menu',
        onclick: () => (this.#list.hidden ? this.#open() : this.close()),
      },
      icon(path),
    );
    this.#list.append(...items.map((item) => this.#item(item)));
    this.element = h('div', { className: 'menuhost' }, this.button, this.#list);
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.element.addEventListener('focusout', (event) => {
      if (!this.element.contains(/** @type {Node | null} */ (event.relatedTarget))) this.#hide();
    });
  }

  #open() {
    this.#list.hidden = false;
    this.button.setAttribute('aria-expanded', 'true');
    this.#move(0);
  }

  close() {
    this.#hide();
    this.button.focus();
  }

  #hide() {
    this.#list.hidden = true;
    this.button.setAttribute('aria-expanded', 'false');
  }

  /** @param {Item} item */
  #item({ label, path, act }) {
    const choose = () => {
      this.close();
      act();
    };
    return h('button', { role: 'menuitem', tabIndex: -1, onclick: choose }, icon(path), label);
  }

  /** @param {number} index */
  #move(index) {
    const items = this.#list.children;
    /** @type {HTMLElement} */ (items[(index + items.length) % items.length]).focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.#list.hidden) return;
    const root = /** @type {ShadowRoot} */ (this.element.getRootNode());
    const at = [...this.#list.children].indexOf(/** @type {Element} */ (root.activeElement));
    const places = /** @type {Record<string, number>} */ ({ ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 });
    const place = places[event.key];
    if (place === undefined && event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    if (place === undefined) this.close();
    else this.#move(place);
  }
}
