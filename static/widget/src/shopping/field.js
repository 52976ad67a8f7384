import { h, icon } from '../common/dom.js';
import { DOWN } from '../common/icons.js';
import { strings } from './strings.js';

/** @typedef {import('../types').Option} Option */

/** One option of a product, to choose a value of. An option with one value is no choice: it is chosen. */
export class Field {
  #select;

  /**
   * @param {Option} option
   * @param {string} title the product's
   * @param {(label: string) => string} note what stands beside a value that can be had
   * @param {() => void} onchange
   */
  constructor({ name, values }, title, note, onchange) {
    this.name = name;
    this.note = note;
    this.isChoice = values.length > 1;
    this.invitation = name ? strings.chooseOne(name) : strings.choose;
    const label = name ? `${name}, ${title}` : strings.chooseThis(title);
    this.#select = h('select', { 'aria-label': label, onchange }, h('option', { value: '' }, strings.choose));
    this.element = h('label', { className: name ? 'option named' : 'option' }, name && h('span', {}, name), this.#select, icon(DOWN));
    this.mark(values);
    if (!this.isChoice) this.value = values[0]?.label ?? '';
  }

  get value() {
    return this.#select.value;
  }

  set value(label) {
    this.#select.value = label;
    if (!this.#select.value) this.#select.value = ''; // a value that is not there
  }

  /** Say of each value whether it can be had with what else is chosen. @param {Option['values']} values */
  mark(values) {
    const known = new Map([...this.#select.options].slice(1).map((option) => [option.value, option]));
    for (const { label, available, exists } of values) {
      const option = known.get(label) ?? h('option', { value: label });
      const text = [label, !exists ? strings.notMade : available ? this.note(label) : strings.soldOut];
      option.textContent = text.filter(Boolean).join(' · ');
      option.disabled = !exists;
      known.delete(label);
      if (!option.isConnected && !option.parentNode) this.#select.append(option);
    }
    for (const option of known.values()) option.remove();
  }

  /** Have the shopper choose: open the list, where the browser lets a page do so. */
  ask() {
    this.#select.focus();
    try {
      this.#select.showPicker();
    } catch {
      // the shopper opens it
    }
  }
}
