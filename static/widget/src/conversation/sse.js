/** @typedef {{ id: string, data: string }} ServerEvent */

/** The most characters of one event. The longest that the server sends, products with all their variants, has a tenth. */
export const LONGEST_EVENT = 4 * 1024 * 1024;

/**
 * A decoder of server-sent events (WHATWG HTML, 9.2.6): text in, however it was cut; complete events out. Each character
 * is looked at once. `retry:`, `event:` and comments are passed over.
 */
export class EventDecoder {
  /** The pieces of the line that has not ended yet. @type {string[]} */
  #line = [];
  #id = '';
  /** @type {string[]} */
  #data = [];
  /** The characters of the lines above. */
  #size = 0;
  #skipLineFeed = false;

  /** @param {string} text @returns {ServerEvent[]} the events that it completes; throws when one is too long */
  push(text) {
    if (!text) return [];
    if (this.#skipLineFeed && text[0] === '\n') text = text.slice(1);
    this.#skipLineFeed = text.endsWith('\r');
    const [first, ...others] = text.split(/\r\n|\n|\r/);
    this.#take(first);
    return others.flatMap((line) => {
      const ended = this.#line.join('');
      this.#line = [];
      this.#take(line);
      return this.#end(ended);
    });
  }

  /** @param {string} [piece] of a line */
  #take(piece = '') {
    this.#line.push(piece);
    this.#size += piece.length;
    if (this.#size > LONGEST_EVENT) throw new RangeError();
  }

  /** @param {string} line @returns {ServerEvent[]} */
  #end(line) {
    if (line === '') return this.#dispatch();
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === 'data') this.#data.push(value ?? '');
    else if (field === 'id') this.#id = value ?? '';
    return [];
  }

  #dispatch() {
    const data = this.#data.splice(0);
    this.#size = this.#line[0]?.length ?? 0;
    return data.length ? [{ id: this.#id, data: data.join('\n') }] : [];
  }
}
