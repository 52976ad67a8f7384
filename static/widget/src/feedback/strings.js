/** The English texts of the feedback script. Other languages have it among their `strings`. */
export const words = {
  why: 'What was it? (optional)',
  tell: 'Tell us',
  thanks: 'Thank you.',

  earlier: 'Earlier version',
  later: 'Later version',
  version: (/** @type {number} */ n, /** @type {number} */ of) => `${n} / ${of}`,
};

/** The panel puts its own words beside them when this script comes. */
export const strings = words;
