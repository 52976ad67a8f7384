import { Later } from '../common/later.js';

/** @typedef {import('./cache.js').Cache} Cache */
/** @typedef {(typeof METHODS)[number]} Method */
/** @typedef {{ [Name in Method]: (...given: Parameters<Cache[Name]>) => Promise<Awaited<ReturnType<Cache[Name]>> | null> }} Methods */
/** @typedef {Methods & { erase: typeof import('./erase.js').erase }} LazyCache */

// A script whose request is never answered must not hold up an erasure.
const LONGEST_LOAD_MS = 10_000;
const METHODS = /** @type {const} */ (['read', 'keep', 'progress', 'list', 'keepList', 'drop', 'clear']);

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
  const method = (/** @type {Method} */ name) => async (/** @type {unknown[]} */ ...given) =>
    (await load()) ? (cache ??= new script.module.Cache(shop))[name](...given) : null;
  const methods = Object.fromEntries(METHODS.map((name) => [name, method(name)]));
  const erase = async (/** @type {import('../panel.js').Panel} */ panel) => {
    if (!(await load())) throw new Error('the script did not come');
    return script.module.erase(panel);
  };
  return /** @type {any} */ ({ ...methods, erase });
}
