/**
 * What every page of the shop loads: the element `<shop-chat>` and its launcher. The panel comes when the shopper
 * reaches for it, or at once when an answer is running or the panel stood open on the page before.
 */
import { h, icon, sheet } from './dom.js';
import { CHAT, DOWN } from './icons.js';
import css from './launcher.css';
import { Store } from './store.js';
import { isRightToLeft, localeOf, nearest } from './languages.js';
import { launchers } from './locales/launcher.js';

/** @typedef {import('./panel.js').Panel} Panel */

/** The element in charge of this page; a second copy of the snippet stays silent. @type {ShopChat | null} */
let current = null;

class ShopChat extends HTMLElement {
  /** @type {Promise<Panel> | null} */
  #panel = null;
  /** @type {HTMLButtonElement | null} */
  #launcher = null;
  #words = launchers.en;
  #trouble = h('div', { className: 'notice', role: 'status' });
  /** @type {AbortController | null} */
  #listening = null;

  connectedCallback() {
    if (current?.isConnected && current !== this) return;
    current = this;
    if (!this.shadowRoot) this.#draw();
    this.#listening = new AbortController();
    addEventListener('pageshow', (event) => event.persisted && this.#resume(), { signal: this.#listening.signal });
    this.#resume();
  }

  disconnectedCallback() {
    this.#listening?.abort();
    this.#panel?.then((panel) => panel.unmount());
    this.#panel = null;
  }

  async open() {
    (await this.#asked())?.show();
  }

  async close() {
    (await this.#panel)?.hide();
  }

  #draw() {
    const locale = localeOf(this);
    this.#words = launchers[nearest(Object.keys(launchers), locale) ?? 'en'] ?? launchers.en;
    if (isRightToLeft(locale)) this.dir = 'rtl';
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [sheet(css), sheet(paint(this.dataset.color ?? ''))];
    const launcher = h(
      'button',
      {
        className: 'launcher',
        part: 'launcher',
        type: 'button',
        'aria-label': this.#words.open,
        'aria-haspopup': 'dialog',
        'aria-expanded': 'false',
        'aria-controls': 'panel',
        onclick: async () => (await this.#asked())?.toggle(),
      },
      icon(CHAT),
      icon(DOWN),
    );
    for (const intent of ['pointerenter', 'touchstart', 'focus']) {
      launcher.addEventListener(intent, () => this.#load().catch(() => {}), { once: true, passive: true });
    }
    this.#launcher = launcher;
    root.append(
      h('section', { 'aria-label': this.dataset.title || this.#words.open, part: 'root' }, launcher, this.#trouble),
    );
  }

  #load() {
    /** @type {Promise<typeof import('./panel.js')>} */
    const module = import(PANEL);
    return module;
  }

  /** Take up what the page before has left: an open panel, a running answer. */
  async #resume() {
    if ('designMode' in this.dataset) return;
    const shop = this.dataset.shop ?? '';
    const open = new Store('sessionStorage', shop).get('open');
    if (!open && !new Store('localStorage', shop).get('stream')) return;
    const panel = await this.#ready();
    if (open) panel?.show({ restored: true });
  }

  /** The panel for a shopper who waits for it, and hears of it when it cannot be had. */
  async #asked() {
    const panel = await this.#ready();
    this.#trouble.textContent = panel ? '' : this.#words.failed;
    return panel;
  }

  /** @returns {Promise<Panel | null>} null when it could not be loaded; the next call tries again */
  async #ready() {
    const launcher = /** @type {HTMLButtonElement} */ (this.#launcher);
    launcher.setAttribute('aria-busy', 'true');
    this.#panel ??= this.#load().then(({ create }) => create(this, launcher, this.#words));
    const panel = await this.#panel.catch(() => (this.#panel = null));
    launcher.removeAttribute('aria-busy');
    return panel;
  }
}

/** The merchant's colour, and black or white on it, whichever reads better. @param {string} color as #rrggbb */
function paint(color) {
  const [, ...channels] = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(color) ?? [];
  if (channels.length !== 3) return '';
  const [r = 0, g = 0, b = 0] = channels.map((channel) => (parseInt(channel, 16) / 255) ** 2.2);
  const ink = 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? '#111' : '#fff';
  return `:host{--shop-chat-accent:${color};--shop-chat-on-accent:${ink}}`;
}

if (!customElements.get('shop-chat')) customElements.define('shop-chat', ShopChat);
