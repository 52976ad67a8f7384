// First, so that the scripts lie together: that compresses better.
import css from './panel/style.css';
import { Announcer } from './panel/announcer.js';
import { Api, LOST, Refused } from './conversation/api.js';
import { Cart } from './panel/cart.js';
import { Composer } from './panel/composer.js';
import { Conversation } from './conversation/conversation.js';
import { Cover } from './panel/cover.js';
import { h, icon, sheet } from './common/dom.js';
import { emit } from './common/emit.js';
import { Frame } from './panel/frame.js';
import { Header } from './panel/header.js';
import { localeOf, speak } from './common/languages.js';
import { keepKeys } from './panel/keys.js';
import { Later } from './common/later.js';
import { OF_SESSION } from './launcher/left.js';
import { lazyCache } from './conversation/lazy-cache.js';
import { isResult, textOf } from './conversation/message.js';
import { Outbox } from './conversation/outbox.js';
import { isServed } from './conversation/served.js';
import { settings } from './common/settings.js';
import { Store } from './common/store.js';
import { inWords, strings } from './common/strings.js';
import { Tabs } from './conversation/tabs.js';
import { Transcript } from './panel/transcript.js';

/** @typedef {import('./types').Settings} Settings */

// A streamed answer grows this often: a draw costs the same however many words it brings.
const DRAW_MS = 125;

/**
 * The panel, in the shop's language.
 * @param {HTMLElement} element `<shop-chat>`
 * @param {HTMLButtonElement} launcher
 */
export async function create(element, launcher) {
  await speak(localeOf(element));
  return new Panel(element, launcher);
}

/**
 * The chat itself. It can be taken down at any moment and put up again: what it knows is in the storage and on the
 * server.
 */
export class Panel {
  #listening = new AbortController();
  #announcer = new Announcer();
  #drawn = 0;
  #drew = 0;
  #messages = new Later(MESSAGES);
  #shopping = new Later(SHOPPING);
  #carts = new Later(CARTS);
  recovery = new Later(RECOVERY);
  #feedback = new Later(FEEDBACK);
  #isEquipping = false;
  /** The session that the words on this page belong to. @type {string | undefined} */
  #session;
  #consent;
  /** What had the focus before the panel. @type {HTMLElement} */
  #opener;
  body = h('div', { className: 'body' });

