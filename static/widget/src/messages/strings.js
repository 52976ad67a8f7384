/** Everything that messages say about themselves, in English. Other languages have it among their `strings`. */
const own = {
  you: 'You',
  unsent: 'Not sent.',
  takeBack: 'Do not send',
  stopped: 'You stopped this answer.',
  broken: 'The answer broke off.',
  atLimit: 'The answer reached its length limit.',
  filtered: 'A content filter cut this answer short.',
  goOn: 'Continue',

  actions: 'Actions',
  edit: 'Edit',
  copy: 'Copy',
  good: 'Good answer',
  bad: 'Bad answer',
  again: 'Answer again',
  copied: 'Copied',
  notCopied: 'The browser did not allow copying.',
  notKept: 'That could not be saved. Please try again.',
};

/** The panel puts its own words beside them when this script comes. */
export const strings = /** @type {typeof own & typeof import('../common/strings.js').strings & typeof import('../shopping/strings.js').words & typeof import('../feedback/strings.js').words} */ (own);
