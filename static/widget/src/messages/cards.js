import { h, icon } from '../common/dom.js';
import { CHEVRON } from '../common/icons.js';
import { strings } from './strings.js';
import { exceeds, isSamePrice, price, priceRange } from './money.js';
import { purchase } from './purchase.js';

/** @typedef {import('../types').Product} Product */
/** @typedef {import('./view.js').Shown} Shown */

/**
 * Products as a list to swipe, scroll and tab through.
 * @param {Product[]} products as the shop's own tool gave them
 * @param {Shown} shown
 */
export function productList(products, shown) {
  const list = h('ul', { className: 'products', role: 'list', 'aria-label': strings.products });
  list.append(...products.map((product) => h('li', {}, card(product, shown), purchase(product, shown))));
  if (products.length < 2) {
    list.classList.add('single');
    return list;
  }
  return h('div', { className: 'shelf' }, list, step(list, -1), step(list, 1));
}

/** A button that pages the list; keyboards and screen readers have the links themselves. */
/** @param {HTMLElement} list @param {1 | -1} way */
function step(list, way) {
  const button = h('button', { type: 'button', className: 'step', tabIndex: -1, 'aria-hidden': 'true' }, icon(CHEVRON));
  button.dataset.way = String(way);
  button.onclick = () => list.scrollBy({ left: way * list.clientWidth * 0.8 * direction(list), behavior: 'smooth' });
  const update = () => {
    const at = Math.abs(list.scrollLeft);
    button.hidden = way < 0 ? at < 8 : at + list.clientWidth > list.scrollWidth - 8;
  };
  list.addEventListener('scroll', update, { passive: true });
  new ResizeObserver(update).observe(list);
  return button;
}

/** @param {Element} element */
function direction(element) {
  return getComputedStyle(element).direction === 'rtl' ? -1 : 1;
}

/** @param {Product} product @param {Shown} shown */
function card(product, { locale, addresses }) {
  const href = addresses.link(product.url);
  const content = [picture(addresses.image(product.image), product.available), details(product, locale)];
  return href
    ? h('a', { className: 'card', part: 'card', href }, ...content)
    : h('div', { className: 'card' }, ...content);
}

/** @param {string | null} src @param {boolean} available */
function picture(src, available) {
  const image = src && h('img', { src, alt: '', loading: 'lazy', decoding: 'async', width: 160, height: 200 });
  if (image) image.onerror = () => image.remove();
  return h('span', { className: 'picture' }, image, !available && h('span', { className: 'badge' }, strings.soldOut));
}

/** @param {Product} product @param {string} locale */
function details(product, locale) {
  const variants = product.variants ?? [];
  const cheapest = variants.find((variant) => isSamePrice(variant.price, product.price));
  const before = cheapest?.compare_at && exceeds(cheapest.compare_at, product.price) && cheapest.compare_at;
  return h(
    'span',
    { className: 'details' },
    h('span', { className: 'name' }, product.title),
    h(
      'span',
      { className: 'price' },
      before && h('span', { className: 'hidden' }, strings.now),
      h('b', { className: before ? 'sale' : '' }, prices(product, !before, locale)),
      before && h('span', { className: 'hidden' }, strings.was),
      before && h('s', {}, price(before, locale)),
    ),
    h('span', { className: 'stock' }, stock(product)),
  );
}

/**
 * The price, or where the variants differ, the range or at least where it begins.
 * @param {Product} product @param {boolean} mayRange @param {string} locale
 */
function prices({ price: lowest, price_max, variants }, mayRange, locale) {
  if (mayRange && price_max) return priceRange(lowest, price_max, locale);
  const differ = variants?.some((variant) => !isSamePrice(variant.price, lowest));
  return differ ? strings.from(price(lowest, locale)) : price(lowest, locale);
}

/** @param {Product} product */
function stock(product) {
  const available = product.variants?.filter((variant) => variant.available).length ?? 0;
  if (!product.available) return strings.soldOut;
  return available > 1 ? strings.options(available) : strings.inStock;
}
