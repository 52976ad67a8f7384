import { button } from './button.js';
import { h } from '../common/dom.js';
import { strings } from './strings.js';

const DAYS = [1, 7, 30];

/** A link for others to read the conversation by. The server tells it once, and later only until when it is good. */
export class Share {
  element = h('div', { className: 'share' });

  /** @param {import('./entry.js').Entry} entry */
  constructor(entry) {
    this.entry = entry;
    this.path = `${entry.path}/share`;
  }

  /** @param {string} [until] when the link that there is expires */
  offer(until) {
    const text = until ? strings.shared(this.entry.dates.full(until)) : strings.shareText;
    const choices = DAYS.map((days) => button('link', strings.days(days), () => this.#make(days)));
    this.element.replaceChildren(
      h('p', {}, text),
      h('p', { className: 'said', id: 'good-for' }, strings.goodFor),
      h('div', { className: 'buttons', role: 'group', 'aria-labelledby': 'good-for' }, ...choices),
      this.#end(Boolean(until), strings.cancel),
    );
    choices[0]?.focus();
  }

  /** @param {number} days */
  async #make(days) {
    const link = await this.entry.tried(() => this.entry.host.api.json('POST', this.path, { days }));
    if (!link) return;
    const field = h('input', { type: 'text', readOnly: true, value: link.url, dir: 'ltr', 'aria-label': strings.link });
    const copy = button('go', strings.copy, () => this.#copy(field));
    const until = strings.goodUntil(this.entry.dates.full(link.expires_at));
    this.element.replaceChildren(
      h('div', { className: 'line' }, field, copy),
      h('p', { className: 'said' }, until),
      this.#end(true, strings.done),
    );
    copy.focus();
    this.entry.host.say(until);
  }

  /** @param {HTMLInputElement} field */
  async #copy(field) {
    const isCopied = await navigator.clipboard?.writeText(field.value).then(
      () => true,
      () => false,
    );
    if (!isCopied) field.select();
    this.entry.tell(isCopied ? strings.copied : strings.selected);
  }

  async #takeBack() {
    const isDone = await this.entry.tried(() => this.entry.host.api.json('DELETE', this.path).then(() => true));
    if (!isDone) return;
    this.offer();
    this.entry.tell(strings.takenBack);
  }

  /** @param {boolean} isShared @param {string} leave */
  #end(isShared, leave) {
    const takeBack = isShared && button('link alarm', strings.takeBack, () => this.#takeBack());
    return h('div', { className: 'buttons' }, takeBack, button('link', leave, () => this.entry.fold()));
  }
}
