import { toJson } from './json.js';

/** The theme's own cart, which the shopper sees in the header of the page. */

// The question to the assistant waits for this.
const LONGEST_WAIT_MS = 2000;

/**
 * The theme cart's token with its key, if there is anything in the cart: an empty cart has another token each time.
 * @param {string} root the storefront's root in the shopper's language
 * @returns {Promise<string | null>}
 */
export async function cartToken(root) {
  try {
    const response = await fetch(`${root.replace(/\/$/, '')}/cart.js`, {
      headers: { Accept: 'application/json' },
      signal: AbortSignal.timeout(LONGEST_WAIT_MS),
    });
    const cart = response.ok ? await response.json() : {};
    return cart.item_count > 0 ? cart.token : null;
  } catch {
    return null; // not a storefront, or not reachable: the assistant can do without
  }
}

/**
 * Put one of a variant into the cart: by Shopify's standard action, which also has the theme show it, and where the
 * storefront has none by the Ajax API.
 * @param {string} root
 * @param {string} variant its GID
 * @returns {Promise<string>} why the shop refused, in its own words; empty when it is in
 */
export async function addToCart(root, variant) {
  const update = /** @type {any} */ (window).Shopify?.actions?.updateCart;
  if (update) {
    const line = { merchandiseId: variant, quantity: 1 };
    const { userErrors } = await update({ lines: [line] }, { event: { context: 'product' } });
    return userErrors?.length ? String(userErrors[0].message) : '';
  }
  const response = await fetch(`${root.replace(/\/$/, '')}/cart/add.js`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: toJson({ items: [{ id: Number(variant.split('/').pop()), quantity: 1 }] }),
  });
  const answer = await response.json();
  return response.ok ? '' : String(answer.description || answer.message);
}

/**
 * The assistant has changed the cart: have the theme look at it again, by the event that Shopify's standard actions
 * send (https://shopify.dev/docs/api/storefront-events-and-actions), and tell everyone else by one of our own.
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
