/** Which addresses from outside may become links or pictures. Everything else stays text, or away. */

/** Spaces, controls and backslashes: browsers read them in more ways than one, so no good address has any. */
const CRAFTED = /[\s\\\u0000-\u001f\u007f-\u009f]/;

/**
 * Where a mere visit does something, in whichever market's folder: empties or fills the cart, logs out, begins to pay.
 * Whoever wrote it, it is no page. `widget_api/links.py` has the same rule.
 */
const ACTS =
  /\/(cart|account|discount|orders|services|apps)\/+[^/]|^\/+(a|tools|community)\/+[^/]|\/(checkouts?|logout|customer_(authentication|identity)|challenge|password|localization|admin)(\/|$)/;
const ACTING = /[?&](discount|preview_|return|redirect|checkout|logout|(key|token|_(ab|fd|bt))\b)|=[^=]*[/\\]{2}/;
/** The pages that each market and language has under its own root. Their names are the merchant's: a product may be called "cart". */
const PAGES = /^\/+(products|collections|pages|policies|blogs|search|cart$)(\/|$)/;

/** @param {URL} url @param {string} root */
function acts({ pathname, search }, root) {
  const path = decodeURIComponent(pathname).toLowerCase().replace(/;[^/]*|[^\w/.-]/g, '');
  const place = path.startsWith(`${root}/`) ? path.slice(root.length) : path;
  if (ACTS.test(place) && !PAGES.test(place)) return true;
  return /%(2f|5c|25)|\.;/i.test(pathname) || ACTING.test(decodeURIComponent(search).toLowerCase());
}

/**
 * @param {string} address
 * @param {string} base
 * @param {string} [root]
 */
function parse(address, base, root = '') {
  if (CRAFTED.test(address) || address.startsWith('//')) return null;
  try {
    const url = new URL(address, base);
    const page = new URL(base);
    const safe = url.protocol === 'https:' || (url.protocol === 'http:' && page.protocol === 'http:');
    return safe && !url.username && !url.password && !acts(url, root) ? url : null;
  } catch {
    return null;
  }
}

/** A shop has one name with and without `www`. @param {string} host */
function bare(host) {
  return host.replace(/^www\./, '');
}

export class Addresses {
  /**
   * @param {string} page where the shopper is
   * @param {string} shop the shop's permanent domain
   * @param {string} api the backend's origin
   * @param {string} [root] where the storefront begins in the shopper's market and language, as "/en-gb"
   */
  constructor(page, shop, api, root = '') {
    this.page = page;
    this.root = root.replace(/\/$/, '');
    this.shop = shop;
    const here = bare(new URL(page).host);
    this.linkHosts = new Set([here, shop]);
    this.imageHosts = new Set([here, shop, bare(new URL(api, page).host), 'cdn.shopify.com']);
  }

  /** @param {string} address @returns {string | null} the address of a page of the shop itself */
  link(address) {
    const url = parse(address, this.page, this.root);
    if (!url || !this.linkHosts.has(bare(url.host))) return null;
    // The shop's tools know no market: their addresses would lead out of the shopper's language.
    if (url.host === new URL(this.page).host && PAGES.test(url.pathname)) url.pathname = this.root + url.pathname;
    return url.href;
  }

  /** @param {string} address @returns {string | null} the address of a picture that the shop serves */
  image(address) {
    const url = address ? parse(address, this.page, this.root) : null;
    return url && this.imageHosts.has(bare(url.host)) ? url.href : null;
  }
}

/** A site with or without a path, and not the name of a file. */
const SITE = /^(?:[a-z\d-]+\.)+(?!html?\b|php\b)[a-z]{2,}(?:[/?#:]|$)/i;

/**
 * An address as its writer means it, who has left out `mailto:`, `https:` or the first slash, and does not know on which
 * page of the shop it will be read.
 * @param {string} address
 */
export function absolute(address) {
  if (/^[\w.%+-]+@[\w.-]+$/.test(address)) return `mailto:${address}`;
  if (SITE.test(address)) return `https://${address}`;
  return /^(?:[a-z][a-z\d+.-]*:|[^\w.])|^$/i.test(address) ? address : `/${address}`;
}

/** Longer than anybody would copy by hand. */
const LONGEST_WORDS = 200;

/** Addresses that open an app for talking or for files: harmless as words. */
const OTHER_APPS = /^(?:whatsapp|tg|viber|skype|sgnl|line|facetime|geo|maps|sip|ftps?):[\x21-\x7e]+$/i;

/**
 * What people can do without the link to `address`: read where it leads. Empty where its label says so already, and for
 * what nobody should follow: scripts, data, addresses made to be misread.
 * @param {string} address
 * @param {string} label
 */
export function inFull(address, label) {
  const words = written(address);
  return plain(label).includes(plain(words)) ? '' : words;
}

/** @param {string} address */
function written(address) {
  const contact = contactIn(address);
  if (contact || CRAFTED.test(address)) return contact;
  if (!/^https?:/i.test(address)) return OTHER_APPS.test(address) ? address.slice(0, LONGEST_WORDS) : '';
  try {
    const url = new URL(address);
    const { href, origin, username, password } = url; // in ASCII, so nothing in it can mislead
    if (username || password || acts(url, '')) return '';
    return href.length > LONGEST_WORDS ? `${origin}/…` : href;
  } catch {
    return '';
  }
}

/** Return the words in the form in which they are compared. @param {string} words */
function plain(words) {
  return words.toLowerCase().replace(/^https?:\/\/(www\.)?|\/$|[\s()-]/g, '');
}

/** Mail goes to the first of several; numbers may spell a word, and have an extension (RFC 3966). */
const CONTACT =
  /^(?:mailto:([\w.%+-]+@[\w-]+(?:\.[\w-]+)+)|(?:tel|sms):(\+?(?:[\d().-]|%20)(?:[\da-z().-]|%20){1,40}(?:;ext=\d{1,8})?))(?:[?;,].*)?$/i;

/** The mail address or telephone number that `address` is for, without what a link could add to it. @param {string} address */
export function contactIn(address) {
  const [, mail, number] = CONTACT.exec(address) ?? [];
  return mail ?? number?.replaceAll('%20', ' ') ?? '';
}
