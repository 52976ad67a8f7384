/** Changes of the cart by this page: a script of its own, which comes with the first of them or the first cart. */
export { OneCart } from './carts/one-cart.js';
export { strings } from './carts/strings.js';
