import { h, icon } from '../common/dom.js';
import { DONE } from '../common/icons.js';
import { strings } from './strings.js';
import { price } from './money.js';

/** @typedef {import('../types').Product} Product */
/** @typedef {import('../types').Variant} Variant */

const DONE_MS = 2500;

/**
 * The way into the cart: the button, and where there is a choice, what to choose from.
 * @param {Product} product
 * @param {import('./view.js').Shown} shown
 */
export function purchase({ title, variants }, { locale, acts }) {
  const available = (variants ?? []).filter((variant) => variant.available);
  const [first] = available;
  if (!first) return null;
  const choice = available.length > 1 && options(available, title, locale);
  const button = h('button', { type: 'button', className: 'add' }, strings.add);
  button.setAttribute('aria-label', strings.addThis(title));
  button.onclick = async () => {
    if (button.ariaBusy) return;
    button.ariaBusy = 'true';
    const isIn = await acts.add(choice ? choice.value : first.id, title);
    button.ariaBusy = null;
    if (!isIn) return;
    button.replaceChildren(icon(DONE), strings.added);
    setTimeout(() => button.replaceChildren(strings.add), DONE_MS);
  };
  return h('div', { className: 'purchase' }, choice, button);
}

/** @param {Variant[]} variants @param {string} title @param {string} locale */
function options(variants, title, locale) {
  const isOnePrice = new Set(variants.map((variant) => variant.price.amount + variant.price.currency)).size === 1;
  const named = variants.map((variant) => {
    const text = isOnePrice ? variant.title : `${variant.title} · ${price(variant.price, locale)}`;
    return h('option', { value: variant.id }, text);
  });
  return h('select', { 'aria-label': strings.choose(title) }, ...named);
}
