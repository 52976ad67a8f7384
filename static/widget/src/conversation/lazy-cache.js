import { Later } from '../common/later.js';

/** @typedef {import('./cache.js').Cache} Cache */
/** @typedef {(typeof METHODS)[number]} Method */
/** @typedef {{ [Name in Method]: (...given: Parameters<Cache[Name]>) => Promise<Awaited<ReturnType<Cache[Name]>> | null> }} LazyCache */

const METHODS = /** @type {const} */ (['read', 'keep', 'progress', 'list', 'keepList', 'drop', 'clear']);

/**
 * The shop's `Cache`, whose script comes with the first use. Without the script nothing is remembered.
 * @param {string} shop
 * @returns {LazyCache}
 */
export function lazyCache(shop) {
  const script = new Later(CACHE);
  /** @type {any} */
  let cache = null;
  const method = (/** @type {Method} */ name) => async (/** @type {unknown[]} */ ...given) =>
    (await script.load()) ? (cache ??= new script.module.Cache(shop))[name](...given) : null;
  return /** @type {any} */ (Object.fromEntries(METHODS.map((name) => [name, method(name)])));
}
