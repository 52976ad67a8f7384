/**
 * What every page of the shop loads: the element `<shop-chat>` and its launcher. The panel comes when the shopper
 * reaches for it, or at once when an answer is running or the panel stood open on the page before.
 */
import { ShopChatAsk } from './launcher/ask.js';
import { h, icon, sheet } from './common/dom.js';
import { emit } from './common/emit.js';
import { isAway, PHONE } from './launcher/hiding.js';
import { CHAT, CLOSE, DOWN } from './common/icons.js';
import { isRightToLeft, localeOf, nearest } from './common/languages.js';
import css from './launcher/style.css';
import { kept, noteHint, tidy } from './launcher/left.js';
import { launchers } from './locales/launcher.js';
import { paint } from './launcher/paint.js';
import { shopOf } from './common/settings.js';
import { panel as coming } from './launcher/panel.js';

/** @typedef {import('./panel.js').Panel} Panel */

/** The element in charge of this page; a second copy of the snippet stays silent. @type {ShopChat | null} */
let current = null;
const HINT_SECONDS = 20;

export class ShopChat extends HTMLElement {
  #shop = '';
  /** @type {Promise<Panel | null> | null} */
  #panel = null;
  #words = launchers.en;
  #launcher = h(
    'button',
    {
      className: 'launcher',
      part: 'launcher',
      'aria-haspopup': 'dialog',
      'aria-expanded': 'false',
      'aria-controls': 'panel',
      onclick: async () => (await this.#asked())?.toggle(),
    },
    icon(CHAT),
    icon(DOWN),
  );
  /** Beside the launcher: the merchant's hint, or that the panel cannot be had. */
  #notice = h('div', { className: 'notice', part: 'notice', role: 'status' });
  /** @type {AbortController | null} */
  #listening = null;

  connectedCallback() {
    if (current?.isConnected && current !== this) return;
    current = this;
    if (!this.shadowRoot) this.#draw();
    const { signal } = (this.#listening = new AbortController());
    const settle = () => this.#settle();
    addEventListener('pageshow', settle, { signal });
    PHONE.addEventListener('change', settle, { signal });
    addEventListener('storage', () => tidy(this.#shop), { signal });
    settle();
    if (this.#isPreview) import(EDITOR).then(({ preview }) => preview(this));
    if (this.dataset.hint) this.#wait();
    emit(this, 'ready');
  }

  disconnectedCallback() {
    this.#listening?.abort();
    this.#unmount();
  }

  get isOpen() {
    return this.#launcher.getAttribute('aria-expanded') === 'true';
  }

  /** @returns {Promise<boolean>} whether it is open; not so when it could not be loaded */
  async open() {
    (await this.#asked())?.show();
    return this.isOpen;
  }

  async close() {
    (await this.#panel)?.hide();
  }

  /**
   * Open the chat and ask.
   * @param {string} text
   * @returns {Promise<boolean>} whether it was sent; while an answer is being written it waits in the box
   */
  async ask(text) {
    return Boolean((await this.#asked())?.ask(text));
  }

  /** Leave the conversation in the history; the next message begins another. */
  async reset() {
    (await this.#ready())?.reset();
  }

  /** Whether this is the theme editor, where there is nobody to talk to. */
  get #isPreview() {
    return 'designMode' in this.dataset;
  }

  #draw() {
    const { dataset } = this;
    const locale = localeOf(this);
    this.#words = launchers[nearest(Object.keys(launchers), locale) ?? 'en'] ?? launchers.en;
    this.#shop = shopOf(dataset.shop);
    if (isRightToLeft(locale)) this.dir = 'rtl';
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [sheet(css), sheet(paint(dataset))];
    this.#launcher.setAttribute('aria-label', this.#words.open);
    for (const intent of ['pointerenter', 'touchstart', 'focus']) {
      this.#launcher.addEventListener(intent, () => coming.load(), { once: true, passive: true });
    }
    root.append(
      h(
        'section',
        { 'aria-label': dataset.title || this.#words.open, part: 'root', onkeydown: press },
        this.#launcher,
        this.#notice,
      ),
    );
  }

  /** Stand on this page with what the page before has left: an open panel, a running answer. Or keep away. */
  async #settle() {
    tidy(this.#shop);
    this.#launcher.hidden = isAway(this.dataset);
    if (this.#launcher.hidden && !this.#left('asked')) return this.#unmount();
    if (this.#isPreview) return;
    const isOpen = this.#left('open');
    if (!isOpen && !kept('localStorage', this.#shop, 'stream')) return;
    const panel = await this.#ready();
    if (isOpen) panel?.show({ restored: true });
  }

  /** Read what the previous page of this tab has left. @param {string} key */
  #left(key) {
    return kept('sessionStorage', this.#shop, key);
  }

  #unmount() {
    this.#panel?.then((panel) => panel?.unmount());
    this.#panel = null;
    this.#notice.textContent = '';
  }

  /** Show the hint after some seconds with the page in sight; never to those who have sent it away or know the chat. */
  #wait() {
    let left = Number(this.dataset.hintDelay) || HINT_SECONDS;
    if (this.#isPreview) return this.#invite();
    const clock = setInterval(() => {
      if (document.hidden || --left > 0) return;
      clearInterval(clock);
      const isKnown = this.#left('hinted') || kept('localStorage', this.#shop, 'hinted');
      if (isKnown || this.isOpen || this.#launcher.hidden || !this.isConnected) return;
      noteHint('sessionStorage', this.#shop);
      this.#invite();
    }, 1000);
  }

  #invite() {
    const dismiss = (/** @type {UIEvent} */ { detail }) => {
      if (!detail) this.#launcher.focus(); // it was the keyboard's
      this.#notice.textContent = '';
      if (!this.#isPreview) noteHint('localStorage', this.#shop);
    };
    const onkeydown = (/** @type {KeyboardEvent} */ event) => event.key === 'Escape' && dismiss(event);
    this.#notice.replaceChildren(
      h('button', { dir: 'auto', onclick: () => this.open(), onkeydown }, this.dataset.hint),
      h('button', { 'aria-label': this.#words.dismiss, onclick: dismiss, onkeydown }, icon(CLOSE)),
    );
  }

  /** The panel for a shopper who waits for it, and hears of it when it cannot be had. */
  async #asked() {
    const panel = await this.#ready();
    if (!panel) this.#notice.replaceChildren(h('span', {}, this.#words.failed));
    else if (!this.#isPreview) this.#notice.textContent = '';
    return panel;
  }

  /** @returns {Promise<Panel | null>} null when it could not be loaded; the next call tries again */
  async #ready() {
    this.#launcher.ariaBusy = 'true';
    this.#panel ??= coming
      .load()
      .then((isThere) => isThere && coming.module.create(this, this.#launcher))
      .catch(() => null);
    const panel = await this.#panel;
    this.#launcher.ariaBusy = null;
    if (!panel) this.#panel = null;
    return this.#panel && panel; // it may have been taken down meanwhile
  }
}

/** To the theme, a button in here is no button: it must not scroll, or stop its gallery, in place of a press. */
/** @param {KeyboardEvent} event */
function press(event) {
  if (event.key === ' ' || event.key === 'Enter') event.stopPropagation();
}

// Without constructed style sheets there is no chat, and the product block stays away with it.
if (!customElements.get('shop-chat') && 'adoptedStyleSheets' in document) {
  customElements.define('shop-chat', ShopChat);
  customElements.define('shop-chat-ask', ShopChatAsk);
}
