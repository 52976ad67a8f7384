import { button } from './button.js';
import { h } from '../common/dom.js';
import { strings } from './strings.js';

/**
 * The question before everything is erased.
 * @param {import('../pages.js').Host} host
 * @returns {import('../pages.js').Page}
 */
export function forgetMe(host) {
  const said = h('p', { className: 'said', role: 'status' });
  const yes = button('wide danger', strings.forgetYes, async () => {
    yes.disabled = true;
    said.textContent = '';
    const outcome = await erase(host).catch((error) => `${host.words(error)} ${strings.forgetFailed}`);
    if (outcome === true) {
      host.leave();
      host.say(strings.forgotten);
      return;
    }
    yes.disabled = false;
    yes.hidden = outcome === false;
    if (!outcome) no.textContent = strings.done;
    said.textContent = outcome || strings.forgetPartly;
  });
  const no = button('wide', strings.forgetNo, host.leave);
  return {
    title: strings.forgetTitle,
    element: h('div', { className: 'page' }, h('p', {}, strings.forgetText), yes, no, said),
  };
}

/** @param {import('../pages.js').Host} host @returns {Promise<boolean>} whether nothing is left; throws where it could not begin */
async function erase({ cache, panel }) {
  const isDone = await cache.erase(panel);
  if (isDone === null) throw new Error(); // the script did not come
  return isDone;
}
