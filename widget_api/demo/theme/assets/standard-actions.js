// Shopify's standard storefront actions and their events, as far as a cart needs them.
// https://shopify.dev/docs/api/storefront-events-and-actions

const CART_GID = 'gid://shopify/Cart/';
const VARIANT_GID = 'gid://shopify/ProductVariant/';

class CartLinesUpdate extends Event {
  constructor({ action, context, lines, promise }) {
    super('shopify:cart:lines-update', { bubbles: true, composed: true });
    Object.assign(this, { action, context, lines, promise });
  }
}

const money = (amount, currencyCode) => ({ amount: (amount / 100).toFixed(2), currencyCode });

function summary(cart) {
  const id = CART_GID + cart.token;
  return {
    id,
    totalQuantity: cart.item_count,
    cost: { totalAmount: money(cart.total_price, cart.currency) },
    lines: cart.items.map((item) => ({
      id: `gid://shopify/CartLine/${item.key}?cart=${cart.token.split('?')[0]}`,
      quantity: item.quantity,
      cost: { totalAmount: money(item.final_line_price, cart.currency) },
    })),
    discountCodes: [],
  };
}

async function ajax(path, body, signal) {
  const response = await fetch(window.Shopify.routes.root + path, {
    method: body ? 'POST' : 'GET',
    headers: { Accept: 'application/json', ...(body && { 'Content-Type': 'application/json' }) },
    body: body && JSON.stringify(body),
    signal,
  });
  return { ok: response.ok, json: await response.json() };
}

const read = async (signal) => (await ajax('cart.js', undefined, signal)).json;
const isOther = (cartId, cart) => cartId !== undefined && cartId.replace(CART_GID, '') !== cart.token;

async function getCart({ cartId } = {}, { signal } = {}) {
  const cart = await read(signal);
  return { cart: isOther(cartId, cart) ? null : summary(cart) };
}

/** The Ajax API's requests that bring the cart to what `lines` say. */
function requests(lines) {
  const added = lines.filter((line) => !line.id).map(({ merchandiseId, quantity, attributes = [] }) => ({
    id: Number(String(merchandiseId).replace(VARIANT_GID, '')),
    quantity,
    properties: Object.fromEntries(attributes.map(({ key, value }) => [key, value])),
  }));
  const changed = lines.filter((line) => line.id).map(({ id, quantity }) => ({
    id: id.replace('gid://shopify/CartLine/', '').split('?')[0],
    quantity,
  }));
  return [...(added.length ? [['cart/add.js', { items: added }]] : []), ...changed.map((body) => ['cart/change.js', body])];
}

async function apply({ cartId, lines = [] }, signal) {
  const before = await read(signal);
  if (isOther(cartId, before)) {
    return { cart: summary(before), userErrors: [{ code: 'INVALID', field: ['cartId'], message: 'The specified cart does not exist.' }] };
  }
  const userErrors = [];
  for (const [path, body] of requests(lines)) {
    const { ok, json } = await ajax(path, body, signal);
    if (!ok) userErrors.push({ code: 'MERCHANDISE_NOT_APPLICABLE', field: ['lines'], message: json.description });
  }
  return { cart: summary(await read(signal)), userErrors, warnings: [] };
}

const actionOf = (lines) => (lines.every((line) => !line.id) ? 'add' : lines.every((line) => line.quantity === 0) ? 'remove' : 'update');

/** An action with the theme's own ways, if it has configured any. */
function configurable(run) {
  let settings = null;
  const action = (...given) => run(settings ?? {}, ...given);
  action.configure = (own) => (settings = { ...settings, ...own });
  action.isDefault = () => settings === null;
  return action;
}

const updateCart = configurable(async ({ eventTarget }, payload, { signal, event = {} } = {}) => {
  const lines = payload.lines ?? [];
  const promise = apply(payload, signal);
  const target = eventTarget?.() ?? document;
  target.dispatchEvent(new CartLinesUpdate({ action: actionOf(lines), context: event.context ?? 'standard-action', lines, promise }));
  const result = await promise;
  // A theme that never said how it refreshes itself is loaded anew, as Shopify does.
  if (updateCart.isDefault() && !result.userErrors?.length) location.reload();
  return result;
});

const openCart = configurable(async ({ handler }) => (handler ? handler() : location.assign(`${window.Shopify.routes.root}cart`)));

window.Shopify.actions = Object.freeze({ getCart, updateCart, openCart });
