/** Everything the widget says by itself, in English. Other languages are objects of the same shape. */

export const launcher = {
  open: 'Chat with us',
  dismiss: 'Dismiss',
  failed: 'The chat could not be loaded. Please try again.',
};

export const strings = {
  title: 'Shop assistant',
  subtitle: 'AI assistant of this shop',
  greeting: 'Hello! What are you looking for?',
  invitation: 'Ask about products, sizes, delivery or your cart.',
  note: 'Answers are written by an AI and can be wrong.',

  close: 'Close',
  expand: 'Full screen',
  menu: 'More',
  back: 'Back',
  startOver: 'New conversation',
  past: 'Past conversations',
  forget: 'Forget me',

  log: 'Conversation',
  newMessage: 'New message',
  older: 'Loading earlier messages',

  compose: 'Your message',
  placeholder: 'Ask anything about this shop',
  send: 'Send',
  stop: 'Stop the answer',
  left: (/** @type {number} */ n) => `${n} characters left`,
  tooLong: (/** @type {number} */ n) => `${n} characters too many`,

  editing: 'You are rewording your question.',
  cancel: 'Cancel',

  answering: (/** @type {string} */ title) => `${title} is answering`,
  typing: 'Writing an answer',
  connecting: 'Connecting',
  reconnecting: 'Reconnecting',
  waiting: 'No connection. Your message will be sent as soon as it is back.',
  slow: 'Slow connection. The answer arrives in parts.',
  queued: 'Waiting to be sent',
  pickedUp: 'Picked up again',

  retry: 'Try again',
  resume: 'Resume',
  problems: /** @type {Record<string, string>} */ ({
    lost: 'The connection was lost.',
    'too-many-requests': 'That was a lot of messages in a short time.',
    busy: 'Many shoppers are asking at the moment.',
    internal: 'Something went wrong on our side.',
  }),
  /** What the server does. Its own words are English. */
  status: /** @type {Record<string, string | ((ahead: number) => string)>} */ ({}),
  tryIn: (/** @type {number} */ seconds) =>
    seconds < 90
      ? `Please try again in ${seconds} seconds.`
      : `Please try again in ${Math.ceil(seconds / 60)} minutes.`,

  suggestions: /** @type {Record<string, string[]>} */ ({
    product: ['Is this in stock?', 'How long does delivery take?', 'What is your return policy?'],
    cart: ['What is in my cart?', 'How much is shipping?', 'What is your return policy?'],
    other: ['Help me find a gift', 'How long does delivery take?', 'What is your return policy?'],
  }),
};

/** @param {import('../types').Problem} problem */
export function inWords(problem) {
  const { code, title, detail, retry_after: seconds } = problem;
  // The server's own words are English; a language of ours has words for all else, too.
  const ours = strings.problems[code] ?? strings.problems.other;
  const what = ours ? [ours] : title || detail ? [title, detail] : [strings.problems.internal];
  return [...new Set([...what, seconds && strings.tryIn(seconds)])].filter(Boolean).join(' ');
}

/** What the server is doing. @param {import('../types').Doing} doing */
export function doing({ code = '', ahead = 0, text = '' }) {
  const ours = strings.status[code] ?? text;
  return typeof ours === 'function' ? ours(ahead) : ours;
}
