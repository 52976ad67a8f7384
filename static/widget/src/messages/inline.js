/**
 * The text of one block, written as it comes: emphasis, code, links and line breaks. It looks at one character at a
 * time and never back, so the result cannot depend on how the text was cut, and the cost grows with its length alone.
 */

/** @typedef {'strong' | 'em' | 's'} Mark */
/** @typedef {(address: string) => string | null} Link */

const WORD = /[\p{L}\p{N}]/u;
const SCHEMES = ['https://', 'http://'];
const MARKS = /** @type {Record<string, Mark[]>} */ ({
  '*': ['em'],
  '**': ['strong'],
  '***': ['strong', 'em'],
  _: ['em'],
  __: ['strong'],
  ___: ['strong', 'em'],
  '~~': ['s'],
});
// Longer than any label or address that means well; what is held back must stay small.
const LONGEST_LABEL = 300;
const LONGEST_ADDRESS = 2000;

export class Inline {
  /** @type {{ mark: Mark, element: HTMLElement | null }[]} */
  #marks = [];
  /** @type {HTMLElement | null} */
  #code = null;
  /** Takes the next character. @type {(char: string) => void} */
  #read = this.#inText;
  #held = '';
  #label = '';
  #image = false;
  #depth = 0;
  #before = ' ';
  #text = '';
  #break = false;

  /**
   * @param {HTMLElement} block
   * @param {Link} link says which addresses may be links
   */
  constructor(block, link) {
    this.block = block;
    this.link = link;
  }

