import { Contacts } from './contacts.js';
import { h, icon } from '../common/dom.js';
import { AGAIN } from '../common/icons.js';
import { Markdown } from './markdown.js';
import { textOf } from '../conversation/message.js';
import { strings } from './strings.js';
import { AnswerTools, QuestionTools } from './tools.js';

/** @typedef {import('../types').Message} Message */
/** @typedef {import('../types').Part} Part */
/**
 * @typedef {object} Shown
 * @property {string} title the assistant's name
 * @property {string} locale
 * @property {import('./links.js').Addresses} addresses
 * @property {import('../panel.js').Panel} acts
 * @property {(problem: import('../types').Problem) => string} words
 */
/**
 * @typedef {object} PartView
 * @property {HTMLElement} element
 * @property {(part: Part) => boolean | undefined} shows brings the element up to the part, if it can
 */

/** The line under a message that says what went wrong, with the way out of it. */
class Foot {
  element = h('div', { className: 'foot' });
  #said = '';

  /** @param {string} text @param {(() => void) | null} act @param {string} [label] of the button; to try again, if not given */
  say(text, act, label = '') {
    const said = text && `${text}${Boolean(act)}`;
    if (said === this.#said) return;
    this.#said = said;
    const shown = label ? [label] : [icon(AGAIN), strings.retry];
    const button = act && h('button', { className: 'link', onclick: act }, ...shown);
    this.element.replaceChildren(...(text ? [h('span', {}, text), button ?? ''] : []));
  }
}

/** What the shopper said. */
export class Question {
  element = h('div', { className: 'message user', part: 'message user' });
  #bubble = h('p', { className: 'bubble', dir: 'auto' });
  #foot = new Foot();
  #tools;

