import { h } from '../common/dom.js';
import { strings } from './strings.js';

/** @typedef {import('../types').Message} Message */
/** @typedef {import('../types').Rating} Rating */
/** @typedef {import('../messages/tools.js').AnswerTools} AnswerTools */

/** The open comment form of each answer. @type {WeakMap<AnswerTools, HTMLElement>} */
const forms = new WeakMap();

/**
 * Keep what an answer was worth, or take it back where it was worth that already.
 * @param {AnswerTools} tools
 * @param {Rating} rating
 * @returns {Promise<boolean>} whether the server has kept it
 */
export async function rate(tools, rating) {
  const isTaken = tools.message.metadata?.rating === rating;
  forms.get(tools)?.remove();
  const isKept = await send(tools, isTaken ? '' : rating);
  if (isKept && !isTaken) ask(tools, rating);
  return isKept;
}

/** Ask why it was good or bad, for those who care to say. @param {AnswerTools} tools @param {Rating} rating */
function ask(tools, rating) {
  const why = h('input', { type: 'text', maxLength: 1000, 'aria-label': strings.why, placeholder: strings.why });
  const onsubmit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const comment = why.value.trim();
    if (comment && !(await send(tools, rating, comment))) return tools.fail();
    const hadFocus = form.matches(':focus-within');
    form.remove();
    tools.note(strings.thanks);
    if (hadFocus) tools.thumbs[rating].focus();
  };
  const form = h('form', { className: 'why', onsubmit }, why, h('button', { type: 'submit', className: 'link' }, strings.tell));
  forms.get(tools)?.remove();
  forms.set(tools, form);
  tools.element.after(form);
  form.scrollIntoView({ block: 'nearest' });
}

/** @param {AnswerTools} tools @param {Rating | ''} rating @param {string} [comment] @returns {Promise<boolean>} */
function send({ acts, message: { id } }, rating, comment) {
  const path = `/api/messages/${id}/feedback`;
  const request = rating ? acts.api.json('PUT', path, { rating, comment }) : acts.api.json('DELETE', path);
  return request.then(
    () => {
      const current = acts.conversation.messages.find((message) => message.id === id); // it may have been loaded anew
      if (current) current.metadata = { ...current.metadata, rating };
      acts.draw();
      return true;
    },
    () => false,
  );
}
