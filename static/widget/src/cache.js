/** The browser's copy of conversations and its erasure. A script of its own, because nothing waits for it. */
export { Cache } from './conversation/cache.js';
