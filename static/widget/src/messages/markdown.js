import { Inline } from './inline.js';

/** @typedef {{ indent: number, list: HTMLElement, item: HTMLElement }} Level */

// What the start of a line may still become. Once it cannot be any of these any more, the line is decided.
const UNDECIDED = /^\s*(?:#{1,6} *|[-+*•] *|([-*_])(?: *\1)* *|\d{1,3}[.)]? *|`{1,2}|`{3,}[^`]*|~{1,2}|~{3,}.*|> ?|\|[\s|:-]*)?$/;
const LONGEST_START = 120;
const HEADING = /^#{1,6} +$/;
const BULLET = /^[-+*•] +/;
const NUMBER = /^(\d{1,3})[.)] +$/;
const QUOTE = /^> ?$/;
const RULE = /^([-*_])(?: *\1){2,} *$/;
const FENCE = /^(?:(`{3,})[^`]*|(~{3,}).*)$/;
const SEPARATOR = /^\|[\s|:-]*-[\s|:-]*$/;
const DEEPEST_LIST = 6;
const WIDEST_TABLE = 60;

/**
 * Markdown from a model, built as elements while it streams in: paragraphs, headings (as bold lines), lists, tables,
 * quotes, code. Only the elements named here and in `Inline` can come to be; HTML stays text, and there are no
 * pictures.
 */
export class Markdown {
  /** The start of a line while it is undecided, null within a line. @type {string | null} */
  #start = '';
  /** Takes the rest of a decided line. @type {(text: string) => void} */
  #rest = () => {};
  /** The open paragraph, list item or quote. @type {Inline | null} */
  #text = null;
  /** @type {Level[]} */
  #levels = [];
  /** @type {HTMLElement | null} */
  #quote = null;
  /** @type {HTMLTableElement | null} */
  #table = null;
  /** What ends with its line: a heading or a table's cell. @type {Inline | null} */
  #line = null;
  #cellDue = false;
  /** A backslash whose next character has not come. */
  #escape = '';
  /** @type {{ mark: string, indent: number, code: Text, lines: number } | null} */
  #fence = null;

  /**
   * @param {HTMLElement} root
   * @param {import('./inline.js').Link} link says which addresses may be links
   */
  constructor(root, link) {
    this.root = root;
    this.link = link;
  }

  /** @param {string} chunk */
  write(chunk) {
    for (const piece of chunk.replace(/\r/g, '').split(/(\n)/)) {
      if (piece === '\n') this.#newLine();
      else this.#inLine(piece);
    }
  }

  /** The text is complete. */
  end() {
    if (this.#start) this.#decide(this.#start, true);
    this.#endLine();
    this.#endText();
  }

  /** @param {string} text */
  #inLine(text) {
    let at = 0;
    while (this.#start !== null && at < text.length) this.#atStart(/** @type {string} */ (text[at++]));
    if (at < text.length) this.#rest(text.slice(at));
  }

  /** @param {string} char */
  #atStart(char) {
    const before = /** @type {string} */ (this.#start);
    const start = before + char;
    if (this.#fence) this.#inFence(start);
    else if (start.length < LONGEST_START && UNDECIDED.test(start)) this.#start = start;
    else {
      this.#start = null;
      this.#decide(before, false);
      this.#rest(char);
    }
  }

  #newLine() {
    if (this.#start !== null) this.#decide(this.#start, true);
    this.#endLine();
    this.#text?.show('\n');
    this.#start = '';
  }

  /** @param {string} start @param {boolean} whole whether the line ends here */
  #decide(start, whole) {
    const mark = start.trimStart();
    const indent = start.length - mark.length;
    const number = NUMBER.exec(mark)?.[1];
    const bullet = BULLET.exec(mark)?.[0];
    const fence = whole && FENCE.exec(mark);
    if (this.#fence) this.#fenceLine(start);
    else if (whole && mark === '') this.#blank();
    else if (whole && RULE.test(mark)) this.#rule();
    else if (fence) this.#openFence(indent, fence[1] ?? fence[2] ?? '');
    else if (HEADING.test(mark)) this.#heading();
    else if (number) this.#item(indent, 'ol', Number(number));
    else if (bullet) this.#item(indent, 'ul', 1, mark.slice(bullet.length));
    else if (QUOTE.test(mark)) this.#quoted(whole);
    else if (mark[0] === '|') this.#tableRow(mark, whole);
    else this.#paragraph(indent, mark);
  }

  #blank() {
    this.#endText();
    this.#table = null;
    this.#quote = null;
  }

  #endText() {
    this.#text?.end();
    this.#text = null;
  }

