import { add } from './cards.js';
import { result } from './result.js';

/** @typedef {import('../types').Part} Part */
/** @typedef {import('../types').Product} Product */
/** @typedef {import('./view.js').Shown} Shown */

/** Show what the shop said. @param {HTMLElement} element @param {Part} part @param {Shown} shown */
export function fill(element, part, shown) {
  element.replaceChildren(...result(part, shown));
}

/** Cards that follow each other are one list. @param {Part[]} parts @returns {Part[]} */
export function joined(parts) {
  /** @type {Part[]} */
  const lists = [];
  for (const part of parts) {
    const { products } = lists.at(-1)?.data ?? {};
    if (products && part.type === 'data-products') {
      lists.splice(-1, 1, { ...part, data: { products: products.concat(part.data.products) } });
    } else lists.push(part);
  }
  return lists;
}

/**
 * Put products behind those of a list, which stay as they are: one of them may be in use.
 * @param {HTMLElement} goods what the list stands in
 * @param {string} before what it shows, as JSON
 * @param {{ products: Product[] }} data
 * @param {Shown} shown
 * @returns {boolean} whether the list shows all of it now
 */
export function grow(goods, before, data, shown) {
  const list = goods.querySelector('ul');
  if (!list || !JSON.stringify(data).startsWith(`${before.slice(0, -2)},`)) return false;
  add(list, data.products.slice(list.children.length), shown);
  return true;
}
