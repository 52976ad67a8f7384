/** Products and carts in the conversation: a script of its own, which comes with the first of them. */
export { addLines } from './common/storefront.js';
export { cartLine } from './messages/cart-line.js';
export { productList } from './messages/cards.js';
export { default as css } from './shopping/style.css';
export { mergeCarts } from './shopping/merge.js';
export { strings } from './shopping/strings.js';
