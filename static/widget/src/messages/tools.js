import { h, icon } from '../common/dom.js';
import { AGAIN, CHEVRON, COPY, PEN, THUMB } from '../common/icons.js';
import { textOf } from '../conversation/message.js';
import { strings } from './strings.js';

/** @typedef {import('../types').Message} Message */
/** @typedef {import('../types').Rating} Rating */
/**
 * @typedef {object} Acts what can be done with messages
 * @property {() => void} retry send again, or have the last answer written again
 * @property {(text: string) => void} send a message
 * @property {() => void} edit ask the last question in other words
 * @property {(id: string) => void} takeBack a message that waits to be sent
 * @property {(text: string) => void} say to a screen reader
 * @property {(answer: Message, rating: Rating | '', comment?: string) => Promise<boolean>} rate
 * @property {(answer: Message, by: number) => void} step to an earlier or a later version
 * @property {(variant: string, title: string) => Promise<boolean>} add one of a variant to the cart; whether it is in
 * @property {(product: string, selected: import('../types').SelectedOption[]) => Promise<import('../types').Product>} select what
 *   the shop has of a product under this selection; rejects when it cannot be asked
 * @property {() => typeof import('../shopping.js') | null} shopping what shows products and carts, when it is there
 * @property {() => Promise<typeof import('../shopping.js') | null>} bring it; null when it cannot be had
 */

const NOTE_MS = 4000;

/** The buttons under a message. They stay where they are while the message changes: one of them may have the focus. */
class Tools {
  element = h('div', { className: 'tools', role: 'group', 'aria-label': strings.actions });
  #time = h('time');
  #note = h('span', { className: 'told' });

  /** @param {string} locale @param {Acts} acts */
  constructor(locale, acts) {
    this.locale = locale;
    this.acts = acts;
  }

  /** @param {...Node} tools */
  lay(...tools) {
    this.element.append(...tools, this.#time, this.#note);
  }

  /** Say how something went, for a moment. @param {string} text */
  note(text) {
    this.#note.textContent = text;
    this.acts.say(text);
    setTimeout(() => (this.#note.textContent = ''), NOTE_MS);
  }

  /** @param {Message} message */
  date({ metadata }) {
    const at = metadata?.created_at;
    if (!at || this.#time.dateTime === at) return;
    const moment = new Date(at);
    const isToday = moment.toDateString() === new Date().toDateString();
    this.#time.dateTime = at;
    this.#time.textContent = format(this.locale, isToday).format(moment);
  }
}

/** Making one takes longer than all else of a message. @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string} locale @param {boolean} isToday */
function format(locale, isToday) {
  const name = `${locale} ${isToday}`;
  const known = formats.get(name) ?? new Intl.DateTimeFormat(locale, { timeStyle: 'short', ...(!isToday && { dateStyle: 'medium' }) });
  formats.set(name, known);
  return known;
}

/** Under a question: when it was asked; the last one can be asked in other words. */
export class QuestionTools extends Tools {
  /** @param {string} locale @param {Acts} acts */
  constructor(locale, acts) {
    super(locale, acts);
    this.edit = tool(strings.edit, PEN, acts.edit);
    this.lay(this.edit);
  }

  /** @param {Message} message @param {boolean} isLast */
  update(message, isLast) {
    this.date(message);
    this.edit.hidden = !isLast;
  }
}

/** Under an answer: its versions, copy, what it was worth, another one. */
export class AnswerTools extends Tools {
  /** @type {Message} */
  #message;
  #count = h('span');
  #versions = h(
    'span',
    { className: 'versions' },
    tool(strings.earlier, CHEVRON, () => this.acts.step(this.#message, -1)),
    this.#count,
    tool(strings.later, CHEVRON, () => this.acts.step(this.#message, 1)),
  );
  #copy = tool(strings.copy, COPY, () => this.#copied());
  #up = tool(strings.good, THUMB, () => this.#rate('up'));
  #down = tool(strings.bad, THUMB, () => this.#rate('down'));
  #again = tool(strings.again, AGAIN, () => this.acts.retry());
  /** @type {HTMLFormElement | null} */
  #asking = null;

  /** @param {Message} message @param {string} locale @param {Acts} acts */
  constructor(message, locale, acts) {
    super(locale, acts);
    this.#message = message;
    this.#down.classList.add('down');
    this.lay(this.#versions, this.#copy, this.#up, this.#down, this.#again);
  }

  /** @param {Message} message @param {boolean} isLast of the conversation, with nothing being written */
  update(message, isLast) {
    this.#message = message;
    const { rating, status, version = 1, shown = version } = message.metadata ?? {};
    this.date(message);
    this.#versions.hidden = version < 2;
    this.#count.textContent = strings.version(shown, version);
    const [earlier, later] = this.#versions.querySelectorAll('button');
    turn(earlier, shown > 1);
    turn(later, shown < version);
    this.#copy.hidden = !navigator.clipboard || !textOf(message);
    this.#up.hidden = this.#down.hidden = shown < version;
    this.#up.setAttribute('aria-pressed', String(rating === 'up'));
    this.#down.setAttribute('aria-pressed', String(rating === 'down'));
    this.#again.hidden = !isLast || status !== 'complete'; // else the foot offers it, in words
  }

  async #copied() {
    const copying = navigator.clipboard.writeText(textOf(this.#message));
    await copying.then(
      () => this.note(strings.copied),
      () => this.note(strings.notKept),
    );
  }

  /** @param {Rating} rating */
  async #rate(rating) {
    const isTaken = this.#message.metadata?.rating === rating;
    this.#asking?.remove();
    if (!(await this.acts.rate(this.#message, isTaken ? '' : rating))) this.note(strings.notKept);
    else if (!isTaken) this.#ask(rating);
  }

  /** Why it was good or bad, for those who care to say. @param {Rating} rating */
  #ask(rating) {
    const why = h('input', { type: 'text', maxLength: 1000, 'aria-label': strings.why, placeholder: strings.why });
    const onsubmit = async (/** @type {Event} */ event) => {
      event.preventDefault();
      const comment = why.value.trim();
      if (comment && !(await this.acts.rate(this.#message, rating, comment))) return this.note(strings.notKept);
      const hadFocus = form.matches(':focus-within');
      form.remove();
      this.note(strings.thanks);
      if (hadFocus) (rating === 'up' ? this.#up : this.#down).focus();
    };
    const form = h('form', { className: 'why', onsubmit }, why, h('button', { className: 'link' }, strings.tell));
    this.#asking = form;
    this.element.after(form);
  }
}

/** @param {string} label @param {string} path @param {() => void} onclick */
function tool(label, path, onclick) {
  return h('button', { type: 'button', className: 'tool', 'aria-label': label, title: label, onclick }, icon(path));
}

/** A button at its end keeps the focus, so it is not disabled but says so. @param {Element | undefined} button @param {boolean} isOn */
function turn(button, isOn) {
  button?.setAttribute('aria-disabled', String(!isOn));
}
