/** Products and carts in the conversation: a script of its own, which comes with the first of them. */
export { fill, grow, joined } from './messages/goods.js';
export { default as css } from './shopping/style.css';
export { CartStrip } from './shopping/strip.js';
export { strings } from './shopping/strings.js';
export { useDom } from './common/panel-dom.js';
