/** Putting something into the theme's own cart. */

import { toJson } from './json.js';
import { at, LONGEST_WAIT_MS, readCart } from './theme-cart.js';
import { strings } from '../carts/strings.js';

/** @typedef {{ variant: string, quantity: number, attributes?: { name: string, value: string }[] }} Wanted */
/** @typedef {{ code?: string, message?: string, target?: string }} Warning a CartWarning of the Storefront API */
/**
 * @typedef {object} Reply what the shop said to a change of the cart
 * @property {string} [refusal] why nothing was changed
 * @property {Warning[]} [warnings] how the change was adjusted
 * @property {any} [cart] Shopify's CartSummary after the change
 * @property {boolean} [isLost] no answer came that can be read
 * @property {boolean} [isOver] but it is over: a page came in place of an answer
 */
/**
 * @typedef {object} Outcome
 * @property {boolean} isIn all of it is in the cart
 * @property {string} said what the shopper must know
 * @property {boolean} [isRefused] nothing was changed
 * @property {boolean} [isLost] nobody knows what was changed
 */

const LONGEST_CHANGE_MS = 20_000;
// The server counts on it that the lines of a move are in by then, or will never be (`cart_moves.py`).
const LONGEST_MOVE_MS = 6000;

/**
 * Put one of a variant into the cart.
 * @param {string} root
 * @param {string} variant its GID
 * @returns {Promise<string>} why it is not in, in the shopper's language; empty when it is. It never rejects.
 */
export async function addToCart(root, variant) {
  const { isIn, said } = await addLines(root, [{ variant, quantity: 1 }]);
  return isIn ? '' : said;
}

/**
 * Put lines into the cart: by Shopify's standard action, which also has the theme show it, and where the storefront has
 * none by the Ajax API. Neither counts as success by its word alone: stock shortages come as warnings
 * (https://shopify.dev/changelog/cart-warnings), and the Ajax API cuts quantities without saying so. What counts is how
 * many pieces the cart has gained.
 * @param {string} root
 * @param {Wanted[]} lines
 * @param {number} [latest] when it must have begun; by the Ajax API alone, after which no theme loads the page anew
 * @returns {Promise<Outcome>} it never rejects
 */
export async function addLines(root, lines, latest) {
  const actions = latest ? null : /** @type {any} */ (window).Shopify?.actions;
  const before = await countPieces(root, actions);
  const change = typeof actions?.updateCart === 'function' ? update(actions, lines) : post(root, lines, latest);
  /** @type {Reply} */
  const reply = await change.catch(() => ({ isLost: true }));
  if (reply.refusal) return { isIn: false, said: reply.refusal, isRefused: true };
  const after = await countAfter(root, actions, reply);
  // An empty cart has gained nothing, whatever was in it before.
  const gained = after === 0 ? 0 : before === null || after === null ? null : after - before;
  return judge(root, lines, reply, gained).catch(() => judge(root, lines, { isLost: true }, gained));
}

/** @param {string} root @param {any} actions @param {Reply} reply @returns {number | null | Promise<number | null>} */
function countAfter(root, actions, { cart }) {
  const total = cart?.totalQuantity;
  return Number.isFinite(total) && (actions.getCart || !total) ? total : countPieces(root, actions);
}

/**
 * Tell from the shop's reply and the pieces gained what became of the lines.
 * @param {string} root
 * @param {Wanted[]} lines
 * @param {Reply} reply
 * @param {number | null} gained null when it is not known
 * @returns {Promise<Outcome>}
 */
async function judge(root, lines, { warnings = [], cart, isLost, isOver }, gained) {
  const asked = lines.reduce((sum, { quantity }) => sum + quantity, 0);
  const isDoubtful = isLost || warnings.length > 0;
  if (gained === null ? !isDoubtful : gained >= asked) return { isIn: true, said: inTheShopsWords(warnings) };
  if (isLost) return { isIn: false, said: gained === null ? strings.unsure : strings.notAdded, isLost: !isOver || gained !== 0 };
  const said = lines.length > 1 ? inTheShopsWords(warnings) : await explain(root, lines, warnings, cart);
  return { isIn: false, said: said || strings.notAdded };
}

/** @param {Warning[]} warnings */
function inTheShopsWords(warnings) {
  return warnings
    .map(({ message }) => message)
    .filter(Boolean)
    .join(' ');
}

/**
 * How many pieces are in the cart. The standard actions and the Ajax API may count bundles differently, so the count
 * comes from the side that makes the change.
 * @param {string} root
 * @param {any} actions
 * @returns {Promise<number | null>} null when it cannot be found out
 */
async function countPieces(root, actions) {
  if (!actions?.getCart) return (await readCart(root))?.item_count ?? null;
  try {
    const { cart } = await inTime(actions.getCart(), AbortSignal.timeout(LONGEST_WAIT_MS));
    const total = cart ? Number(cart.totalQuantity) : 0;
    return Number.isFinite(total) ? total : null;
  } catch {
    return null;
  }
}

/**
 * Wait for what may never come. Rejects when the signal does.
 * @param {Promise<any>} promise
 * @param {AbortSignal} signal
 */
