/** Values that previous pages have left in the browser. The panel's `Store` reads and writes the same, and more. */

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

/** Note that the hint has been seen. @param {'localStorage' | 'sessionStorage'} area @param {string} shop */
export function noteHint(area, shop) {
  try {
    window[area].setItem(`shop-chat:${shop}:hinted`, 'true');
  } catch {
    // It may come again.
  }
}