  /** Text goes into `element` from here on. @param {HTMLElement} element @param {string} [first] */
  #into(element, first = '') {
    const text = new Inline(element, this.link);
    this.#text = text;
    this.#rest = (more) => text.show(more);
    text.show(first);
  }

  /** @param {Node} parent @param {string} tag */
  #add(parent, tag) {
    return parent.appendChild(document.createElement(tag));
  }

  /** Leave lists, quotes and tables. */
  #atRoot() {
    this.#blank();
    this.#levels = [];
    return this.root;
  }

  /** Where a block of this indent belongs: the list item it is indented under, or the top. @param {number} indent */
  #under(indent) {
    this.#blank();
    this.#levels = this.#levels.filter((level) => indent >= level.indent + 2);
    return this.#levels.at(-1)?.item ?? this.root;
  }

  /** @param {number} indent @param {string} first */
  #paragraph(indent, first) {
    this.#table = null;
    if (this.#text) this.#text.show(first);
    else this.#into(this.#add(this.#under(indent), 'p'), first);
  }

  #heading() {
    const line = this.#add(this.#atRoot(), 'p');
    line.className = 'heading';
    this.#line = new Inline(line, this.link);
    this.#rest = (text) => this.#line?.show(text);
  }

  #rule() {
    this.#add(this.#atRoot(), 'hr');
    this.#rest = () => {};
  }

  /** @param {number} indent @param {'ul' | 'ol'} tag @param {number} number @param {string} [first] */
  #item(indent, tag, number, first) {
    this.#blank();
    const levels = this.#levels;
    while (levels.length && indent < /** @type {Level} */ (levels.at(-1)).indent) levels.pop();
    const top = levels.at(-1);
    const deeper = top && indent >= top.indent + 2 && levels.length < DEEPEST_LIST;
    if (!top || deeper || top.list.localName !== tag) {
      if (top && !deeper) levels.pop();
      const list = this.#add(levels.at(-1)?.item ?? this.root, tag);
      if (list instanceof HTMLOListElement && number !== 1) list.start = number;
      levels.push({ indent: deeper || !top ? indent : top.indent, list, item: list });
    }
    const level = /** @type {Level} */ (levels.at(-1));
    level.item = this.#add(level.list, 'li');
    this.#into(level.item, first);
  }

  /** @param {boolean} whole */
  #quoted(whole) {
    const quote = this.#quote ?? this.#add(this.#atRoot(), 'blockquote');
    if (whole) this.#endText();
    else if (!this.#text) this.#into(this.#add(quote, 'p'));
    this.#quote = quote;
  }

  /** @param {string} mark @param {boolean} whole */
  #tableRow(mark, whole) {
    if (whole && this.#table && SEPARATOR.test(mark)) return;
    const table = this.#table ?? /** @type {HTMLTableElement} */ (this.#add(this.#atRoot(), 'table'));
    const row = this.#table ? (table.tBodies[0] ?? table.createTBody()).insertRow() : table.createTHead().insertRow();
    this.#table = table;
    this.#rest = (text) => this.#cells(row, text);
    this.#rest(mark);
  }

  /** @param {HTMLTableRowElement} row @param {string} text */
  #cells(row, text) {
    const pieces = (this.#escape + text).match(/\\.|[^\\|]+|./gs) ?? [];
    const escape = pieces.at(-1) === '\\' ? pieces.pop() : '';
    this.#escape = ''; // it belongs to the last of these cells, not to one that ends before
    for (const piece of pieces) {
      if (piece === '|' && row.cells.length < WIDEST_TABLE) this.#nextCell(row);
      else this.#inCell(row, piece === '\\|' ? '|' : piece);
    }
    this.#escape = /** @type {string} */ (escape);
  }

  /** @param {HTMLTableRowElement} row */
  #nextCell(row) {
    if (this.#cellDue) this.#openCell(row);
    this.#endLine();
    this.#cellDue = true;
  }

  /** @param {HTMLTableRowElement} row @param {string} text */
  #inCell(row, text) {
    const shown = this.#line ? text : text.trimStart();
    if (shown && !this.#line) this.#openCell(row);
    this.#line?.show(shown);
  }

  /** @param {HTMLTableRowElement} row */
  #openCell(row) {
    this.#cellDue = false;
    const head = row.parentElement?.localName === 'thead';
    this.#line = new Inline(this.#add(row, head ? 'th' : 'td'), this.link);
  }

  #endLine() {
    this.#line?.show(this.#escape);
    this.#line?.end();
    this.#escape = '';
    this.#line = null;
    this.#cellDue = false;
  }

  /** @param {number} indent @param {string} mark */
  #openFence(indent, mark) {
    const code = this.#add(this.#add(this.#under(indent), 'pre'), 'code').appendChild(new Text());
    this.#fence = { mark, indent, code, lines: 0 };
  }

  /** @param {string} start */
  #inFence(start) {
    if (/^ *[`~]*\s*$/.test(start) && start.length < LONGEST_START) {
      this.#start = start;
    } else {
      this.#start = null;
      this.#codeLine(start);
    }
  }

  /** A line that is nothing but fence characters or spaces. @param {string} line */
  #fenceLine(line) {
    const mark = line.trim();
    const fence = this.#fence;
    if (fence && mark.length >= fence.mark.length && mark === fence.mark[0]?.repeat(mark.length)) this.#fence = null;
    else this.#codeLine(line);
  }

  /** @param {string} start */
  #codeLine(start) {
    const fence = this.#fence;
    if (!fence) return;
    const indent = Math.min(fence.indent, start.length - start.trimStart().length);
    fence.code.appendData((fence.lines++ ? '\n' : '') + start.slice(indent));
    this.#rest = (more) => fence.code.appendData(more);
  }
}
