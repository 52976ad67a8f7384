import { localeOf } from './languages.js';
import { strings } from './strings.js';

/** @typedef {import('./types').Settings} Settings */

/**
 * What the snippet's attributes and the page say. A product page knows its product, and the address its variant.
 * @param {HTMLElement} element
 * @returns {Settings}
 */
export function settings(element) {
  const data = element.dataset;
  const locale = localeOf(element);
  return {
    shop: data.shop ?? '',
    api: (data.api || location.origin).replace(/\/$/, ''),
    locale,
    title: data.title || strings.title,
    greeting: data.greeting || strings.greeting,
    root: data.root || '/',
    page: {
      url: location.origin + location.pathname, // what comes after may be nobody's business
      title: document.title.slice(0, 200),
      ...known({
        type: data.pageType,
        product_id: data.productId,
        variant_id: new URLSearchParams(location.search).get('variant') || data.variantId,
        collection: data.collection,
        locale,
        currency: data.currency,
        country: data.country,
      }),
    },
  };
}

/** @param {Record<string, string | null | undefined>} fields */
function known(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value));
}