  /**
   * @param {HTMLElement} element `<shop-chat>`
   * @param {HTMLButtonElement} launcher
   */
  constructor(element, launcher) {
    this.element = element;
    this.launcher = this.#opener = launcher;
    this.settings = settings(element);
    this.#consent = consent(this.settings);
    const { shop, api, locale, title } = this.settings;
    this.shared = new Store('localStorage', shop);
    this.own = new Store('sessionStorage', shop);
    this.#session = this.own.get('session');
    this.cache = lazyCache(shop);
    this.outbox = new Outbox(this.shared);
    this.tabs = new Tabs(shop, this.shared, () => this.#told());
    this.api = new Api(api, shop, this.shared);
    const say = (/** @type {string} */ text) => this.say(text);
    const bring = (/** @type {boolean | undefined} */ isChange) => (isChange ? this.#carts.load() : this.bring());
    this.cart = new Cart(this.api, this.own, this.settings, say, this.tabs, bring);
    this.conversation = new Conversation(this.api, this, {
      changed: () => this.#redraw(),
      sending: () => this.cart.bind(),
      cart: (answer) => this.cart.changed(answer),
      ended: (message) => this.#ended(message),
    });
    this.transcript = new Transcript(this.settings, { title, locale, acts: this, words: inWords });
    this.composer = new Composer(this);
    this.header = new Header(this);
    this.cover = new Cover(this);
    this.dialog = this.#build();
    this.frame = new Frame(this.dialog, this.#listening.signal);
    this.#mount(/** @type {ShadowRoot} */ (element.shadowRoot));
    this.#begin();
  }

  /** @param {{ restored?: boolean }} [how] restored: it stood open on the page before, and the focus is elsewhere */
  show({ restored = false } = {}) {
    if (this.frame.isOpen) return;
    const focused = /** @type {HTMLElement} */ (document.activeElement);
    this.#opener = focused === this.element || focused === document.body ? this.launcher : focused;
    this.frame.show(restored && this.own.get('open') === 'half', restored);
    this.#opened(true);
    emit(this.element, 'open', { restored });
    this.transcript.place = restored ? (this.own.get('place') ?? null) : null;
    if (!restored) this.#reached();
    if (this.conversation.id) this.cart.check();
    else this.#messages.load(); // for the first of them
  }

  /** The shopper has reached for the chat, maybe where it keeps away by itself. */
  #reached() {
    this.own.set('asked', this.launcher.hidden);
    if (this.element.dataset.hint && !this.#isPreview) this.shared.set('hinted', true);
    this.focus();
  }

  hide() {
    if (!this.frame.isOpen) return;
    this.cover.leave();
    this.#close();
    (this.#opener.isConnected ? this.#opener : this.launcher).focus({ preventScroll: true });
  }

  #close() {
    this.frame.hide();
    this.#opened(false);
    emit(this.element, 'close');
  }

  toggle() {
    if (this.frame.isOpen) this.hide();
    else this.show();
  }

  /**
   * Open, and ask something that was written elsewhere.
   * @param {string} text
   * @returns {boolean} whether it was sent; what cannot be sent now stands in the box
   */
  ask(text) {
    this.show();
    if (this.#isPreview) return false;
    this.cover.leave();
    this.composer.update(this.conversation);
    return this.composer.take(String(text));
  }

  /** Leave the conversation in the history; the next message begins another. */
  reset() {
    if (this.#isPreview) return;
    this.cover.leave();
    this.composer.cancel();
    this.conversation.reset();
    if (this.frame.isOpen) this.focus();
  }

  unmount() {
    this.#leave();
    this.#listening.abort();
    clearTimeout(this.#drawn);
    if (this.frame.isOpen) this.frame.hide();
    this.launcher.setAttribute('aria-expanded', 'false');
    this.dialog.remove();
  }

  /** Whether this is the theme editor, where there is nobody to talk to. */
  get #isPreview() {
    return 'designMode' in this.element.dataset;
  }

  #build() {
    this.body.inert = this.header.menu.inert = this.#isPreview;
    const note = h('p', { className: 'note' }, strings.note);
    this.body.append(this.transcript.element, this.cart.element, this.composer.element, this.#consent, note);
    const parts = [this.header.element, this.body, this.#announcer.element];
    return h('dialog', { className: 'panel', id: 'panel', part: 'panel', 'aria-labelledby': 'title', tabIndex: -1 }, ...parts);
  }

  /** @param {ShadowRoot} root */
  #mount(root) {
    this.#adopt(root, css);
    this.launcher.after(this.dialog);
  }

  /** @param {ShadowRoot} root @param {string} text */
  #adopt(root, text) {
    const style = sheet(text);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, style];
    this.#listening.signal.addEventListener('abort', () => {
      root.adoptedStyleSheets = root.adoptedStyleSheets.filter((other) => other !== style);
    });
  }

  /** In the theme editor there is nothing to take up, and nothing to heed but the panel itself. */
  #begin() {
    keepKeys(this.element, this.#listening.signal);
    this.dialog.addEventListener('keydown', (event) => this.#key(event));
    this.dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      this.hide();
    });
    this.dialog.addEventListener('click', (event) => this.#clicked(event));
    this.composer.element.addEventListener('focusin', () => this.expand());
    if (this.#isPreview) return;
    const { signal } = this.#listening;
    addEventListener('pagehide', () => this.#leave(), { signal });
    addEventListener('online', () => this.#wake(), { signal });
    addEventListener('pageshow', (event) => event.persisted && this.#cameBack(), { signal });
    document.addEventListener('visibilitychange', () => this.#visible(), { signal });
    this.api.gone = () => this.element.remove();
    this.api.served = isServed(this.settings.api, this.settings.shop);
    this.api.served.then((is) => is || this.api.gone());
    this.#restore();
    if (!this.api.known) this.cache.eraseRest();
  }

  /** Out of the browser's back/forward cache: other pages may have gone on in the meantime. */
  #cameBack() {
    this.#restore();
    if (this.frame.isOpen && !this.own.get('open')) this.#close();
  }

  #restore() {
    this.heed();
    this.conversation.restore();
    this.composer.draft = this.own.get('draft') ?? '';
    this.draw();
  }

  /** Another tab has said something. Who does not see it yet will look when it does. */
  #told() {
    const isForgotten = this.heed();
    if (isForgotten || !(this.api.known || this.shared.get('conversation'))) this.cache.clear();
    const isSeen = document.visibilityState === 'visible';
    if (isForgotten || isSeen) this.conversation.sync();
    if (isForgotten) this.draw();
    else if (isSeen) this.cart.look();
  }

  /**
   * Forget what this tab keeps of a session that is no more.
   * @param {boolean} [isForgotten] whether it is; by default, whether another tab has forgotten it
   */
  heed(isForgotten) {
    const { id, minted } = this.api;
    const before = this.#session;
    this.#session = id;
    isForgotten ??= Boolean(before) && before !== id && !(id && id === minted);
    if (!isForgotten) return false;
    for (const key of OF_SESSION) this.own.remove(key);
    this.composer.cancel();
    this.composer.draft = '';
    return true;
  }

  #visible() {
    if (document.visibilityState === 'visible') this.#wake();
    else this.#save();
  }

  #wake() {
    if (this.heed()) this.conversation.sync();
    this.conversation.wake();
    this.cart.look();
  }

  #save() {
    if (this.heed()) this.conversation.restore();
    this.conversation.save();
    this.own.set('session', this.#session ?? null);
    this.own.set('draft', this.composer.draft);
    this.own.set('place', this.transcript.place);
  }

  #leave() {
    this.#save();
    this.conversation.leave();
  }

