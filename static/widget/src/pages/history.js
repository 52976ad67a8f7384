import { button } from './button.js';
import { Dates } from './dates.js';
import { h, icon } from '../common/dom.js';
import { Entry } from './entry.js';
import { CLOCK, CLOSE, SEARCH } from '../common/icons.js';
import { strings } from './strings.js';

/** @typedef {import('../types').Summary} Summary */
/** @typedef {{ conversations: Summary[], next: string | null }} Found */

const PAGE = 20;
// The next letter comes sooner; longer would feel slow.
const PAUSE_MS = 250;

/** Past conversations: searched, opened, and looked after. */
export class History {
  title = strings.past;
  #box = h('input', {
    type: 'search',
    placeholder: strings.search,
    'aria-label': strings.search,
    maxLength: 200,
    autocomplete: 'off',
    enterKeyHint: 'search',
  });
  #clear = h(
    'button',
    { className: 'plain', hidden: true, 'aria-label': strings.clear, onclick: () => this.#reset() },
    icon(CLOSE),
  );
  #list = h('ul', { className: 'entries', role: 'list' });
  #said = h('p', { className: 'said' });
  #more = button('wide', '', () => this.#load(this.#next));
  #next = '';
  /** By their ids, so that a row in use outlasts the next answer. @type {Map<string, Entry>} */
  #entries = new Map();
  /** @type {Entry | null} */
  #unfolded = null;
  #asked = 0;
  #answered = 0;
  #pause = 0;

  /** @param {import('../pages.js').Host} host */
  constructor(host) {
    this.host = host;
    this.dates = new Dates(host.locale);
    this.element = h(
      'div',
      { className: 'page history' },
      h('search', { hidden: !host.api.known }, h('div', { className: 'field' }, icon(SEARCH), this.#box, this.#clear)),
      this.#list,
      this.#said,
      this.#more,
    );
    this.#more.hidden = true;
    this.#box.addEventListener('input', () => this.#typed(PAUSE_MS));
    this.#box.addEventListener('keydown', (event) => this.#key(event));
    this.#load('');
  }

  /** @param {number} pause */
  #typed(pause) {
    this.#clear.hidden = !this.#box.value;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#load(''), pause);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== 'Escape' || event.isComposing || !this.#box.value) return;
    event.preventDefault();
    this.#reset();
  }

  #reset() {
    this.#box.value = '';
    this.#box.focus();
    this.#typed(0);
  }

  /**
   * The latest question's answer is shown, whichever comes last.
   * @param {string} cursor
   */
  async #load(cursor) {
    const asked = ++this.#asked;
    const words = this.#box.value.trim();
    const known = this.host.cache.list(words);
    const finding = this.#find(words, cursor).catch(() => null);
    if (!words && !cursor) known.then((all) => this.#recall(asked, all));
    const found = await finding;
    const isLatest = () => asked === this.#asked && this.element.isConnected;
    if (!found && words && !cursor && isLatest()) await known.then((all) => this.#list.replaceChildren(...this.#rows(all)));
    if (!isLatest()) return;
    if (found) this.#answered = asked; // what this browser has seen may still come after a failure
    this.#show(found, cursor);
    const text = this.#outcome(Boolean(found), words);
    this.#tell(text);
    if (text) this.host.say(text);
    else if (found && words) this.host.say(strings.found(this.#list.children.length, Boolean(found.next)));
  }

  /** List what this browser has seen, until the server has answered. @param {number} asked @param {Summary[] | null} known */
  #recall(asked, known) {
    if (asked !== this.#asked || asked === this.#answered || this.#list.children.length) return;
    this.#list.append(...this.#rows(known));
  }

  /** @param {Summary[] | null} [summaries] */
  #rows(summaries) {
    return (summaries ?? []).map((summary) => this.#entry(summary).element);
  }

  /** @param {string} words @param {string} cursor @returns {Promise<Found>} */
  async #find(words, cursor) {
    if (!this.host.api.known) return { conversations: [], next: null };
    const query = new URLSearchParams({ limit: String(PAGE), ...(words && { q: words }), ...(cursor && { cursor }) });
    const found = await this.host.api.json('GET', `/api/conversations?${query}`);
    if (!words && !cursor) this.host.cache.keepList(found.conversations);
    return found;
  }

  /** @param {Found | null} found @param {string} cursor */
  #show(found, cursor) {
    const root = /** @type {ShadowRoot} */ (this.element.getRootNode());
    const focused = /** @type {HTMLElement | null} */ (root.activeElement);
    const rows = this.#rows(found?.conversations);
    if (found && !cursor) this.#list.replaceChildren();
    this.#list.append(...rows);
    this.#next = found ? (found.next ?? '') : cursor;
    this.#more.textContent = found ? strings.more : strings.retry;
    this.#more.hidden = Boolean(found && !found.next);
    if (focused && !focused.isConnected) this.#box.focus();
    else if (found && focused === this.#more) (rows[0]?.querySelector('button') ?? this.#box).focus();
    else focused?.focus({ preventScroll: true }); // it may have been taken out and put in again
  }

  /** What to say when there is nothing to show. @param {boolean} isAnswered @param {string} words */
  #outcome(isAnswered, words) {
    if (!isAnswered) return strings.failed;
    if (this.#list.children.length) return '';
    return words ? strings.nothing(words) : strings.none;
  }

  /** @param {string} text */
  #tell(text) {
    this.#said.replaceChildren(...(text === strings.none ? [icon(CLOCK)] : []), text);
  }

  /** @param {import('../types').Summary} summary */
  #entry(summary) {
    const known = this.#entries.get(summary.id);
    if (known) return known;
    const entry = new Entry(summary, this.host, this.dates, {
      unfolded: (entry) => {
        if (this.#unfolded !== entry) this.#unfolded?.fold(null);
        this.#unfolded = entry;
      },
      deleted: (entry) => this.#deleted(entry),
    });
    this.#entries.set(summary.id, entry);
    return entry;
  }

  /** @param {Entry} entry */
  #deleted(entry) {
    const next = entry.element.nextElementSibling?.querySelector('button') ?? this.#box;
    entry.element.remove();
    if (this.#more.hidden) this.#tell(this.#outcome(true, this.#box.value.trim()));
    next.focus();
    this.host.deleted(entry.id);
    this.host.say(strings.removed);
  }
}
