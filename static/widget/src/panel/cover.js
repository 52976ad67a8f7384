import { LOST } from '../conversation/api.js';
import { h } from '../common/dom.js';
import { speak } from '../common/languages.js';
import { Later } from '../common/later.js';
import { inWords, strings } from '../common/strings.js';

/** @typedef {typeof import('../pages.js')} Pages */
/** @typedef {import('../pages.js').Host} Host */

/**
 * What it needs of the panel.
 * @typedef {object} Place
 * @property {HTMLElement} body what it lies over
 * @property {(pages: Later, words: () => Promise<object | undefined>) => Promise<boolean>} bring whether they are there
 * @property {import('../panel.js').Panel} panel
 * @property {() => void} taken room is needed
 * @property {() => void} left the conversation is seen again
 */

/** A page over the conversation, such as the list of past ones. What pages there are comes when the first is opened. */
export class Cover {
  #pages = new Later(PAGES);
  /** @type {HTMLElement | null} */
  #page = null;

  /** @param {Place} place */
  constructor(place) {
    this.place = place;
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
    this.place.body.hidden = false;
    this.place.panel.header.name(null);
    this.place.left();
  }

  /**
   * @param {string} title until the page brings its own
   * @param {(pages: Pages, host: Host) => import('../pages.js').Page} make
   */
  async #show(title, make) {
    const waiting = h('p', { className: 'activity late' }, strings.connecting);
    const page = this.#lay(title, h('div', { className: 'page' }, waiting));
    this.place.taken();
    this.place.panel.header.back.focus();
    const { panel } = this.place;
    const isThere = await this.place.bring(this.#pages, async () => (await speak(panel.settings.locale)).pages);
    if (this.#page !== page) return;
    if (isThere) {
      const { title, element } = make(this.#pages.module, this.#pages.module.hostOf(panel));
      this.#lay(title, element);
      return;
    }
    const text = inWords(LOST);
    const again = h('button', { type: 'button', className: 'link', onclick: () => this.#show(title, make) }, strings.retry);
    page.replaceChildren(h('p', { className: 'foot' }, text, again));
    panel.announcer.say(text);
  }

  /** @param {string} title @param {HTMLElement} page */
  #lay(title, page) {
    this.#page?.remove();
    this.#page = page;
    this.place.panel.header.name(title);
    this.place.body.hidden = true;
    this.place.body.after(page);
    return page;
  }
}
