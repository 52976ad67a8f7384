/** Where the merchant does not want the chat to stand. */

export const PHONE = matchMedia('(max-width: 480px)');

/**
 * Whether the chat keeps away from this page, or from this device.
 * @param {DOMStringMap} data `hidePages`: types of pages, and addresses, at whose end a star stands for anything
 */
export function isAway({ hidePages = '', hideOn, pageType, root = '/' }) {
  const path = location.pathname.replace(root.replace(/\/$/, ''), '') || '/'; // without the "/fr" of a language
  const fits = (/** @type {string} */ rule) =>
    rule.endsWith('*') ? path.startsWith(rule.slice(0, -1)) : rule === path || rule === pageType;
  return hideOn === (PHONE.matches ? 'phones' : 'desktops') || hidePages.split(/[\s,]+/).some(fits);
}
