/** The panel's functions of `dom.js`, for the scripts that come later: none of them brings a copy of its own. */

/** @type {typeof import('./dom.js').h} */
export let h;
/** @type {typeof import('./dom.js').icon} */
export let icon;

/** Take them from the panel, before anything here makes an element. @param {[typeof h, typeof icon]} functions */
export function useDom(...functions) {
  [h, icon] = functions;
}