  /** @param {boolean} isOpen */
  #opened(isOpen) {
    this.launcher.setAttribute('aria-expanded', String(isOpen));
    delete this.launcher.dataset.unread;
    if (isOpen) this.own.set('open', this.frame.mode);
    else this.own.remove('open');
  }

  /** A keyboard that rises unasked covers what one wants to read, so touch screens begin at the close button. */
  focus() {
    if (matchMedia('(pointer: fine)').matches) this.composer.focus();
    else this.header.close.focus({ preventScroll: true });
  }

  /** From the lower half of a phone to the whole of it. */
  expand() {
    if (this.frame.mode !== 'half') return;
    const focused = /** @type {ShadowRoot} */ (this.dialog.getRootNode()).activeElement;
    this.frame.show(false, true);
    this.#opened(true);
    /** @type {HTMLElement | null} */ (focused)?.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === '/' && !this.cover.isThere && !isWriting(event)) {
      event.preventDefault();
      this.composer.focus();
    }
    if (event.key !== 'Escape' || event.isComposing || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.cover.isThere) this.cover.leave();
    else this.hide();
  }

  /** A shopper who follows a link from a phone's full screen wants to see where it leads. @param {MouseEvent} event */
  #clicked(event) {
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
    if (link && this.frame.mode === 'full') this.own.set('open', 'half');
  }

  /** @param {string} text @param {boolean} [isReworded] */
  send(text, isReworded) {
    this.transcript.toEnd();
    this.conversation[isReworded ? 'reword' : 'send'](text, this.page());
    this.draw(); // one's own words do not wait for the next draw
    const { busy, phase, queued } = this.conversation;
    const isQueued = busy ? queued.length : phase === 'queued';
    this.say(isQueued ? strings.queued : busy ? strings.answering(this.settings.title) : strings.waiting);
    emit(this.element, 'message', { text, conversation: this.conversation.id });
  }

  /** The last question, to be asked in other words: one that waits is taken back first. */
  edit() {
    const last = this.conversation.queued.at(-1);
    if (last) return this.takeBack(last.id);
    if (this.conversation.busy) return;
    const question = this.conversation.messages.findLast(({ role }) => role === 'user');
    if (question) this.composer.reword(textOf(question));
  }

  /** A message that waits, back into the box, unless something else is being written there. @param {string} id */
  takeBack(id) {
    const text = this.conversation.takeBack(id);
    this.composer.draft ||= text;
    this.composer.focus();
    this.draw();
  }

  retry() {
    if (this.transcript.views) this.conversation.retry();
    else this.#equip();
  }

  /** What the page says of itself now. */
  page() {
    return settings(this.element).page;
  }

  /** What shows products and carts, when it is there. @returns {typeof import('./shopping.js') | null} */
  shopping() {
    return this.#shopping.isSetUp ? this.#shopping.module : null;
  }

  /** Say something to a screen reader. @param {string} text */
  say(text) {
    this.#announcer.say(text);
  }

  /** Load the feedback script. @returns {Promise<typeof import('./feedback.js') | null>} null when it cannot be had */
  feedback() {
    return this.setUp(this.#feedback);
  }

  /** Load the script that shows products and carts. @returns {Promise<typeof import('./shopping.js') | null>} null when it cannot be had */
  async bring() {
    const wasThere = this.#shopping.isSetUp;
    const module = await this.setUp(this.#shopping);
    if (module && !wasThere) {
      this.#redraw();
      this.cart.owed?.();
    }
    return module;
  }

  /** @param {import('./types').Message | undefined} message */
  #ended(message) {
    this.draw();
    if (!this.frame.isOpen) this.launcher.dataset.unread = '';
    this.cart.owed?.();
    const text = message && this.transcript.spoken(message);
    if (text) this.say(text);
    if (message?.role === 'assistant') this.#report(message);
  }

  /** Tell the page how an answer ended, and which products it showed. @param {import('./types').Message} answer */
  #report(answer) {
    emit(this.element, 'answer', {
      status: answer.metadata?.status,
      text: textOf(answer),
      products: answer.parts.flatMap(({ data }) => data?.products ?? []),
      conversation: this.conversation.id,
    });
  }

  /** Why a request failed; without an error, that there was no connection. @param {unknown} [error] */
  words(error) {
    return inWords(error instanceof Refused ? error.problem : LOST);
  }

  /**
   * A script that comes later, with its words and its styles.
   * @param {Later} later
   * @param {() => object | undefined | Promise<object | undefined>} [words]
   * @returns {Promise<any>} the module, or null when it cannot be had; the next call tries again
   */
  async setUp(later, words = () => strings) {
    const [module, spoken] = await Promise.all([later.load(), words()]);
    module?.useDom(h, icon);
    if (module && !later.isSetUp && this.dialog.isConnected) {
      later.isSetUp = true;
      Object.assign(module.strings, spoken);
      this.#adopt(/** @type {ShadowRoot} */ (this.element.shadowRoot), module.css);
    }
    return module;
  }

  /** What shows messages comes with the first of them. */
  async #equip() {
    if (this.#isEquipping) return;
    this.#isEquipping = true;
    this.transcript.fault = '';
    // Content above the shopper's place must not grow later.
    const hasResults = this.conversation.messages.some(({ parts }) => parts.some(isResult));
    const hasVersions = this.conversation.messages.some(({ metadata }) => Number(metadata?.version) > 1);
    const [views] = await Promise.all([
      this.setUp(this.#messages),
      hasResults && this.bring(),
      hasVersions && this.feedback(),
    ]);
    this.#isEquipping = false;
    if (!views) this.transcript.fault = this.words();
    else {
      const { shop, api, root } = this.settings;
      this.transcript.views = views;
      this.transcript.shown.addresses ??= new views.Addresses(location.href, shop, api, root);
    }
    this.draw();
  }

  /** What comes in quick succession is drawn together. */
  #redraw() {
    const wait = Math.max(0, this.#drew + DRAW_MS - performance.now());
    this.#drawn ||= setTimeout(() => requestAnimationFrame(() => this.draw()), wait);
  }

  draw() {
    clearTimeout(this.#drawn);
    this.#drawn = 0;
    this.#drew = performance.now();
    const { views, fault } = this.transcript;
    if (!views && !fault && this.conversation.messages.length) this.#equip();
    this.#consent.toggleAttribute('hidden', Boolean(this.conversation.id));
    this.transcript.update(this.conversation);
    this.composer.update(this.conversation);
  }
}

/** What the merchant has the shopper agree to; the words in brackets, or else all, are the link. @param {Settings} settings */
function consent({ consent: text, consentLink: href }) {
  const [, before, words = text, after] = /^(.*?)\[(.+?)\](.*)$/s.exec(text) ?? [];
  return h('p', { className: 'note consent', dir: 'auto' }, before, text && href ? h('a', { href }, words) : words, after);
}

/** @param {KeyboardEvent} event */
function isWriting(event) {
  return /** @type {Element} */ (event.composedPath()[0]).matches('input, textarea');
}
