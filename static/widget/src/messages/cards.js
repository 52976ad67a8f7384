import { h, icon } from '../common/dom.js';
import { CHEVRON } from '../common/icons.js';
import { strings } from '../shopping/strings.js';
import { exceeds, isSamePrice, price, priceRange } from './money.js';
import { noticeList } from '../shopping/notices.js';
import { Purchase } from './purchase.js';

/** @typedef {import('../types').Product} Product */
/** @typedef {import('../types').Variant} Variant */
/** @typedef {import('./view.js').Shown} Shown */

/**
 * Products as a list to swipe, scroll and tab through.
 * @param {Product[]} products as the shop's own tool gave them
 * @param {Shown} shown
 */
export function productList(products, shown) {
  const list = h('ul', { className: 'products', role: 'list', 'aria-label': strings.products });
  const shelf = h('div', {}, list);
  add(list, products, shown);
  return shelf;
}

/** Put products behind those of a list. @param {HTMLElement} list @param {Product[]} products @param {Shown} shown */
export function add(list, products, shown) {
  list.append(...products.map((product) => item(product, shown)));
  const isSingle = list.children.length < 2;
  list.classList.toggle('single', isSingle);
  if (!isSingle && !list.nextSibling) {
    list.after(step(list, -1), step(list, 1));
    list.parentElement?.classList.add('shelf');
  }
  list.dispatchEvent(new Event('scroll')); // what the buttons listen to
}

/** A button that pages the list; keyboards and screen readers have the links themselves. */
/** @param {HTMLElement} list @param {1 | -1} way */
function step(list, way) {
  const button = h('button', { className: 'step', tabIndex: -1, 'aria-hidden': 'true' }, icon(CHEVRON));
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

/**
 * A product's card, what the shop says of it, and the way into the cart.
 * @param {Product} product
 * @param {Shown} shown
 */
function item(product, shown) {
  const { locale, addresses } = shown;
  const said = h('div', { className: 'notices' });
  const facts = h('span', { className: 'details' });
  const show = (/** @type {Product} */ { notices = [] }, /** @type {Variant | null} */ variant) => {
    facts.replaceChildren(...details(product, variant, locale));
    said.replaceChildren(...noticeList([...notices, ...(variant?.notices ?? [])], addresses));
    return [facts.innerText, said.innerText].join('. ');
  };
  show(product, null);
  const purchase = product.available && new Purchase(product, shown, said, show).element;
  return h('li', {}, card(product, addresses, facts), said, purchase);
}

/** @param {Product} product @param {import('./links.js').Addresses} addresses @param {HTMLElement} facts */
function card(product, addresses, facts) {
  const href = addresses.link(product.url);
  const content = [picture(addresses.image(product.image), product.available), facts];
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

/**
 * What stands under the picture: of the product, or of the variant that was chosen.
 * @param {Product} product
 * @param {Variant | null} variant
 * @param {string} locale
 */
function details(product, variant, locale) {
  const { price: lowest, variants = [] } = product;
  const { compare_at } = variant ?? variants.find(({ price }) => isSamePrice(price, lowest)) ?? {};
  const before = compare_at && exceeds(compare_at, variant?.price ?? lowest) && compare_at;
  const now = variant ? price(variant.price, locale) : prices(product, !before, locale);
  return [
    h('span', { className: 'name' }, product.title),
    h(
      'span',
      { className: 'price' },
      before && h('span', { className: 'hidden' }, strings.now),
      h('b', { className: before ? 'sale' : '' }, now),
      before && h('span', { className: 'hidden' }, strings.was),
      before && h('s', {}, price(before, locale)),
    ),
    h('span', { className: 'stock' }, stock(product, variant)),
  ];
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

/** @param {Product} product @param {Variant | null} variant */
function stock(product, variant) {
  if (!(variant ?? product).available) return strings.soldOut;
  const available = product.variants?.filter(({ available }) => available) ?? [];
  // Shoppers do not count combinations.
  const isCounted = available.length > 1 && Object.keys(available[0]?.options ?? {}).length < 2;
  return variant || product.has_more_variants || !isCounted ? strings.inStock : strings.options(available.length);
}
