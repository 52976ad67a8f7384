import { decode } from './entities.js';
import { absolute, inFull } from './links.js';

/**
 * The text of one block, written as it comes: emphasis, code, links, line breaks and entities, by the rules of
 * CommonMark. Each character is looked at a bounded number of times and whatever comes to be depends on the characters
 * alone, so the cost grows with the length and the result does not depend on how the text was cut.
 *
 * While the block is open, a sign that could begin something is taken to do so. When the block ends, signs that nothing
 * has closed are text again.
 */

/** @typedef {(address: string) => string | null} Link says where an address may lead, null for nowhere */
/** @typedef {{ sign: string, size: number, left: number, closes: boolean, element: HTMLElement }} Opener */
/** @typedef {{ element: HTMLElement, ticks: number, text: string }} Code */

const WORD = /[\p{L}\p{N}]/u;
const PUNCTUATION = /[\p{P}\p{S}]/u;
// Scripts without spaces, and their punctuation: beside them, flanking says nothing about where a word ends.
const CJK = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{sc=Thai}\u3000-\u303f\uff00-\uffef]/u;
const WITHOUT_SPACES = /[\p{sc=Han}\p{sc=Hira}\p{sc=Hang}\p{sc=Thai}]/u;
/** A particle after the name of a site: no page of a shop begins with one. */
const AFTER_SITE = /^https?:\/\/[^/]+\/\p{sc=Hira}$/iu;
const ESCAPABLE = /[!-/:-@[-`{-~]/;
const SCHEMES = ['https://', 'http://'];
/** Characters that end a bare address: punctuation and symbols outside ASCII. */
const AFTER_ADDRESS = /[\s<>"'[\]*|`\\]|[^\p{ASCII}\p{L}\p{M}\p{N}]/u;
const TARGET = /^(?:<([^<>\n]*)>|([^\s<]\S*)?)(?:\s+(?:"[^"]*"|'[^']*'|\([^()]*\)))?$/;
const AUTOLINK = /^<(?:((?:https?|mailto|tel):[^\s<>]+)|([\w.+-]+@[\w.-]+\.\w+))>$/i;
const ENTITY = /^&(#x?[\da-f]{0,7}|[a-z][a-z\d]{0,30})?$/i;
const BREAK = /^<\/?br(?:[\s/][^<>\n]*)?>?$/i;
// Longer than any label or address that means well; what is held back must stay small.
const LONGEST_LABEL = 300;
const LONGEST_ADDRESS = 2000;
const DEEPEST_LABEL = 3;
const LONGEST_RUN = 6;
const LONGEST_TICKS = 3;
const MOST_OPEN = 20;

/** @type {Link} */
const nowhere = () => null;

export class Inline {
  /** The open signs, each within the one before. @type {Opener[]} */
  #open = [];
  /** The node that text is added to. @type {Node & ParentNode} */
  #place;
  /** The last text node, if it is the last child. @type {Text | null} */
  #tail = null;
  #text = '';
  #breaks = 0;
  #before = '\n';
  /** The first half of a character whose second half has not come. */
  #half = '';

  /** Takes the next character. @type {(char: string) => void} */
  #read = this.#inText;
  /** Text that is held back while its meaning is open. */
  #held = '';
  /** The signs that the held text begins with. */
  #sign = '';
  /** The depth of brackets in the held text. */
  #depth = 0;
  #label = '';
  /** The code that so many backticks would close, and what it says as it was written. @type {Code | null} */
  #code = null;
  /** Lengths of backtick runs that nothing closes, once the block has ended. @type {number[]} */
  #unclosed = [];

  /** @type {Record<string, (char: string) => void>} */
  #readers = {
    '*': this.#inRun,
    _: this.#inRun,
    '~': this.#inRun,
    '`': this.#inTicks,
    '\\': this.#inEscape,
    '[': this.#inLabel,
    '!': this.#inBang,
    '<': this.#inAngle,
    '&': this.#inEntity,
    h: this.#inBare,
  };

  /**
   * @param {Node & ParentNode} block
   * @param {Link} link
   */
  constructor(block, link) {
    this.block = this.#place = block;
    this.link = link;
  }

  /** Write and show at once. @param {string} text */
  show(text) {
    const whole = this.#half + text;
    const last = whole.slice(-1);
    this.#half = /[\ud800-\udbff]/.test(last) ? last : '';
    this.#write(this.#half ? whole.slice(0, -1) : whole);
    this.#flush();
  }

  /** The block ends. */
  end() {
    this.#write(this.#half);
    while (this.#held || this.#code) this.#settle();
    this.#flush();
    for (const opener of this.#open) this.#unwrap(opener);
    this.block.normalize();
  }

  /** End the block: decide what was left open. */
  #settle() {
    if (this.#read === this.#inRun) this.#endRun('\n');
    else if (this.#read === this.#inBare) this.#endBare();
    else if (this.#read === this.#inTicks) this.#endTicks();
    else if (this.#code) this.#undoCode(this.#code);
    else this.#release();
  }

  /** @param {string} text */
  #write(text) {
    for (const char of text) this.#read(char);
  }

  /** Put what was written so far on the page. */
  #flush() {
    if (!this.#text) return;
    if (this.#tail) this.#tail.appendData(this.#text);
    else this.#place.append((this.#tail = new Text(this.#text)));
    this.#text = '';
  }

  /** Continue in another node. @param {Node & ParentNode} place */
  #go(place) {
    this.#flush();
    this.#place = place;
    this.#tail = null;
  }

  /** @param {...(Node | string)} nodes */
  #append(...nodes) {
    this.#go(this.#place);
    for (; this.#breaks; this.#breaks--) this.#place.append(document.createElement('br'));
    this.#place.append(...nodes);
  }

  /** A line break, once there is something before and after it. @param {number} count */
  #break(count) {
    if (this.#text || this.block.hasChildNodes()) this.#breaks = count;
  }

  /** @param {string} text that means nothing but itself @param {string} [before] its last character as it was written */
  #put(text, before = text) {
    if (this.#breaks) this.#append();
    this.#text += text;
    this.#before = before;
  }

  /** @param {string} char */
  #inText(char) {
    const reader = this.#readers[char];
    if (char === '\n') {
      this.#break(this.#breaks || 1);
      this.#before = char;
    } else if (reader && (char !== 'h' || kindOf(this.#before) !== 'word')) {
      this.#read = reader;
      this.#held = this.#sign = char;
      this.#depth = 1;
    } else {
      this.#put(char);
    }
  }

  /** Return the held text and clear it. @returns {string} it */
  #taken() {
    const held = this.#held;
    this.#read = this.#code ? this.#inCode : this.#inText;
    this.#held = '';
    return held;
  }

  /** What was held back turns out to be nothing but text. Its first character is spent; the rest is read again. */
  #release() {
    const held = this.#taken();
    this.#put(/** @type {string} */ (held[0]));
    this.#write(held.slice(1));
  }

  // Emphasis

  /** @param {string} char */
  #inRun(char) {
    if (char === this.#sign) {
      this.#held += char;
    } else {
      this.#endRun(char);
      this.#read(char);
    }
  }

  /** A run of asterisks, underscores or tildes ends before `next`: it closes, opens or is text. @param {string} next */
  #endRun(next) {
    const run = this.#taken();
    const sign = this.#sign;
    const { opens, closes } = flanks(run, this.#before, next);
    let left = run.length;
    while (closes && left) {
      const opener = this.#openerOf(sign, opens, run.length);
      if (!opener) break;
      left -= this.#close(opener, left);
      this.#before = sign;
    }
    if (opens && left && this.#open.length < MOST_OPEN) this.#begin(sign, left, run.length, closes);
    else if (left) this.#put(sign.repeat(left), sign);
  }

  /**
   * The newest opener that such a run closes. Where either could do both, their lengths must not add up to a multiple of
   * three, unless both are one.
   * @param {string} sign @param {boolean} opens @param {number} size
   */
  #openerOf(sign, opens, size) {
    return this.#open.findLast(
      (opener) => opener.sign === sign && !((opens || opener.closes) && size % 3 && (opener.size + size) % 3 === 0),
    );
  }

  /** @param {string} sign @param {number} left @param {number} size @param {boolean} closes */
  #begin(sign, left, size, closes) {
    const element = document.createElement(tagOf(sign, left));
    this.#append(element);
    this.#go(element);
    this.#open.push({ sign, left, size, closes, element });
    this.#before = sign;
  }

  /** @param {Opener} opener @param {number} most @returns {number} how many signs of the closing run it took */
  #close(opener, most) {
    this.#flush();
    const inner = this.#open.splice(this.#open.indexOf(opener) + 1);
    for (const each of inner) this.#unwrap(each);
    const { element, sign, left } = opener;
    const used = Math.min(left, most, 2);
    opener.left -= used;
    if (opener.left) {
      opener.element = document.createElement(tagOf(sign, opener.left));
      const closed = document.createElement(tagOf(sign, used));
      while (element.firstChild) closed.append(element.firstChild);
      opener.element.append(closed);
      element.replaceWith(opener.element);
      this.#go(opener.element);
    } else {
      this.#open.pop();
      this.#go(/** @type {Node & ParentNode} */ (element.parentNode));
    }
    return used;
  }

  /** Turn the signs of an unclosed opener back into text. @param {Opener} opener */
  #unwrap({ element, sign, left }) {
    element.before(sign.repeat(left));
    while (element.firstChild) element.before(element.firstChild);
    element.remove();
  }

  // Code

  /** @param {string} char */
  #inTicks(char) {
    if (char === '`') {
      this.#held += char;
    } else {
      this.#endTicks();
      this.#read(char);
    }
  }

  /** A run of backticks has ended: it closes code, opens it, or is text. */
  #endTicks() {
    const run = this.#taken();
    const ticks = run.length;
    if (this.#code) {
      if (ticks === this.#code.ticks) this.#closeCode(this.#code);
      else this.#putCode(this.#code, run);
    } else if (ticks > LONGEST_TICKS || this.#unclosed.includes(ticks)) {
      this.#put(run, '`');
    } else {
      const element = document.createElement('code');
      this.#append(element);
      this.#go(element);
      this.#code = { element, ticks, text: '' };
      this.#read = this.#inCode;
    }
  }

  /** @param {string} char */
  #inCode(char) {
    if (char === '`') {
      this.#read = this.#inTicks;
      this.#held = char;
    } else if (this.#code) {
      this.#putCode(this.#code, char);
    }
  }

  /** @param {Code} code @param {string} text */
  #putCode(code, text) {
    code.text += text;
    this.#text += text === '\n' ? ' ' : text;
  }

  /** @param {Code} code */
  #closeCode({ element, text }) {
    this.#leaveCode(element);
    if (/^[ \n].*[ \n]$/s.test(text) && text.trim()) element.textContent = text.slice(1, -1).replaceAll('\n', ' ');
    this.#before = '`';
  }

  /** @param {HTMLElement} element */
  #leaveCode(element) {
    this.#go(/** @type {Node & ParentNode} */ (element.parentNode));
    this.#code = null;
    this.#read = this.#inText;
  }

  /** Turn unclosed backticks back into text, and read what follows them as text. @param {Code} code */
  #undoCode({ element, ticks, text }) {
    this.#leaveCode(element);
    element.remove();
    this.#unclosed.push(ticks);
    this.#put('`'.repeat(ticks), '`');
    this.#write(text);
  }

  // Escapes, entities, line breaks

  /** @param {string} char */
  #inEscape(char) {
    this.#taken();
    if (ESCAPABLE.test(char)) this.#put(char);
    else {
      if (char !== '\n') this.#put('\\');
      this.#read(char);
    }
  }

  /** @param {string} char */
  #inEntity(char) {
    this.#held += char;
    const text = char === ';' && decode(this.#held);
    if (text && text !== this.#held) {
      this.#taken();
      this.#put(text, ';');
    } else if (!ENTITY.test(this.#held)) {
      this.#release();
    }
  }

  /** @param {string} char */
  #inAngle(char) {
    this.#held += char;
    if (char === '>') this.#endAngle(this.#held);
    else if ((/[\s<]/.test(char) && !BREAK.test(this.#held)) || this.#held.length > LONGEST_ADDRESS) this.#release();
  }

  /** @param {string} held */
  #endAngle(held) {
    const [, address, mail] = AUTOLINK.exec(held) ?? [];
    if (BREAK.test(held)) {
      this.#taken();
      this.#break(this.#breaks + 1);
      this.#before = '>';
    } else if (address || mail) {
      this.#taken();
      this.#anchor(address ?? mail ?? '', this.link(address ?? `mailto:${mail}`));
    } else {
      this.#release();
    }
  }

  // Links

  /** @param {string} char */
  #inBang(char) {
    this.#held += char;
    if (char === '[') this.#read = this.#inLabel;
    else this.#release();
  }

  /** @param {string} char */
  #inLabel(char) {
    const isEscaped = isEscape(this.#held);
    this.#held += char;
    if (this.#held.length > LONGEST_LABEL || this.#depth > DEEPEST_LABEL) this.#release();
    else if (isEscaped) return;
    else if (char === '[') this.#depth++;
    else if (char === ']' && !--this.#depth) this.#read = this.#inLabelled;
    // Of a link within a link the inner one is it, but for a picture.
    else if (this.#held.endsWith('](') && /[^!]\[[^[\]]*\]\($/.test(this.#held)) this.#release();
  }

  /** @param {string} char */
  #inLabelled(char) {
    this.#held += char;
    if (char !== '(') return this.#release();
    this.#label = this.#held.slice(0, -2);
    this.#depth = 1;
    this.#read = this.#inAddress;
  }

  /** @param {string} char */
  #inAddress(char) {
    const isEscaped = isEscape(this.#held);
    const isLabelled = char === '(' && this.#held.endsWith(']');
    this.#held += char;
    if (isLabelled || this.#held.length > LONGEST_ADDRESS) this.#release();
    else if (isEscaped) return;
    else if (char === '(') this.#depth++;
    else if (char === ')' && !--this.#depth) this.#endAddress(this.#held.slice(this.#label.length + 2, -1).trim());
  }

  /** @param {string} inside what stands between the parentheses */
  #endAddress(inside) {
    const found = TARGET.exec(inside);
    if (!found) return this.#release();
    this.#taken();
    const isPicture = this.#label[0] === '!';
    const target = found[1]?.replaceAll(' ', '%20') ?? found[2] ?? '';
    const address = isPicture ? '' : absolute(decode(target.replace(/\\([!-/:-@[-`{-~])/g, '$1')));
    this.#anchor(this.#label.slice(isPicture ? 2 : 1), address && this.link(address), address, true);
  }

  /**
   * A link with its label, or the label with what the shopper can do without the link.
   * @param {string} label @param {string | null} href none where it leads nowhere @param {string} [address] as it was written @param {boolean} [isMarked] whether signs in the label count
   */
  #anchor(label, href, address = '', isMarked) {
    const inner = document.createDocumentFragment();
    if (isMarked) {
      const text = new Inline(inner, nowhere);
      text.show(label);
      text.end();
    } else {
      inner.append(label);
    }
    if (href) {
      const anchor = document.createElement('a');
      anchor.href = href;
      anchor.rel = 'noopener noreferrer nofollow';
      anchor.referrerPolicy = 'no-referrer';
      anchor.append(inner.hasChildNodes() ? inner : href);
      this.#append(anchor);
    } else {
      const words = inFull(address, inner.textContent ?? '');
      const told = document.createElement('bdi'); // in every language it is written from left to right
      told.dir = 'ltr';
      told.append(words);
      this.#append(inner, ...(words ? [' (', told, ')'] : []));
    }
    this.#before = ')';
  }

  /** @param {string} char */
  #inBare(char) {
    const held = this.#held + char;
    if (SCHEMES.some((scheme) => scheme.startsWith(held) || (held.startsWith(scheme) && this.#goesOn(char)))) {
      this.#held = held;
      if (held.length > LONGEST_ADDRESS) this.#endBare();
    } else {
      this.#endBare();
      this.#read(char);
    }
  }

  /** Tell whether a bare address continues with this character. A closing bracket belongs to what has opened it. @param {string} char */
  #goesOn(char) {
    const held = this.#held;
    if (char === ')') return held.split('(').length > held.split(')').length;
    if (AFTER_ADDRESS.test(char) || AFTER_SITE.test(held + char)) return false;
    return !(WITHOUT_SPACES.test(char) && /[a-z\d]$/i.test(held.slice(-1)));
  }

  #endBare() {
    const held = this.#taken();
    let end = held.length;
    while ('.,;:!?_~&('.includes(held.charAt(end - 1))) end--;
    const address = decode(held.slice(0, end));
    const href = /^https?:\/\/./.test(address) ? this.link(address) : null;
    if (href) this.#anchor(address, href);
    else if (address) this.#put(address, address.slice(-1));
    this.#write(held.slice(end));
  }
}

/** @param {string} held whether its last character takes the next one's meaning away */
function isEscape(held) {
  let slashes = 0;
  while (held.at(-1 - slashes) === '\\') slashes++;
  return slashes % 2 === 1;
}

/** @param {string} sign @param {number} count */
function tagOf(sign, count) {
  return sign === '~' ? 's' : count > 1 ? 'strong' : 'em';
}

/** Of what a run of signs is neighbour. @param {string} char @returns {'space' | 'cjk' | 'sign' | 'word'} */
function kindOf(char) {
  if (/\s/.test(char)) return 'space';
  if (CJK.test(char)) return 'cjk';
  return PUNCTUATION.test(char) ? 'sign' : 'word';
}

/**
 * Whether a run of signs can open and close emphasis: https://spec.commonmark.org/0.31.2/#emphasis-and-strong-emphasis
 * @param {string} run @param {string} before @param {string} next
 */
function flanks(run, before, next) {
  const [a, b] = [kindOf(before), kindOf(next)];
  const isLeft = b !== 'space' && (b !== 'sign' || a !== 'word');
  const isRight = a !== 'space' && (a !== 'sign' || b !== 'word');
  // 30*40 cm, 30cm*40cm, 2*XL: nobody means emphasis.
  const isProduct = run === '*' && WORD.test(before) && WORD.test(next) && /\p{Nd}/u.test(before + next);
  if (isProduct || run.length > LONGEST_RUN || (run[0] === '~' && run.length !== 2)) return { opens: false, closes: false };
  if (run[0] !== '_') return { opens: isLeft, closes: isRight };
  return {
    opens: isLeft && (!isRight || PUNCTUATION.test(before)),
    closes: isRight && (!isLeft || PUNCTUATION.test(next)),
  };
}
