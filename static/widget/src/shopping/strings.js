/** Everything that products and carts say about themselves, in English. Other languages have it among their `strings`. */
export const words = {
  products: 'Products',
  from: (/** @type {string} */ price) => `from ${price}`,
  was: 'Before',
  now: 'Now',
  soldOut: 'Sold out',
  inStock: 'In stock',
  options: (/** @type {number} */ n) => `${n} options`,
  notice: 'Please note',
  more: 'Learn more',

  choose: 'Choose',
  chooseOne: (/** @type {string} */ option) => `Choose ${option}`,
  chooseThis: (/** @type {string} */ title) => `Options for ${title}`,
  notMade: 'Not available',
  notChecked: 'We could not check whether this is available.',
  productPage: 'Product page',

  add: 'Add to cart',
  added: 'Added',
  addedThis: (/** @type {string} */ title) => `${title} is in your cart.`,
  notAdded: 'That could not be put into your cart. Please try again.',
  noneLeft: 'This has just sold out, so nothing was added.',
  onlyLeft: (/** @type {number} */ n) =>
    n === 1
      ? 'Only 1 was left, and it is already in your cart.'
      : `Only ${n} were left, and they are already in your cart.`,
  unsure: 'We could not tell whether this was added. Please check your cart.',
  notMoved: (/** @type {string} */ titles) => `Please check that your cart has everything from this chat: ${titles}.`,

  changeCart: 'Change my cart',
  takeOut: (/** @type {number} */ n, /** @type {string} */ title) => `Remove ${n} × ${title}`,
  cartChanged: 'Done. Your cart is up to date.',
  undo: 'Undo',
  undone: 'Undone.',
  notUndone: 'This can no longer be undone.',
  notUndoneYet: 'We could not undo this. Please try again.',

  cart: 'Your cart',
  items: (/** @type {number} */ n) => (n === 1 ? '1 item' : `${n} items`),
  checkout: 'Check out',
  cartGone: 'Your cart had expired; a new one takes its place.',
  dismiss: 'Dismiss',
  cartEmpty: 'Your cart is empty.',
  discount: 'Discount',
  fulfillment: 'Shipping',
  tax: 'Tax',
  fee: 'Fee',
};

/** The panel puts its own words beside them when this script comes. */
export const strings = /** @type {typeof words & typeof import('../common/strings.js').strings} */ (words);
