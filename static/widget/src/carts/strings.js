/** The words of the script that shows carts, which the panel puts here when this script comes. */
export const strings = /** @type {typeof import('../shopping/strings.js').strings} */ ({});
