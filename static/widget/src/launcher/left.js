/** Values that previous pages have left in the browser. The panel's `Store` reads and writes the same, and more. */

/** What a tab keeps of the session that it names last. */
export const OF_SESSION = ['snapshot', 'draft', 'place', 'cart', 'moved', 'session'];

/**
 * @param {'localStorage' | 'sessionStorage'} area
 * @param {string} shop
 * @param {string} key
 * @returns {any}
 */
export function kept(area, shop, key) {
  try {
    return JSON.parse(window[area].getItem(`shop-chat:${shop}:${key}`) ?? 'null');
  } catch {
    return null; // merely naming `localStorage` throws where it is blocked
  }
}

/** Remove what this tab keeps of a session that another tab has forgotten. @param {string} shop */
export function tidy(shop) {
  const own = kept('sessionStorage', shop, 'session');
  if (!own || own === kept('localStorage', shop, 'session')?.id) return;
  for (const key of OF_SESSION) sessionStorage.removeItem(`shop-chat:${shop}:${key}`);
}

/** Note that the hint has been seen. @param {'localStorage' | 'sessionStorage'} area @param {string} shop */
export function noteHint(area, shop) {
  try {
    window[area].setItem(`shop-chat:${shop}:hinted`, 'true');
  } catch {
    // It may come again.
  }
}
