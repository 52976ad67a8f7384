import { LOST } from '../conversation/api.js';
import { h } from '../common/dom.js';
import { speak } from '../common/languages.js';
import { Later } from '../common/later.js';
import { inWords, strings } from '../common/strings.js';

/** @typedef {typeof import('../pages.js')} Pages */
/** @typedef {import('../pages.js').Host} Host */

/** A page over the conversation, such as the list of past ones. What pages there are comes when the first is opened. */
export class Cover {
  #pages = new Later(PAGES);
  /** @type {HTMLElement | null} */
  #page = null;

  /** @param {import('../panel.js').Panel} panel */
  constructor(panel) {
    this.panel = panel;
  }

  get isThere() {
    return Boolean(this.#page);
  }

  past() {
    this.#show(strings.past, ({ History }, host) => new History(host));
  }

  forget() {
    this.#show(strings.forget, ({ forgetMe }, host) => forgetMe(host));
  }

  leave() {
    if (!this.#page) return;
    this.#page.remove();
    this.#page = null;
    this.panel.body.hidden = false;
    this.panel.header.name(null);
    this.panel.focus();
  }

  /**
   * @param {string} title until the page brings its own
   * @param {(pages: Pages, host: Host) => import('../pages.js').Page} make
   */
  async #show(title, make) {
    const waiting = h('p', { className: 'activity late' }, strings.connecting);
    const page = this.#lay(title, h('div', { className: 'page' }, waiting));
    this.panel.expand();
    this.panel.header.back.focus();
    const pages = await this.panel.setUp(this.#pages, async () => (await speak(this.panel.settings.locale)).pages);
    if (this.#page !== page) return;
    if (pages) {
      const { title, element } = make(pages, pages.hostOf(this.panel));
      this.#lay(title, element);
      return;
    }
    const text = inWords(LOST);
    const again = h('button', { className: 'link', onclick: () => this.#show(title, make) }, strings.retry);
    page.replaceChildren(h('p', { className: 'foot' }, text, again));
    this.panel.say(text);
  }

  /** @param {string} title @param {HTMLElement} page */
  #lay(title, page) {
    this.#page?.remove();
    this.#page = page;
    this.panel.header.name(title);
    this.panel.body.hidden = true;
    this.panel.body.after(page);
    return page;
  }
}
