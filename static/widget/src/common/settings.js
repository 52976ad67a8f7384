import { localeOf } from './languages.js';
import { strings } from './strings.js';

/** @typedef {import('../types').Settings} Settings */

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
    avatar: address(data.avatar),
    consent: data.consent ?? '',
    consentLink: address(data.consentLink),
    questions: lines((data.pageType === 'product' && data.productQuestions) || data.questions),
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

const MOST_QUESTIONS = 6;

/** What stands on lines of its own. @param {string} [text] */
function lines(text = '') {
  return text.split(/\s*\n\s*/).filter(Boolean).slice(0, MOST_QUESTIONS);
}

/** An address that may be shown: of this site, or over https. @param {string} [text] @returns {string} else nothing */
export function address(text) {
  if (!text || !URL.canParse(text, location.href)) return '';
  const { href, protocol, origin } = new URL(text, location.href);
  return protocol === 'https:' || origin === location.origin ? href : '';
}

/** @param {Record<string, string | null | undefined>} fields */
function known(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value));
}
