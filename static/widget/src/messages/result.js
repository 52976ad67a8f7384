import { productList } from './cards.js';
import { cartLine } from './cart-line.js';
import { proposal } from './proposal.js';

/**
 * What the shop said, as a part of an answer holds it.
 * @param {import('../types').Part} part
 * @param {import('./view.js').Shown} shown
 * @returns {(HTMLElement | SVGElement)[]}
 */
export function result({ type, data }, shown) {
  if (type === 'data-cart-proposal') return proposal(data, shown);
  return type === 'data-cart' ? cartLine(data, shown) : [productList(data.products, shown)];
}
