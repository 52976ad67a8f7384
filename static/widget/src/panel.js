import { Announcer } from './announcer.js';
import { Api } from './api.js';
import { Cart } from './cart.js';
import { Composer } from './composer.js';
import { Conversation } from './conversation.js';
import { h, icon, sheet } from './dom.js';
import { forgetMe } from './forget.js';
import { Frame } from './frame.js';
import { BACK, CLOCK, CLOSE, DOWN, MORE, PLUS, SPARK, TRASH } from './icons.js';
import { Addresses } from './links.js';
import { Menu } from './menu.js';
import css from './panel.css';
import { pastConversations } from './past.js';
import { settings } from './settings.js';
import { Store } from './store.js';
import { launcher as labels, strings } from './strings.js';
import { Transcript } from './transcript.js';

/**
 * The chat itself. It can be taken down at any moment and put up again: what it knows is in the storage and on the
 * server.
 */
export class Panel {
  #listening = new AbortController();
  #drawn = 0;
  /** A page over the conversation, such as the list of past ones. @type {HTMLElement | null} */
  #page = null;
  #heading = h('h2', { id: 'title' });
  #back = button('plain back', strings.back, BACK, () => this.#leavePage());
  #closer = button('plain close', strings.close, CLOSE, () => this.hide());
  #body = h('div', { className: 'body' });

  /**
   * @param {HTMLElement} element `<shop-chat>`
   * @param {HTMLButtonElement} launcher
   */
  constructor(element, launcher) {
    this.element = element;
    this.launcher = launcher;
    this.settings = settings(element);
    const { shop, api, locale } = this.settings;
    this.shared = new Store('localStorage', shop);
    this.own = new Store('sessionStorage', shop);
    this.api = new Api(api, shop, this.shared);
    this.announcer = new Announcer();
    this.cart = new Cart(this.api, this.own, this.settings, (text) => this.announcer.say(text));
    this.conversation = new Conversation(this.api, this.shared, this.own, {
      changed: () => this.#redraw(),
      sending: () => this.cart.bind(),
      cart: (answer) => this.cart.changed(answer),
      ended: (message) => this.#ended(message),
      returned: (text) => this.#returned(text),
    });
    this.transcript = new Transcript(
      this.settings,
      { locale, addresses: new Addresses(location.href, shop, api) },
      {
        retry: () => this.conversation.retry(),
        older: () => this.conversation.older(),
        ask: (text) => this.#send(text),
      },
    );
    this.composer = new Composer({ send: (text) => this.#send(text), stop: () => this.conversation.stop() });
    this.dialog = this.#build();
    this.frame = new Frame(this.dialog, this.#listening.signal);
    this.#mount(/** @type {ShadowRoot} */ (element.shadowRoot));
    this.#listen();
    this.#restore();
  }

  /** @param {{ restored?: boolean }} [how] restored: it stood open on the page before, and the focus is elsewhere */
  show({ restored = false } = {}) {
    if (this.frame.isOpen) return;
    this.frame.show(restored && this.own.get('open') === 'half', restored);
    this.#opened(true);
    this.transcript.place = restored ? (this.own.get('place') ?? null) : null;
    if (!restored) this.#focus();
    if (this.conversation.id) this.cart.check();
  }

  hide() {
    if (!this.frame.isOpen) return;
    this.#leavePage();
    this.frame.hide();
    this.#opened(false);
    this.launcher.focus({ preventScroll: true });
  }

  toggle() {
    if (this.frame.isOpen) this.hide();
    else this.show();
  }

  unmount() {
    this.#leave();
    this.#listening.abort();
    cancelAnimationFrame(this.#drawn);
    if (this.frame.isOpen) this.frame.hide();
    this.dialog.remove();
  }

  #build() {
    const menu = new Menu(strings.menu, MORE, [
      { label: strings.startOver, path: PLUS, act: () => this.#reset() },
      { label: strings.past, path: CLOCK, act: () => this.#showPast() },
      { label: strings.forget, path: TRASH, act: () => this.#askToForget() },
    ]);
    this.#heading.textContent = this.settings.title;
    this.#back.hidden = true;
    const header = h(
      'header',
      { part: 'header' },
      this.#back,
      h('span', { className: 'avatar', 'aria-hidden': 'true' }, icon(SPARK)),
      h('div', { className: 'names' }, this.#heading, h('p', {}, strings.subtitle)),
      button('plain expand', strings.expand, DOWN, () => this.#expand()),
      menu.element,
      this.#closer,
    );
    const note = h('p', { className: 'note' }, strings.note);
    this.#body.append(this.transcript.element, this.cart.element, this.composer.element, note);
    const parts = [header, this.#body, this.announcer.element];
    return h('dialog', { className: 'panel', id: 'panel', part: 'panel', 'aria-labelledby': 'title', tabIndex: -1 }, ...parts);
  }

  /** @param {ShadowRoot} root */
  #mount(root) {
    const style = sheet(css);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, style];
    this.#listening.signal.addEventListener('abort', () => {
      root.adoptedStyleSheets = root.adoptedStyleSheets.filter((other) => other !== style);
    });
    this.launcher.after(this.dialog);
  }

  #listen() {
    const { signal } = this.#listening;
    addEventListener('pagehide', () => this.#leave(), { signal });
    addEventListener('online', () => this.conversation.wake(), { signal });
    addEventListener('pageshow', (event) => event.persisted && this.#cameBack(), { signal });
    document.addEventListener('visibilitychange', () => this.#visible(), { signal });
    this.dialog.addEventListener('keydown', (event) => this.#key(event));
    this.dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      this.hide();
    });
    this.dialog.addEventListener('click', (event) => this.#clicked(event));
    this.composer.element.addEventListener('focusin', () => this.#expand());
  }

  /** Out of the browser's back/forward cache: other pages may have gone on in the meantime. */
  #cameBack() {
    this.#restore();
    if (!this.frame.isOpen || this.own.get('open')) return;
    this.frame.hide();
    this.#opened(false);
  }

  #restore() {
    if ('designMode' in this.element.dataset) {
      this.#body.inert = true; // in the theme editor there is nobody to talk to
      return;
    }
    this.conversation.restore();
    this.composer.draft = this.own.get('draft') ?? '';
    this.#draw();
  }

  #visible() {
    if (document.visibilityState === 'visible') this.conversation.wake();
    else this.#save();
  }

  #save() {
    this.conversation.save();
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
    this.launcher.setAttribute('aria-label', isOpen ? labels.close : labels.open);
    delete this.launcher.dataset.unread;
    if (isOpen) this.own.set('open', this.frame.mode);
    else this.own.remove('open');
  }

  /** A keyboard that rises unasked covers what one wants to read, so touch screens begin at the close button. */
  #focus() {
    if (matchMedia('(pointer: fine)').matches) this.composer.focus();
    else this.#closer.focus({ preventScroll: true });
  }

  /** From the lower half of a phone to the whole of it. */
  #expand() {
    if (this.frame.mode !== 'half') return;
    const focused = /** @type {ShadowRoot} */ (this.dialog.getRootNode()).activeElement;
    this.frame.show(false, true);
    this.#opened(true);
    /** @type {HTMLElement | null} */ (focused)?.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== 'Escape' || event.isComposing || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.#page) this.#leavePage();
    else this.hide();
  }

  /** A shopper who follows a link from a phone's full screen wants to see where it leads. @param {MouseEvent} event */
  #clicked(event) {
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
    if (link && this.frame.mode === 'full') this.own.set('open', 'half');
  }

  /** @param {string} text */
  #send(text) {
    this.transcript.toEnd();
    this.conversation.send(text, settings(this.element).page);
    this.announcer.say(strings.answering(this.settings.title));
  }

