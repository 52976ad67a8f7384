import { button } from './button.js';
import { h, icon } from '../common/dom.js';
import { download } from './download.js';
import { LINK, MORE, PEN, SAVE, TRASH } from '../common/icons.js';
import { strings } from './strings.js';
import { Share } from './share.js';

/** @typedef {import('../types').Summary} Summary */
/** @typedef {{ unfolded: (entry: Entry) => void, deleted: (entry: Entry) => void }} List */

// The server takes no more.
const LONGEST_TITLE = 120;

/** One conversation in the history: a button that opens it, and another that unfolds what else can be done with it. */
export class Entry {
  #name = h('span', { className: 'name', dir: 'auto' });
  #opener;
  #toggle = h('button', { className: 'plain', onclick: () => this.#toggled() }, icon(MORE));
  #drawer = h('div', { className: 'drawer', role: 'group', hidden: true });
  #said = h('p', { className: 'said' });
  #isBusy = false;

  /**
   * @param {Summary} summary
   * @param {import('../pages.js').Host} host
   * @param {import('./dates.js').Dates} dates
   * @param {List} list
   */
  constructor({ id, title, updated_at }, host, dates, list) {
    this.id = id;
    this.host = host;
    this.dates = dates;
    this.list = list;
    this.path = `/api/conversations/${id}`;
    this.#opener = h(
      'button',
      { className: 'open', 'aria-current': id === host.current && 'true' },
      this.#name,
      h('time', { dateTime: updated_at }, dates.short(updated_at)),
    );
    this.#opener.onclick = () => host.open(id);
    this.#call(title);
    this.element = h('li', {}, h('div', { className: 'row' }, this.#opener, this.#toggle), this.#drawer, this.#said);
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.#expanded(false);
  }

  /** @param {HTMLElement | null} [next] what has the focus afterwards; null: it is elsewhere */
  fold(next = this.#toggle) {
    this.tell('');
    this.#drawer.replaceChildren();
    this.#expanded(false);
    next?.focus();
  }

  /** Under the row, and to a screen reader. @param {string} text @param {boolean} [isAlarming] */
  tell(text, isAlarming = false) {
    this.#said.textContent = text;
    this.#said.classList.toggle('alarm', isAlarming);
    if (!text) return;
    this.#said.scrollIntoView({ block: 'nearest' });
    this.host.say(text);
  }

  /**
   * Ask the server for something, one thing at a time.
   * @template T
   * @param {() => Promise<T>} ask
   * @returns {Promise<T | undefined>} undefined when it failed, which has been told
   */
  async tried(ask) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.tell('');
    const answer = await ask().catch((error) => this.tell(this.host.words(error), true));
    this.#isBusy = false;
    return answer ?? undefined;
  }

  /** @param {string} title */
  #call(title) {
    this.#name.textContent = title;
    this.#toggle.setAttribute('aria-label', strings.options(title));
    this.#drawer.setAttribute('aria-label', strings.options(title));
  }

  get #isFolded() {
    return this.#drawer.hidden;
  }

  /** @param {boolean} isExpanded */
  #expanded(isExpanded) {
    this.#drawer.hidden = !isExpanded;
    this.#toggle.setAttribute('aria-expanded', String(isExpanded));
  }

  #toggled() {
    if (this.#isFolded) this.#unfold();
    else this.fold();
  }

  #unfold() {
    this.list.unfolded(this);
    this.#expanded(true);
    this.#show(
      action(strings.rename, PEN, () => this.#askForTitle()),
      action(strings.share, LINK, () => this.#share()),
      action(strings.markdown, SAVE, () => this.#save('markdown')),
      action(strings.json, SAVE, () => this.#save('json')),
      action(strings.remove, TRASH, () => this.#askToDelete()),
    );
  }

  /** @param {HTMLElement[]} parts */
  #show(...parts) {
    this.tell('');
    this.#drawer.replaceChildren(...parts);
    this.element.scrollIntoView({ block: 'nearest' });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== 'Escape' || event.isComposing || this.#isFolded) return;
    event.preventDefault();
    this.fold();
  }

  #askForTitle() {
    const field = h('input', {
      type: 'text',
      value: this.#name.textContent,
      maxLength: LONGEST_TITLE,
      dir: 'auto',
      autocomplete: 'off',
      enterKeyHint: 'done',
      'aria-label': strings.newTitle,
    });
    const save = h('button', { type: 'submit', className: 'go' }, strings.save);
    const cancel = button('link', strings.cancel, () => this.fold());
    const form = h('form', {}, field, h('div', { className: 'buttons' }, save, cancel));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#rename(field.value.trim());
    });
    this.#show(form);
    field.focus();
    field.select();
  }

  /** @param {string} title */
  async #rename(title) {
    if (!title || title === this.#name.textContent) return this.fold();
    const renamed = await this.tried(() => this.host.api.json('PATCH', this.path, { title }));
    if (!renamed) return;
    this.#call(renamed.title);
    this.fold(this.#opener);
    this.host.say(strings.renamed);
  }

  async #share() {
    const now = await this.tried(() => this.host.api.json('GET', this.path));
    if (!now || this.#isFolded) return;
    const share = new Share(this);
    this.#show(share.element);
    share.offer(now.shared_until);
  }

  /** @param {'markdown' | 'json'} format */
  async #save(format) {
    const path = `${this.path}/export?format=${format}`;
    const name = await this.tried(async () => download(await this.host.api.send('GET', path)));
    if (name) this.tell(strings.saved(name));
  }

  #askToDelete() {
    const keep = button('link', strings.keep, () => this.fold());
    keep.setAttribute('aria-describedby', 'question');
    this.#show(
      h('p', { id: 'question' }, strings.removeText),
      h('div', { className: 'buttons' }, button('link danger', strings.remove, () => this.#delete()), keep),
    );
    keep.focus();
  }

  async #delete() {
    const isDone = await this.tried(() => this.host.api.json('DELETE', this.path).then(() => true));
    if (isDone) this.list.deleted(this);
  }
}

/** @param {string} label @param {string} path @param {() => void} onclick */
function action(label, path, onclick) {
  return h('button', { className: 'action', onclick }, icon(path), label);
}