  /** @param {Shown} shown */
  constructor(shown) {
    this.shown = shown;
    this.#tools = new QuestionTools(shown.locale, shown.acts);
    const who = h('span', { className: 'hidden' }, `${strings.you}: `);
    this.element.append(who, this.#bubble, this.#foot.element, this.#tools.element);
  }

  /**
   * @param {Message} message
   * @param {{ isLast: boolean, isLastQuestion: boolean, isQueued: boolean }} where nothing is being written, and whether
   *   it waits to be sent
   */
  update(message, { isLast, isLastQuestion, isQueued }) {
    const error = message.metadata?.error;
    const text = textOf(message);
    if (this.#bubble.textContent !== text) this.#bubble.textContent = text;
    const said = error ? `${strings.unsent} ${this.shown.words(error)}` : '';
    if (isQueued) this.#foot.say(strings.queued, () => this.shown.acts.takeBack(message.id), strings.takeBack);
    else this.#foot.say(said, isLast ? () => this.shown.acts.retry() : null);
    this.#tools.update(message, isLastQuestion && !isQueued);
  }
}

/** What the shop answered, part by part, while it comes in. */
export class Answer {
  element = h('div', { className: 'message assistant', part: 'message assistant' });
  /** @type {PartView[]} */
  #views = [];
  #foot = new Foot();
  /** @type {AnswerTools | null} */
  #tools = null;
  #isPrepared = false;

  /** @param {Shown} shown */
  constructor(shown) {
    this.shown = shown;
    this.element.append(h('span', { className: 'hidden' }, `${shown.title}: `), this.#foot.element);
  }

  get spoken() {
    return this.#views
      .map(({ element }) => (element.hidden ? '' : element.innerText))
      .join('\n')
      .trim();
  }

  /** @param {Message} message @param {{ isLast: boolean }} where nothing is being written */
  update(message, { isLast }) {
    const seen = message.parts.filter(isShown);
    const parts = this.shown.acts.shopping()?.joined(seen) ?? seen;
    if (!this.#isPrepared && message.parts.some(({ type }) => type.startsWith('tool-'))) {
      this.#isPrepared = true; // a tool leads to products or a cart: have what shows them on its way
      this.shown.acts.bring();
    }
    if (Number(message.metadata?.version) > 1) this.shown.acts.feedback(); // to be there when the answer ends
    parts.forEach((part, index) => this.#show(part, index));
    for (const { element } of this.#views.splice(parts.length)) element.remove();
    this.#tidy();
    const said = this.#ended(message);
    const { acts } = this.shown;
    const cut = this.#cut(message);
    if (!cut) this.#foot.say(said, isLast ? () => acts.retry() : null);
    else this.#foot.say(cut, isLast && cut === strings.atLimit ? () => acts.send(strings.goOn) : null, strings.goOn);
    if (!this.#tools && parts.length && message.metadata?.status !== 'running') {
      this.#tools = new AnswerTools(message, this.shown.locale, this.shown.acts);
      this.element.append(this.#tools.element);
    }
    this.#tools?.update(message, isLast);
    this.element.hidden = !parts.length && !said;
  }

  /** Return the reason why the answer was cut short. @param {Message} message */
  #cut({ metadata }) {
    if (!metadata?.cut || metadata.status !== 'complete') return '';
    return metadata.cut === 'length' ? strings.atLimit : strings.filtered;
  }

  /** How it ended, when it did not end well. @param {Message} message */
  #ended({ metadata }) {
    const status = metadata?.status;
    if (status === 'stopped') return strings.stopped;
    if (status !== 'failed' && status !== 'interrupted') return '';
    return metadata?.error ? this.shown.words(metadata.error) : strings.broken;
  }

  /** @param {Part} part @param {number} index */
  #show(part, index) {
    if (this.#views[index]?.shows(part)) return;
    const view = viewOf(part, this.shown);
    const old = this.#views[index];
    if (old) old.element.replaceWith(view.element);
    else this.#foot.element.before(view.element);
    this.#views[index] = view;
  }

  /** Of the looks at the cart only the last is of interest, and those that found it gone. */
  #tidy() {
    const lines = this.#views.filter(({ element }) => element.matches('.cartline:not(.gone)'));
    lines.forEach(({ element }, index) => (element.hidden = index < lines.length - 1));
  }
}

/** @param {Part} part */
function isShown({ type, text, data }) {
  if (type.startsWith('data-cart')) return data.status !== 'unknown';
  return type === 'data-products' ? data.products?.length > 0 : type === 'text' && text !== '';
}

/** @param {Part} part @param {Shown} shown @returns {PartView} */
function viewOf(part, shown) {
  if (part.type === 'text') return textView(part, shown);
  const element = h('div', { className: part.type === 'data-cart' ? `cartline ${part.data.status}` : 'goods' });
  const ready = shown.acts.shopping();
  if (ready) ready.fill(element, part, shown);
  else bring(element, part, shown);
  let like = JSON.stringify(part.data);
  return {
    element,
    shows({ type, data }) {
      const before = like;
      like = JSON.stringify(data);
      return type === part.type && (like === before || shown.acts.shopping()?.grow(element, before, data, shown));
    },
  };
}

/** Fill the element when what shows the part is there, or have the shopper try again. */
/** @param {HTMLElement} element @param {Part} part @param {Shown} shown */
async function bring(element, part, shown) {
  const foot = new Foot();
  element.replaceChildren(foot.element);
  const shopping = await shown.acts.bring();
  if (shopping) shopping.fill(element, part, shown);
  else foot.say(shown.acts.words(), () => bring(element, part, shown));
}

/** @param {Part} first @param {Shown} shown @returns {PartView} */
function textView(first, { addresses }) {
  const element = h('div', { className: 'text', dir: 'auto' });
  const contacts = new Contacts(addresses.linkHosts);
  const markdown = new Markdown(element, (address) => addresses.link(address) ?? contacts.link(address));
  let written = '';
  let ended = false;
  /** @param {Part} part */
  const shows = ({ type, text = '', state }) => {
    if (type !== 'text' || !text.startsWith(written) || (ended && text !== written)) return false;
    markdown.write(text.slice(written.length));
    written = text;
    if (state === 'done' && !ended) {
      markdown.end();
      ended = true;
    }
    return true;
  };
  shows(first);
  return { element, shows };
}