  #reset() {
    this.conversation.reset();
    this.#focus();
  }

  /** @param {import('./types').Message | undefined} message */
  #ended(message) {
    this.#draw();
    if (!this.frame.isOpen) this.launcher.dataset.unread = '';
    const text = message && this.transcript.spoken(message);
    if (text) this.announcer.say(text);
  }

  /** @param {string} text */
  #returned(text) {
    if (!this.composer.draft) this.composer.draft = text;
  }

  #showPast() {
    this.#showPage(
      strings.past,
      pastConversations(this.api, this.settings.locale, (id) => {
        this.#leavePage();
        this.conversation.open(id);
        this.transcript.toEnd();
      }),
    );
  }

  #askToForget() {
    const erase = async () => {
      if (!(await this.#erase())) return false;
      this.#leavePage();
      this.announcer.say(strings.forgotten);
      return true;
    };
    this.#showPage(
      strings.forgetTitle,
      forgetMe(erase, () => this.#leavePage()),
    );
  }

  async #erase() {
    if (this.api.known) {
      const done = await this.api.json('DELETE', '/api/session').then(
        () => true,
        () => false,
      );
      if (!done) return false;
    }
    this.api.forget();
    this.conversation.reset();
    for (const key of ['draft', 'place', 'cart']) this.own.remove(key);
    return true;
  }

  /** @param {string} title @param {HTMLElement} page */
  #showPage(title, page) {
    this.#page?.remove();
    this.#page = page;
    this.#heading.textContent = title;
    this.#body.hidden = true;
    this.#back.hidden = false;
    this.dialog.classList.add('away');
    this.#body.after(page);
    this.#back.focus();
  }

  #leavePage() {
    if (!this.#page) return;
    this.#page.remove();
    this.#page = null;
    this.#heading.textContent = this.settings.title;
    this.#body.hidden = false;
    this.#back.hidden = true;
    this.dialog.classList.remove('away');
    this.#focus();
  }

  /** Once a frame is often enough. */
  #redraw() {
    this.#drawn ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    cancelAnimationFrame(this.#drawn);
    this.#drawn = 0;
    this.transcript.update(this.conversation);
    this.composer.update(this.conversation.busy);
  }
}

/** @param {string} className @param {string} label @param {string} path @param {() => void} onclick */
function button(className, label, path, onclick) {
  return h('button', { type: 'button', className, 'aria-label': label, onclick }, icon(path));
}
