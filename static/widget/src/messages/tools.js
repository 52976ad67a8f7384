import { h } from '../common/dom.js';
import { AGAIN, COPY, PEN, THUMB } from '../common/icons.js';
import { textOf } from '../conversation/message.js';
import { strings } from './strings.js';
import { tool } from './tool.js';

/** @typedef {import('../types').Message} Message */
/** @typedef {import('../types').Rating} Rating */
/** @typedef {import('../panel.js').Panel} Panel */

const NOTE_MS = 4000;

/** The buttons under a message. They stay where they are while the message changes: one of them may have the focus. */
class Tools {
  element = h('div', { className: 'tools', role: 'group', 'aria-label': strings.actions });
  #time = h('time');
  #note = h('span', { className: 'told' });
  #noteTimer = 0;

  /** @param {string} locale @param {Panel} acts */
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
    clearTimeout(this.#noteTimer);
    this.#note.textContent = text;
    this.acts.say(text);
    this.#noteTimer = setTimeout(() => (this.#note.textContent = ''), NOTE_MS);
  }

  fail() {
    this.note(strings.notKept);
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

/** Making one takes longer than all else of a message. @type {Record<string, Intl.DateTimeFormat>} */
const formats = {};

/** @param {string} locale @param {boolean} isToday */
function format(locale, isToday) {
  return (formats[locale + isToday] ??= new Intl.DateTimeFormat(locale, { timeStyle: 'short', ...(!isToday && { dateStyle: 'medium' }) }));
}

/** Under a question: when it was asked; the last one can be asked in other words. */
export class QuestionTools extends Tools {
  /** @param {string} locale @param {Panel} acts */
  constructor(locale, acts) {
    super(locale, acts);
    this.edit = tool(strings.edit, PEN, () => acts.edit());
    this.lay(this.edit);
  }

  /** @param {Message} message @param {boolean} isLast */
  update(message, isLast) {
    this.date(message);
    this.edit.hidden = !isLast;
  }
}

/** Under an answer: copy, what it was worth, another one; its versions come before them where it has any. */
export class AnswerTools extends Tools {
  /** @type {Message} */
  message;
  #copy = tool(strings.copy, COPY, () => this.#copied());
  thumbs = { up: tool(strings.good, THUMB, () => this.#rate('up')), down: tool(strings.bad, THUMB, () => this.#rate('down')) };
  #again = tool(strings.again, AGAIN, () => this.acts.retry());

  /** @param {Message} message @param {string} locale @param {Panel} acts */
  constructor(message, locale, acts) {
    super(locale, acts);
    this.message = message;
    const { up, down } = this.thumbs;
    down.classList.add('down');
    this.lay(this.#copy, up, down, this.#again);
  }

  /** @param {Message} message @param {boolean} isLast of the conversation, with nothing being written */
  update(message, isLast) {
    this.message = message;
    const { rating, status, version = 1, shown = version } = message.metadata ?? {};
    this.date(message);
    if (version > 1) this.acts.feedback().then((feedback) => feedback?.showVersions(this));
    this.#copy.hidden = !navigator.clipboard || !textOf(message);
    for (const [name, thumb] of Object.entries(this.thumbs)) {
      thumb.hidden = shown < version;
      thumb.setAttribute('aria-pressed', String(rating === name));
    }
    this.#again.hidden = !isLast || status !== 'complete'; // else the foot offers it, in words
  }

  async #copied() {
    try {
      await navigator.clipboard.writeText(textOf(this.message));
      this.note(strings.copied);
    } catch {
      this.note(strings.notCopied);
    }
  }

  /** @param {Rating} rating */
  async #rate(rating) {
    const feedback = await this.acts.feedback();
    if (!(await feedback?.rate(this, rating))) this.fail();
  }
}
