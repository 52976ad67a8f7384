/** @typedef {{ id: string, data: string }} ServerEvent */

/**
 * A decoder of server-sent events (WHATWG HTML, 9.2.6): text in, however it was cut; complete events out.
 * `retry:`, `event:` and comments are passed over.
 */
export class EventDecoder {
  #rest = '';
  #id = '';
  /** @type {string[]} */
  #data = [];
  #skipLineFeed = false;

  /** @param {string} text @returns {ServerEvent[]} */
  push(text) {
    if (!text) return [];
    if (this.#skipLineFeed && text[0] === '\n') text = text.slice(1);
    this.#skipLineFeed = text.endsWith('\r');
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line));
  }

  /** @param {string} line @returns {ServerEvent[]} */
  #line(line) {
    if (line === '') return this.#dispatch();
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === 'data') this.#data.push(value ?? '');
    else if (field === 'id') this.#id = value ?? '';
    return [];
  }

  #dispatch() {
    const data = this.#data.splice(0);
    return data.length ? [{ id: this.#id, data: data.join('\n') }] : [];
  }
}
