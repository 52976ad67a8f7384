import { h } from '../common/dom.js';

/** Says to a screen reader what is worth saying, once, and nothing of what is still being written. */
export class Announcer {
  element = h('div', { className: 'hidden', 'aria-live': 'polite' });

  /** @param {string} text */
  say(text) {
    try {
      return /** @type {any} */ (this.element).ariaNotify(text);
    } catch {
      // Few browsers have it.
    }
    // A region that is given the text it already holds stays silent, so each saying is a node of its own.
    const saying = h('p', {}, text);
    this.element.replaceChildren(saying);
    setTimeout(() => saying.remove(), 5000);
  }
}
