import { h, icon } from '../common/dom.js';
import { INFO } from '../common/icons.js';
import { strings } from './strings.js';

/** @typedef {import('../types').Notice} Notice */

/**
 * What the shop must have the shopper know of a product, a variant or a cart: each in full, a disclosure with its picture.
 * (https://ucp.dev/specification/checkout, "Warning Presentation")
 * @param {Notice[] | undefined} notices
 * @param {import('../messages/links.js').Addresses} addresses
 * @param {string} [subject] what it is about, where that is not beside it
 */
export function noticeList(notices, addresses, subject) {
  const different = new Map((notices ?? []).map((notice) => [JSON.stringify(notice), notice]));
  return [...different.values()].map((notice) => noticeOf(notice, addresses, subject));
}

/** @param {Notice} notice @param {import('../messages/links.js').Addresses} addresses @param {string} [subject] */
function noticeOf({ text, presentation, image, url }, addresses, subject) {
  const isDisclosure = presentation === 'disclosure';
  const src = isDisclosure && addresses.image(image);
  const href = url && addresses.link(url);
  const more = href ? h('a', { href }, strings.more) : url && h('span', {}, url);
  return h(
    'div',
    { className: isDisclosure ? 'shop-notice disclosure' : 'shop-notice', dir: 'auto' },
    src ? h('img', { src, alt: '' }) : icon(INFO),
    h(
      'p',
      {},
      isDisclosure && h('span', { className: 'hidden' }, `${strings.notice}: `),
      subject && h('b', {}, `${subject}: `),
      text,
      more && ' ',
      more,
    ),
  );
}