  /** @param {string} text without line ends */
  #write(text) {
    for (let i = 0; i < text.length; i++) this.#char(/** @type {string} */ (text[i]));
  }

  /** The line ends, the block may go on. */
  newLine() {
    this.#settle('\n');
    this.#flush();
    this.#break = this.block.hasChildNodes();
    this.#before = ' ';
  }

  /** Put what was written so far on the page. */
  #flush() {
    if (!this.#text) return;
    const target = this.#target();
    const last = target.lastChild;
    if (last instanceof Text) last.appendData(this.#text);
    else target.append(this.#text);
    this.#text = '';
  }

  /** Write and show at once. @param {string} text */
  show(text) {
    this.#write(text);
    this.#flush();
  }

  /** The block ends. */
  end() {
    this.#settle('\n');
    this.#flush();
  }

  /** The element that text goes to; marks become elements with their first character. */
  #target() {
    let target = this.block;
    for (const open of this.#marks) {
      if (!open.element) target.append((open.element = document.createElement(open.mark)));
      target = open.element;
    }
    if (this.#read !== this.#inCode) return target;
    if (!this.#code) target.append((this.#code = document.createElement('code')));
    return this.#code;
  }

  /** @param {string} char */
  #put(char) {
    this.#text += char;
    this.#before = char;
  }

  /** @param {Node} node */
  #append(node) {
    this.#flush();
    this.#target().append(node);
  }

  /** @param {string} char */
  #char(char) {
    if (this.#break) {
      this.#break = false;
      this.#append(document.createElement('br'));
    }
    this.#read(char);
  }

  /** @param {string} char */
  #inText(char) {
    if ('*_~'.includes(char)) this.#hold(this.#inRun, char);
    else if (char === '\\') this.#hold(this.#inEscape, char);
    else if (char === '[') this.#hold(this.#inLabel, char);
    else if (char === '!') this.#hold(this.#inBang, char);
    else if (char === '`') this.#openCode();
    else if (char === 'h' && !WORD.test(this.#before)) this.#hold(this.#inBare, char);
    else this.#put(char);
  }

  /** @param {(char: string) => void} next @param {string} char */
  #hold(next, char) {
    this.#read = next;
    this.#held = char;
  }

  /** What was held back turns out to be nothing but text. Its first character is spent; the rest is read again. */
  #release() {
    const held = this.#held;
    this.#read = this.#inText;
    this.#held = '';
    this.#image = false;
    this.#put(held[0] ?? '');
    this.#write(held.slice(1));
  }

  /** @param {string} char */
  #inRun(char) {
    if (char === this.#held[0] && this.#held.length < 3) {
      this.#held += char;
    } else {
      this.#closeRun(char);
      this.#char(char);
    }
  }

  /** A run of asterisks, underscores or tildes ends before `next`: it opens, closes or is text. @param {string} next */
  #closeRun(next) {
    const run = this.#held;
    const marks = MARKS[run] ?? [];
    const word = run[0] === '_';
    const closes = !/\s/.test(this.#before) && !(word && WORD.test(next));
    const opens = !/\s/.test(next) && !(word && WORD.test(this.#before));
    this.#read = this.#inText;
    this.#held = '';
    if (marks.length && closes && marks.every((mark) => this.#isOpen(mark))) marks.forEach((mark) => this.#close(mark));
    else if (marks.length && opens && !marks.some((mark) => this.#isOpen(mark))) this.#open(marks);
    else for (const char of run) this.#put(char);
  }

  /** @param {Mark} mark */
  #isOpen(mark) {
    return this.#marks.some((open) => open.mark === mark);
  }

  /** @param {Mark[]} marks */
  #open(marks) {
    this.#flush();
    for (const mark of marks) this.#marks.push({ mark, element: null });
  }

  /** @param {Mark} mark */
  #close(mark) {
    this.#flush();
    const index = this.#marks.findIndex((open) => open.mark === mark);
    if (index >= 0) this.#marks.splice(index); // with all that was opened inside
  }

  /** @param {string} char */
  #inEscape(char) {
    this.#read = this.#inText;
    this.#held = '';
    if (!/[!-/:-@[-`{-~]/.test(char)) this.#put('\\');
    this.#put(char);
  }

  #openCode() {
    this.#flush();
    this.#read = this.#inCode;
    this.#code = null;
  }

  /** @param {string} char */
  #inCode(char) {
    if (char === '`') this.#closeCode();
    else this.#put(char);
  }

  #closeCode() {
    this.#flush();
    this.#read = this.#inText;
    this.#before = '`';
  }

  /** @param {string} char */
  #inBang(char) {
    if (char === '[') {
      this.#image = true;
      this.#hold(this.#inLabel, '![');
    } else {
      this.#release();
      this.#char(char);
    }
  }

  /** @param {string} char */
  #inLabel(char) {
    if (char === '[' || this.#held.length > LONGEST_LABEL) {
      this.#release();
      this.#char(char);
    } else {
      this.#held += char;
      if (char === ']') this.#read = this.#inLabelled;
    }
  }

  /** @param {string} char */
  #inLabelled(char) {
    if (char !== '(') {
      this.#release();
      this.#char(char);
      return;
    }
    this.#label = this.#held.slice(this.#held.indexOf('[') + 1, -1);
    this.#held += char;
    this.#depth = 1;
    this.#read = this.#inAddress;
  }

  /** @param {string} char */
  #inAddress(char) {
    if (char === '[' || this.#held.length > LONGEST_ADDRESS) {
      this.#release();
      this.#char(char);
    } else {
      this.#held += char;
      if (char === '(') this.#depth++;
      if (char === ')' && --this.#depth === 0) this.#closeLink();
    }
  }

  #closeLink() {
    const address =
      this.#held
        .slice(this.#held.indexOf('](') + 2, -1)
        .trim()
        .split(/\s/)[0] ?? '';
    const href = this.#image ? null : this.link(address.replace(/^<(.*)>$/, '$1'));
    const label = this.#label.replace(/[*_`~]{1,3}/g, '').trim();
    this.#read = this.#inText;
    this.#held = '';
    this.#image = false;
    this.#anchor(label, href);
  }

  /** @param {string} label @param {string | null} href */
  #anchor(label, href) {
    if (!href) return [...label].forEach((char) => this.#put(char));
    const anchor = document.createElement('a');
    anchor.href = href;
    anchor.rel = 'noopener noreferrer nofollow';
    anchor.referrerPolicy = 'no-referrer';
    anchor.textContent = label || href;
    this.#append(anchor);
    this.#before = 'a';
  }

  /** @param {string} char */
  #inBare(char) {
    const held = this.#held + char;
    if (
      SCHEMES.some((scheme) => scheme.startsWith(held) || (held.startsWith(scheme) && !/[\s<>"'()[\]*|`\\]/.test(char)))
    ) {
      this.#held = held;
      if (held.length > LONGEST_ADDRESS) this.#closeBare();
    } else {
      this.#closeBare();
      this.#char(char);
    }
  }

  #closeBare() {
    const [, address = '', tail = ''] = /^(.*?)([.,;:!?]*)$/.exec(this.#held) ?? [];
    const whole = SCHEMES.some((scheme) => address.startsWith(scheme) && address.length > scheme.length);
    this.#read = this.#inText;
    this.#held = '';
    this.#anchor(address, whole ? this.link(address) : null);
    for (const char of tail) this.#put(char);
  }

  /** Nothing more comes on this line: decide what was left open. @param {string} next */
  #settle(next) {
    if (this.#read === this.#inRun) this.#closeRun(next);
    else if (this.#read === this.#inBare) this.#closeBare();
    else if (this.#read === this.#inCode) this.#closeCode();
    else if (this.#read !== this.#inText) {
      this.#release();
      this.#settle(next);
    }
  }
}
