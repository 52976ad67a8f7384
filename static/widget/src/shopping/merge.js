import { addLines } from '../common/storefront.js';
import { strings } from './strings.js';

/**
 * Put what the assistant has put into a cart of its own into the theme's, which takes its place.
 * @param {import('../conversation/api.js').Api} api
 * @param {import('../common/store.js').Store} own
 * @param {string} root
 * @param {string} token of the theme's cart
 * @returns {Promise<string>} what did not come along, and why; rejects when it could not be tried
 */
export async function mergeCarts(api, own, root, token) {
  const { cart } = await api.json('GET', '/api/cart');
  const name = /\/cart\/c\/([^/?#]+)/.exec(cart?.checkout_url)?.[1]; // the address of the checkout names the cart
  if (!cart?.count || !name || name === token.split('?')[0] || name === own.get('moved')) return '';
  /** @type {import('../types').Line[]} */
  const lines = cart.lines;
  // A subscription or a part of another line would come along as something else.
  const moved = lines.filter(({ selling_plan, parent_id }) => !selling_plan && !parent_id);
  own.set('moved', name); // a theme may load the page anew before the answer comes
  const wanted = moved.map(({ variant_id, quantity, attributes }) => ({ variant: variant_id, quantity, attributes }));
  const { isIn, said } = moved.length ? await addLines(root, wanted) : { isIn: true, said: '' };
  if (isIn && moved.length === lines.length) return said;
  const titles = (isIn ? lines.filter((line) => !moved.includes(line)) : lines).map(({ title }) => title);
  return `${strings.notMoved(titles.join(', '))} ${said}`.trim();
}
