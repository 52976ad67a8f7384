/** What the browser remembers of conversations, and how it is forgotten: a script of its own, as nothing waits for it. */
export { Cache } from './conversation/cache.js';
export { erase } from './conversation/erase.js';
