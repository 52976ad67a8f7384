// Shopify's standard storefront actions and their events, as far as a cart needs them.
// https://shopify.dev/docs/api/storefront-events-and-actions

const CART_GID = 'gid://shopify/Cart/';
const VARIANT_GID = 'gid://shopify/ProductVariant/';

class CartUpdate extends Event {
  constructor(what, details) {
    super(`shopify:cart:${what}-update`, { bubbles: true, composed: true });
    Object.assign(this, details);
  }
}

// The Ajax API has all currencies in hundredths.
const money = (amount, currencyCode) => ({ amount: (amount / 100).toFixed(2), currencyCode });
// A line's key is its variant and its id without dashes; the Storefront API names it by the id alone.
const lineId = (key) => key.split(':')[1].replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
const mapped = (attributes) => Object.fromEntries(attributes.map(({ key, value }) => [key, value]));

function summary(cart) {
  const id = CART_GID + cart.token;
  return {
    id,
    totalQuantity: cart.item_count,
    cost: { totalAmount: money(cart.total_price, cart.currency) },
    lines: cart.items.map((item) => ({
      id: `gid://shopify/CartLine/${lineId(item.key)}?cart=${cart.token.split('?')[0]}`,
      quantity: item.quantity,
      cost: { totalAmount: money(item.final_line_price, cart.currency) },
    })),
    discountCodes: cart.discount_codes,
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

/** The Ajax API's requests that bring the cart to what the payload says; `partly` is the demo's own. */
function requests({ lines = [], attributes, note, discountCodes }) {
  const added = lines.filter((line) => !line.id).map(({ merchandiseId, quantity, attributes = [] }) => ({
    id: Number(String(merchandiseId).replace(VARIANT_GID, '')),
    quantity,
    properties: mapped(attributes),
  }));
  const changed = lines.filter((line) => line.id).map(({ id, quantity, attributes }) => ({
    id: id.replace('gid://shopify/CartLine/', '').split('?')[0],
    quantity,
    ...(attributes && { properties: mapped(attributes) }),
    partly: true,
  }));
  const whole = {
    ...(attributes && { attributes: mapped(attributes) }),
    ...(note !== undefined && { note }),
    ...(discountCodes && { discount: discountCodes.join(',') }),
  };
  return [
    ...(added.length ? [['cart/add.js', { items: added, partly: true }]] : []),
    ...changed.map((body) => ['cart/change.js', body]),
    ...(Object.keys(whole).length ? [['cart/update.js', whole]] : []),
  ];
}

async function apply(payload, signal) {
  const { cartId } = payload;
  const before = await read(signal);
  if (isOther(cartId, before)) {
    return { cart: summary(before), userErrors: [{ code: 'INVALID', field: ['cartId'], message: 'The specified cart does not exist.' }], warnings: [] };
  }
  const userErrors = [];
  const warnings = [];
  for (const [path, body] of requests(payload)) {
    const { ok, json } = await ajax(path, body, signal);
    if (!ok) userErrors.push({ code: 'MERCHANDISE_NOT_APPLICABLE', field: ['lines'], message: json.description });
    // Stock is no error since 2024-10: the change was applied as far as there was some.
    else warnings.push(...(json.warnings ?? []));
  }
  const cart = summary(await read(signal));
  const known = cart.discountCodes.map(({ code }) => code);
  for (const code of payload.discountCodes ?? []) {
    if (!known.includes(code.toUpperCase())) warnings.push({ code: 'DISCOUNT_NOT_FOUND', message: `The discount code ${code} does not exist.` });
  }
  return { cart, userErrors, warnings };
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
  const { lines, attributes } = payload;
  const promise = apply(payload, signal);
  const target = eventTarget?.() ?? document;
  const context = event.context ?? 'standard-action';
  if (lines || !attributes) {
    target.dispatchEvent(new CartUpdate('lines', { action: actionOf(lines ?? []), context, lines: lines ?? [], promise }));
  }
  if (attributes) target.dispatchEvent(new CartUpdate('attributes', { context, attributes, promise }));
  const result = await promise;
  // A theme that never said how it refreshes itself is loaded anew, as Shopify does.
  if (updateCart.isDefault() && !result.userErrors?.length) location.reload();
  return result;
});

const openCart = configurable(async ({ handler }) => (handler ? handler() : location.assign(`${window.Shopify.routes.root}cart`)));

window.Shopify.actions = Object.freeze({ getCart, updateCart, openCart });
