/** What the browser remembers of conversations: a script of its own, as nothing waits for it. */
export { Cache } from './conversation/cache.js';
