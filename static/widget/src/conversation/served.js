const LONGEST_WAIT_MS = 2000;

/**
 * Ask whether the server serves this shop on this website. Every website may ask, so the browser has nothing to report.
 * @param {string} api
 * @param {string} shop
 * @returns {Promise<boolean>} true also when that cannot be found out
 */
export async function isServed(api, shop) {
  const query = new URLSearchParams({ shop });
  const limit = { signal: AbortSignal.timeout(LONGEST_WAIT_MS), credentials: /** @type {const} */ ('omit') };
  try {
    const response = await fetch(`${api}/widget/status?${query}`, limit);
    return (await response.json()).served !== false;
  } catch {
    return true;
  }
}
