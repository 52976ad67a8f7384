import { h, icon } from '../common/dom.js';
import { SEND, STOP } from '../common/icons.js';
import { strings } from '../common/strings.js';

// The server takes no more.
export const LONGEST_MESSAGE = 2000;
const WARN_FROM = 1800;
const SIZES_ITSELF = CSS.supports('field-sizing', 'content');

/**
 * @typedef {object} Answering
 * @property {boolean} busy whether an answer is being written
 * @property {boolean} isStopping whether it was asked to stop
 */

/** Where the shopper writes. */
export class Composer {
  #text = h('textarea', {
    rows: 1,
    placeholder: strings.placeholder,
    'aria-label': strings.compose,
    'aria-describedby': 'hint',
    enterKeyHint: 'send',
    part: 'input',
  });
  #button = h('button', { type: 'submit', className: 'send', part: 'send' });
  #hint = h('p', { className: 'hint', id: 'hint', role: 'status' });
  #rewording = h(
    'div',
    { className: 'rewording', hidden: true },
    h('span', {}, strings.editing),
    h('button', { className: 'link', onclick: () => this.cancel() }, strings.cancel),
  );
  element = h(
    'form',
    { className: 'composer', part: 'composer' },
    this.#rewording,
    h('div', { className: 'field' }, this.#text, this.#button),
    this.#hint,
  );
  /** @type {Answering} */
  #answering = { busy: false, isStopping: false };
  #shown = '';
  /** What stood here before the last question was taken out again. */
  #before = '';

  /** @param {import('../panel.js').Panel} panel */
  constructor(panel) {
    this.panel = panel;
    this.element.addEventListener('submit', (event) => this.#submit(event));
    this.#text.addEventListener('input', () => this.#grow());
    this.#text.addEventListener('keydown', (event) => this.#key(event));
    this.update();
  }

  get draft() {
    return this.#text.value;
  }

  set draft(text) {
    this.#text.value = text;
    this.#grow();
  }

  /** Let the last question be reworded. @param {string} text */
  reword(text) {
    if (this.#rewording.hidden) this.#before = this.draft;
    this.#rewording.hidden = false;
    this.draft = text;
    this.focus();
    this.#text.setSelectionRange(text.length, text.length);
  }

  /**
   * Send something that was written elsewhere.
   * @param {string} text
   * @returns {boolean} whether it was sent; what cannot be sent waits here
   */
  take(text) {
    this.cancel();
    const before = this.draft;
    this.draft = text.trim();
    const isSent = this.#send();
    this.draft = isSent ? before : [before, this.draft].filter(Boolean).join('\n');
    return isSent;
  }

  /** Leave the last question as it is. */
  cancel() {
    if (this.#rewording.hidden) return;
    this.#rewording.hidden = true;
    this.draft = this.#before;
    this.focus();
  }

  focus() {
    this.#text.focus({ preventScroll: true });
  }

  /** @param {Answering} [answering] */
  update(answering = this.#answering) {
    this.#answering = answering;
    const isStop = this.#isStop;
    const shown = isStop ? 'stop' : 'send';
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#button.setAttribute('aria-label', strings[shown]);
      this.#button.replaceChildren(icon(isStop ? STOP : SEND));
      this.element.classList.toggle('busy', isStop);
    }
    this.#button.disabled = isStop ? answering.isStopping : !this.#isReady();
  }

  /** True when the button stops the answer. With text in the box it sends instead. */
  get #isStop() {
    return this.#answering.busy && !this.draft.trim();
  }

  #isReady() {
    return this.draft.trim() !== '' && this.#length() <= LONGEST_MESSAGE;
  }

  /** Counted as the server counts: by characters, not by halves of them. */
  #length() {
    return [...this.draft.trim()].length;
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    if (!this.#isStop) this.#send();
    else if (!this.#answering.isStopping) this.panel.conversation.stop();
  }

  /** @returns {boolean} whether it was sent */
  #send() {
    if (!this.#isReady()) return false;
    const text = this.draft.trim();
    const isReworded = !this.#rewording.hidden;
    this.#rewording.hidden = true;
    this.draft = isReworded ? this.#before : '';
    // Another tab may have asked something else meanwhile: then it is a question of its own.
    this.panel.send(text, isReworded && !this.#answering.busy);
    return true;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'ArrowUp' && !this.draft) {
      event.preventDefault(); // the key's own action moves the caret to the beginning
      this.panel.edit();
    }
    if (event.key === 'Escape' && !this.#rewording.hidden && !event.isComposing) {
      event.preventDefault(); // the panel stays open
      this.cancel();
    }
    // 229: some input methods end a word with an Enter that does not say that it is theirs.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#send();
  }

  #fit() {
    const { style } = this.#text;
    style.blockSize = 'auto';
    const { scrollHeight, offsetHeight, clientHeight } = this.#text;
    if (scrollHeight) style.blockSize = `${scrollHeight + offsetHeight - clientHeight}px`; // with its border
  }

  #grow() {
    if (!SIZES_ITSELF) this.#fit();
    const length = this.#length();
    const over = length - LONGEST_MESSAGE;
    this.#hint.textContent = over > 0 ? strings.tooLong(over) : length >= WARN_FROM ? strings.left(-over) : '';
    this.#hint.classList.toggle('over', over > 0);
    this.#text.setAttribute('aria-invalid', String(over > 0));
    this.update();
  }
}
