/** The theme's own cart, which the shopper sees in the header of the page: what is in it. */

// The question to the assistant waits for this.
export const LONGEST_WAIT_MS = 2000;

/**
 * Return the address of a path under the storefront's root.
 * @param {string} root
 * @param {string} path
 */
export function at(root, path) {
  return root.replace(/\/$/, '') + path;
}

/**
 * Read the theme's cart by the Ajax API.
 * @param {string} root the storefront's root in the shopper's language
 * @returns {Promise<any>} null where this is no storefront, or it cannot be reached
 */
export async function readCart(root) {
  try {
    const response = await fetch(at(root, '/cart.js'), {
      headers: { Accept: 'application/json' },
      cache: 'no-store',
      signal: AbortSignal.timeout(LONGEST_WAIT_MS),
    });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/**
 * The theme cart's token with its key, if there is anything in the cart: an empty cart has another token each time.
 * @param {any} cart as the Ajax API has it
 * @returns {string} empty without one
 */
export function tokenOf(cart) {
  return cart?.item_count > 0 ? cart.token : '';
}

/**
 * Have the theme look at the cart again after the assistant has changed it, by the event that Shopify's standard
 * actions send (https://shopify.dev/docs/api/storefront-events-and-actions), and tell everyone else by one of our own.
 * @param {import('../types').Cart | null} cart
 */
export function cartChanged(cart) {
  const tell = { bubbles: true, composed: true, detail: { cart } };
  document.dispatchEvent(new CustomEvent('shop-chat:cart', tell));
  const actions = /** @type {any} */ (window).Shopify?.actions;
  if (!actions?.getCart) return;
  const change = { action: 'update', context: 'standard-action', lines: [], promise: actions.getCart() };
  document.dispatchEvent(Object.assign(new Event('shopify:cart:lines-update', tell), change));
}