function inTime(promise, signal) {
  return Promise.race([promise, new Promise((_, fail) => signal.addEventListener('abort', fail))]);
}

/**
 * By the standard action (https://shopify.dev/docs/api/storefront-events-and-actions/actions/update-cart): `userErrors`
 * say that it was not applied, `warnings` that it was applied with an adjustment. It rejects when it could not run.
 * @param {any} actions
 * @param {Wanted[]} lines
 * @returns {Promise<Reply>}
 */
async function update(actions, lines) {
  const signal = AbortSignal.timeout(LONGEST_CHANGE_MS);
  const payload = lines.map(({ variant, quantity, attributes = [] }) => ({
    merchandiseId: variant.split('?')[0],
    quantity,
    ...(attributes.length && { attributes: attributes.map(({ name, value }) => ({ key: name, value })) }),
  }));
  const change = actions.updateCart({ lines: payload }, { signal, event: { context: 'product' } });
  const { cart, userErrors, warnings } = await inTime(change, signal);
  const errors = complaints(userErrors);
  const [error] = errors;
  // Shops that have not moved to warnings yet name a shortage here.
  if (SHORTAGES.has(error?.code ?? '')) return { cart, warnings: errors };
  return { cart, warnings: complaints(warnings), refusal: error && (error.message || strings.notAdded) };
}

/** Read the warnings of an answer of any shape: a theme or an app may have replaced the standard action. @param {any} given @returns {Warning[]} */
function complaints(given) {
  const isText = (/** @type {any} */ { message }) => typeof message === 'string';
  return (Array.isArray(given) ? given : []).filter(Boolean).map((each) => (isText(each) ? each : { ...each, message: '' }));
}

/**
 * By the Ajax API (https://shopify.dev/docs/api/ajax/reference/cart), which knows variants by their number.
 * @param {string} root
 * @param {Wanted[]} lines
 * @param {number} [latest]
 * @returns {Promise<Reply>}
 */
async function post(root, lines, latest = Infinity) {
  const items = lines.map(({ variant, quantity, attributes = [] }) => ({
    id: Number(numberOf(variant)),
    quantity,
    ...(attributes.length && { properties: Object.fromEntries(attributes.map(({ name, value }) => [name, value])) }),
  }));
  if (!items.every(({ id }) => id)) return { refusal: strings.notAdded };
  // A page that was put to sleep must not begin what another one may do by now.
  if (Date.now() > latest) return { isLost: true };
  const response = await fetch(at(root, '/cart/add.js'), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: toJson({ items }),
    keepalive: true, // also when the page is left
    signal: AbortSignal.timeout(latest < Infinity ? LONGEST_MOVE_MS : LONGEST_CHANGE_MS),
  });
  const answer = await response.json().catch(() => null);
  // A page in place of an answer says nothing about the cart, and neither does a server that broke down or is busy.
  const isBusy = response.status >= 500 || response.status === 429;
  if (!answer || isBusy) return { isLost: true, isOver: !isBusy };
  if (response.ok) return {};
  const words = [answer.description, answer.message].find((said) => said && typeof said === 'string');
  return { refusal: words || strings.notAdded };
}

/** The number in a variant's id, whatever follows it. @param {string} variant */
export function numberOf(variant) {
  return /(?:^|\/)(\d+)(?:\?|$)/.exec(variant)?.[1];
}

const SHORTAGES = new Set(['MERCHANDISE_NOT_ENOUGH_STOCK', 'MERCHANDISE_OUT_OF_STOCK']);

/**
 * Say why a piece is not in the cart: our own words for a shortage, the shop's for anything else.
 * @param {string} root
 * @param {Wanted[]} lines one
 * @param {Warning[]} warnings
 * @param {any} cart
 */
async function explain(root, [line], warnings, cart) {
  const warning = warnings.find(({ code }) => SHORTAGES.has(code ?? '')) ?? warnings[0];
  const isShort = !warning || SHORTAGES.has(warning.code ?? '');
  const held = isShort ? await countOfVariant(root, line?.variant ?? '', warning, cart) : 0;
  if (held) return strings.onlyLeft(held);
  if (warning?.code === 'MERCHANDISE_OUT_OF_STOCK') return strings.noneLeft;
  return warning?.message ?? '';
}

/**
 * How many pieces of a variant the cart has.
 * @param {string} root
 * @param {string} variant
 * @param {Warning | undefined} warning names the line it is about, in newer shops
 * @param {any} cart
 * @returns {Promise<number>} 0 when it cannot be found out
 */
async function countOfVariant(root, variant, warning, cart) {
  const held = await countInTheme(root, variant);
  return held ?? cart?.lines?.find((/** @type {any} */ { id }) => id === warning?.target)?.quantity ?? 0;
}

/**
 * How many pieces of a variant the theme's cart has.
 * @param {string} root
 * @param {string} variant
 * @returns {Promise<number | null>} null when it cannot be read
 */
export async function countInTheme(root, variant) {
  const items = (await readCart(root))?.items;
  if (!items) return null;
  const number = numberOf(variant);
  return items
    .filter((/** @type {any} */ item) => String(item.variant_id) === number)
    .reduce((/** @type {number} */ sum, /** @type {any} */ { quantity }) => sum + quantity, 0);
}
