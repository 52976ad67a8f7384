import { Later } from '../common/later.js';

/** @typedef {import('./cache.js').Cache} Cache */
/** @typedef {Exclude<keyof Cache, 'name'>} Method */
/** @typedef {{ [Name in Method]: (...given: Parameters<Cache[Name]>) => Promise<Awaited<ReturnType<Cache[Name]>> | null> }} LazyCache */

// A script whose request is never answered must not hold up an erasure.
const LONGEST_LOAD_MS = 10_000;

/**
 * The shop's `Cache`, whose script comes with the first use. Without the script nothing is remembered.
 * @param {string} shop
 * @returns {LazyCache}
 */
export function lazyCache(shop) {
  const script = new Later(CACHE);
  const late = () => new Promise((resolve) => setTimeout(resolve, LONGEST_LOAD_MS));
  const load = () => script.module || Promise.race([script.load(), late()]);
  /** @type {any} */
  let cache = null;
  const get = (/** @type {object} */ _, /** @type {Method} */ name) => async (/** @type {unknown[]} */ ...given) =>
    (await load()) ? (cache ??= new script.module.Cache(shop))[name](...given) : null;
  return /** @type {any} */ (new Proxy({}, { get }));
}
