/** Everything that messages say about themselves, in English. Other languages have it among their `strings`. */
const own = {
  you: 'You',
  products: 'Products',
  from: (/** @type {string} */ price) => `from ${price}`,
  was: 'Before',
  now: 'Now',
  soldOut: 'Sold out',
  inStock: 'In stock',
  options: (/** @type {number} */ n) => `${n} options`,
  cart: 'Your cart',
  cartEmpty: 'Your cart is empty.',
  unsent: 'Not sent.',
  takeBack: 'Take back',
  stopped: 'You stopped this answer.',
  broken: 'The answer broke off.',

  actions: 'Actions',
  edit: 'Edit',
  copy: 'Copy',
  good: 'Good answer',
  bad: 'Bad answer',
  why: 'What was it? (optional)',
  tell: 'Tell us',
  again: 'Answer again',
  earlier: 'Earlier version',
  later: 'Later version',
  version: (/** @type {number} */ n, /** @type {number} */ of) => `${n} / ${of}`,
  add: 'Add to cart',
  addThis: (/** @type {string} */ title) => `Add ${title} to the cart`,
  added: 'Added',
  choose: (/** @type {string} */ title) => `Which ${title}`,
  copied: 'Copied',
  thanks: 'Thank you.',
  notKept: 'That could not be saved. Please try again.',
};

/** The panel puts its own words beside them when this script comes. */
export const strings = /** @type {typeof own & typeof import('../common/strings.js').strings} */ (own);
