import { h, icon } from '../common/dom.js';
import { AGAIN, DOWN } from '../common/icons.js';
import { doing, inWords, strings } from '../common/strings.js';

/** @typedef {import('../conversation/conversation.js').Conversation} Conversation */
/** @typedef {import('../types').Message} Message */
/** @typedef {import('../messages/view.js').Question | import('../messages/view.js').Answer} View */

// Nearer to the end than this, the shopper is reading along.
const AT_END_PX = 40;
const NEAR_START_PX = 200;

/** The conversation on the screen. It follows the answer only while the shopper reads at its end. */
export class Transcript {
  #welcome = h('div', { className: 'welcome' });
  #older = h('p', { className: 'older', hidden: true }, strings.older);
  /** A page of messages each: the browser passes over those that are out of sight. */
  #pages = h('div');
  #activity = h('div', { className: 'activity', hidden: true });
  #trouble = h('div', { className: 'foot trouble' });
  #pill = h(
    'button',
    { className: 'pill', hidden: true, onclick: () => this.toEnd() },
    icon(DOWN),
    strings.newMessage,
  );
  #log = h('div', {
    className: 'log',
    role: 'log',
    'aria-live': 'off',
    'aria-label': strings.log,
    tabIndex: 0,
    part: 'log',
  });
  element = h('div', { className: 'stage' }, this.#log, this.#pill);

  /** By the message's id. @type {Map<string, { view: View, state: unknown[] }>} */
  #shown = new Map();
  /** What shows messages; without it there are none to see yet. @type {typeof import('../messages.js') | null} */
  views = null;
  /** Why there are none, when they cannot be had. */
  fault = '';
  /** @type {import('../feedback/versions.js').Versions | null} */
  versions = null;
  #following = true;
  #top = 0;
  #height = 0;

  /**
   * @param {import('../types').Settings} settings
   * @param {Omit<import('../messages/view.js').Shown, 'addresses'>} shown
   */
  constructor(settings, shown) {
    this.settings = settings;
    /** Its addresses come with the views. */
    this.shown = /** @type {import('../messages/view.js').Shown} */ (shown);
    this.acts = shown.acts;
    this.#log.append(this.#welcome, this.#older, this.#pages, this.#activity, this.#trouble);
    this.#log.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#keep()).observe(this.#log);
    this.#greet();
  }

  /** Where the shopper reads, for the next page. */
  get place() {
    return this.#following ? null : this.#log.scrollHeight - this.#log.scrollTop;
  }

  set place(fromEnd) {
    this.#following = fromEnd === null;
    if (fromEnd !== null) this.#log.scrollTop = this.#log.scrollHeight - fromEnd;
    this.#keep();
  }

  toEnd() {
    this.#following = true;
    this.#pill.hidden = true;
    this.#keep();
  }

  /** An answer as one would read it out. @param {Message} message */
  spoken(message) {
    const view = this.#shown.get(message.id)?.view;
    return view && 'spoken' in view ? view.spoken : '';
  }

  /** @param {Conversation} conversation */
  update(conversation) {
    const fromEnd = this.#log.scrollHeight - this.#log.scrollTop;
    const grewAbove = this.#reconcile(conversation);
    const isNew = !conversation.messages.length && conversation.phase !== 'loading';
    this.#welcome.toggleAttribute('hidden', !isNew); // `hidden = …` would set it again, and have styles computed again
    this.element.classList.toggle('new', isNew);
    this.#older.toggleAttribute('hidden', !conversation.next);
    this.#act(conversation);
    this.#complain(conversation);
    if (grewAbove) this.#log.scrollTop = this.#log.scrollHeight - fromEnd;
    this.#keep();
    this.#offerPill();
  }

  /**
   * @param {Conversation} conversation
   * @returns {boolean} whether messages came to stand above those that were there
   */
  #reconcile({ messages, busy, queued }) {
    if (!this.views) return false;
    const ids = new Set(messages.map(({ id }) => id));
    for (const [id, { view }] of this.#shown) if (!ids.has(id)) this.#remove(id, view.element);
    const lastQuestion = messages.findLastIndex(({ role }) => role === 'user');
    const elements = (this.versions?.of(messages) ?? messages).map((message, index) => {
      const isLast = !busy && (index === messages.length - 1 || message.metadata?.status === 'unsent');
      const isLastQuestion = !busy && index === lastQuestion;
      const row = this.#row(message, index >= messages.length - 2);
      const isQueued = queued.includes(message);
      const state = [message, message.metadata, message.metadata?.status, isLast, isLastQuestion, isQueued];
      const isSettled = message.metadata?.status !== 'running' && state.every((each, at) => each === row.state[at]);
      if (!isSettled) row.view.update(message, { isLast, isLastQuestion, isQueued });
      row.state = state;
      return row.view.element;
    });
    return this.#lay(elements);
  }

  /**
   * Put the messages in their order: older ones as a page of their own, what is new at the end of the last page.
   * @param {HTMLElement[]} elements
   * @returns {boolean} whether some came to stand above those that were there
   */
  #lay(elements) {
    const top = this.#pages.firstElementChild;
    const grewAbove = Boolean(top && elements[0] && !elements[0].isConnected);
    // Its height is known by now, and kept while it is out of sight.
    if (grewAbove) top?.classList.add('old');
    let page = grewAbove || !top ? h('div', { className: 'rows' }) : top;
    if (page !== top) this.#pages.prepend(page);
    let next = top?.firstElementChild ?? null;
    for (const element of elements) {
      if (element !== next) {
        page.insertBefore(element, next?.parentElement === page ? next : null);
        continue;
      }
      page = /** @type {Element} */ (element.parentElement);
      next = element.nextElementSibling ?? page.nextElementSibling?.firstElementChild ?? null;
    }
    return grewAbove;
  }

  /** @param {string} id @param {HTMLElement} element */
  #remove(id, element) {
    const page = element.parentElement;
    element.remove();
    this.#shown.delete(id);
    if (!page?.firstElementChild) page?.remove();
  }

  /** @param {Message} message @param {boolean} isFresh */
  #row(message, isFresh) {
    const row = this.#shown.get(message.id) ?? { view: this.#make(message, isFresh), state: [] };
    this.#shown.set(message.id, row);
    return row;
  }

  /** @param {Message} message @param {boolean} isFresh */
  #make(message, isFresh) {
    const { Question, Answer } = /** @type {typeof import('../messages.js')} */ (this.views);
    const view = message.role === 'user' ? new Question(this.shown) : new Answer(this.shown);
    if (isFresh) view.element.classList.add('fresh');
    return view;
  }

  #greet() {
    const { page, questions } = this.settings;
    const usual = new Map(Object.entries(strings.suggestions)).get(page.type ?? '') ?? strings.suggestions.other ?? [];
    const chips = (questions.length ? questions : usual).map((text) =>
      h('button', { className: 'chip', part: 'question', dir: 'auto', onclick: () => this.acts.send(text) }, text),
    );
    this.#welcome.append(
      h('p', { className: 'greeting', dir: 'auto' }, this.settings.greeting),
      h('p', { className: 'invitation' }, strings.invitation),
      h('div', { className: 'chips' }, ...chips),
    );
  }

  /** What is being done, while nothing is there to read yet. @param {Conversation} conversation */
  #act(conversation) {
    const { phase, isPickedUp, status } = conversation;
    const text = this.#doing(conversation);
    this.#activity.toggleAttribute('hidden', !text);
    if (this.#activity.dataset.said === text) return;
    this.#activity.dataset.said = text;
    if (status?.ahead || status?.code === 'thinking') this.acts.say(text);
    this.#activity.classList.toggle('late', phase !== 'answering' && !isPickedUp);
    this.#activity.classList.toggle('quiet', phase === 'waiting' || phase === 'queued' || isPickedUp); // nothing is being written
    const isNamed = text !== strings.typing;
    this.#activity.replaceChildren(
      h('span', { className: 'dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')),
      h('span', { className: isNamed ? 'said' : 'hidden' }, text),
    );
  }

  /** In a few words. @param {Conversation} conversation */
  #doing({ phase, status, messages, isPickedUp }) {
    if (phase === 'reconnecting' || phase === 'waiting' || phase === 'queued' || phase === 'slow') return strings[phase];
    if (isPickedUp) return strings.pickedUp;
    const isComing = messages.length ? !this.views && !this.fault : phase === 'loading';
    if (isComing) return strings.connecting;
    if (status?.text) return doing(status);
    if (phase !== 'answering') return '';
    const answer = messages.findLast(({ metadata }) => metadata?.status === 'running');
    return answer?.parts.some(({ state }) => state === 'streaming') ? '' : strings.typing;
  }

  /** @param {Conversation} conversation */
  #complain({ problem, phase, messages }) {
    const said = this.fault || (problem && !messages.at(-1)?.metadata?.error ? inWords(problem) : '');
    this.#trouble.toggleAttribute('hidden', !said);
    if (this.#trouble.dataset.said === said) return;
    this.#trouble.dataset.said = said;
    const label = phase === 'lost' ? strings.resume : strings.retry;
    this.#trouble.replaceChildren(
      h('span', {}, said),
      h('button', { className: 'link', onclick: () => this.acts.retry() }, icon(AGAIN), label),
    );
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < AT_END_PX;
    // What is written moves the end away from the shopper; only the shopper moves up.
    if (isAtEnd) this.#following = true;
    else if (scrollTop < this.#top) this.#following = false;
    this.#top = scrollTop;
    if (isAtEnd) this.#pill.toggleAttribute('hidden', true);
    if (!this.#following && scrollTop < NEAR_START_PX) this.acts.conversation.older();
  }

  #keep() {
    if (this.#following) this.#log.scrollTop = this.#log.scrollHeight;
    this.#top = this.#log.scrollTop;
  }

  #offerPill() {
    const height = this.#log.scrollHeight;
    if (!this.#following && height > this.#height && this.#height) this.#pill.hidden = false;
    this.#height = height;
  }
}
