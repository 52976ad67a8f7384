/** Pages on which the chat stays hidden: the merchant's choice, and pages on which nobody can shop. */

import { rootOf } from '../common/settings.js';

export const PHONE = matchMedia('(max-width: 480px)');

/**
 * Whether the chat keeps away from this page, or from this device.
 * @param {DOMStringMap} data `hidePages`: types of pages, and addresses, at whose end a star stands for anything
 */
export function isAway({ hidePages = '', hideOn, pageType, root: given }) {
  const root = rootOf(given);
  const { pathname } = location;
  const path = `${pathname}/`.startsWith(`${root}/`) ? pathname.slice(root.length) || '/' : pathname; // without the "/fr"
  const fits = (/** @type {string} */ rule) =>
    rule.endsWith('*') ? path.startsWith(rule.slice(0, -1)) : rule && (rule === path || rule === pageType);
  if (pageType === 'password') return true;
  return hideOn === (PHONE.matches ? 'phones' : 'desktops') || hidePages.split(/[\s,]+/).some(fits);
}
