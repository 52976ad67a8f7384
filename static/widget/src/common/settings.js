/** The page's own statements, made valid here and nowhere else: themes and other systems write them in many ways. */

import { localeOf } from './languages.js';
import { strings } from './strings.js';

/** @typedef {import('../types').Settings} Settings */

const MOST_QUESTIONS = 6;
const LONGEST_TITLE = 200;
const LONGEST = 300; // the server keeps no more of anything that the page says
// Pages that the shop has named. Others, such as the search, repeat words of the link that led there.
const NAMED = /^(article|blog|cart|collection|index|list-collections|page|policy|product)$/;

/**
 * What the snippet's attributes and the page say. A product page knows its product, and the address its variant.
 * @param {HTMLElement} element
 * @returns {Settings}
 */
export function settings(element) {
  const data = element.dataset;
  const locale = localeOf(element);
  const { origin, pathname, search } = location;
  const type = match(/^[\w/-]{1,40}$/, data.pageType);
  const isNamed = NAMED.test(type ?? '') && !/\/(vendors|types|tagged)\b/.test(pathname);
  return {
    shop: shopOf(data.shop),
    api: server(data.api),
    locale,
    title: data.title || strings.title,
    greeting: data.greeting || strings.greeting,
    avatar: address(data.avatar),
    consent: data.consent ?? '',
    consentLink: address(data.consentLink),
    questions: lines((data.pageType === 'product' && data.productQuestions) || data.questions),
    root: rootOf(data.root) || '/',
    page: {
      url: cut(origin + (isNamed ? pathname : '/'), LONGEST), // what comes after may be nobody's business
      title: isNamed ? cut(document.title.replace(/\s+/g, ' ').trim(), LONGEST_TITLE) : '',
      ...known({
        type,
        product_id: number(data.productId),
        variant_id: number(new URLSearchParams(search).get('variant')) || number(data.variantId),
        collection: match(/^[\p{L}\p{N}_.~-]{1,255}$/u, data.collection),
        locale,
        currency: match(/^[A-Z]{3}$/, data.currency?.trim().toUpperCase()),
        country: match(/^[A-Z]{2}$/, data.country?.trim().toUpperCase()),
      }),
    },
  };
}

/** The shop's permanent domain. @param {string} [text] */
export function shopOf(text) {
  return `${text || shopify()?.shop || ''}`.trim().toLowerCase().replace(/^https?:\/\/|\/.*/g, '');
}

/** Return the path prefix of the shopper's market and language, as "/en-gb", or an empty string. @param {string} [text] */
export function rootOf(text) {
  const [, root = ''] = /^((\/[\w-]+)*)\/?$/.exec(text || shopify()?.routes?.root) ?? [];
  return root;
}

/** Return Shopify's global object of a storefront, or undefined. @returns {any} */
function shopify() {
  return /** @type {any} */ (window).Shopify;
}

/**
 * The beginning of a text, not ending within what a reader takes for one character, and without halves of characters.
 * @param {string} [text]
 * @param {number} [most] UTF-16 units
 */
export function cut(text = '', most = LONGEST) {
  const whole = `${text}`.slice(0, 2 * most).replace(/\p{Cs}/gu, '\ufffd');
  if (whole.length <= most) return whole;
  let end = 0;
  const parts = Intl.Segmenter ? new Intl.Segmenter().segment(whole) : whole; // Firefox has it from 125 on
  for (const part of /** @type {Iterable<any>} */ (parts)) {
    const { length } = part.segment ?? part;
    if (end + length > most) break;
    end += length;
  }
  return whole.slice(0, end);
}

/** The address of the backend; by default where this script comes from. @param {string} [text] */
function server(text) {
  for (const each of [text, new URL('..', import.meta.url)]) {
    try {
      const { protocol, origin, pathname } = new URL(each ?? '');
      if (/^https?:$/.test(protocol)) return origin + pathname.replace(/\/+$/, '');
    } catch {
      // Not an address.
    }
  }
  return location.origin;
}

/** Return the number of an id, as in "gid://shopify/Product/7001". @param {string | null} [text] */
function number(text) {
  return match(/^\d{1,20}$/, text?.replace(/^gid:\/\/shopify\/\w+\//, ''));
}

/** Return the text if it has the pattern. @param {RegExp} pattern @param {string} [text] */
function match(pattern, text) {
  return pattern.exec(text ?? '')?.[0];
}

/** What stands on lines of its own. @param {string} [text] */
function lines(text = '') {
  return text.split(/\s*\n\s*/).filter(Boolean).slice(0, MOST_QUESTIONS);
}

/** An address that may be shown: of this site, or over https. @param {string} [text] @returns {string} else nothing */
export function address(text) {
  if (!text) return '';
  try {
    const { href, protocol, origin } = new URL(text, location.href);
    return protocol === 'https:' || origin === location.origin ? href : '';
  } catch {
    return '';
  }
}

/** @param {Record<string, string | undefined>} fields */
function known(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value));
}
