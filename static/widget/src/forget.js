import { h } from './dom.js';
import { strings } from './strings.js';

/**
 * The question before everything is erased.
 * @param {() => Promise<boolean>} erase whether it worked
 * @param {() => void} keep
 */
export function forgetMe(erase, keep) {
  const said = h('p', { className: 'said', role: 'status' });
  const yes = h('button', { type: 'button', className: 'wide danger' }, strings.forgetYes);
  yes.onclick = async () => {
    yes.disabled = true;
    if (await erase()) return;
    yes.disabled = false;
    said.textContent = strings.forgetFailed;
  };
  return h(
    'div',
    { className: 'page' },
    h('p', {}, strings.forgetText),
    yes,
    h('button', { type: 'button', className: 'wide', onclick: keep }, strings.forgetNo),
    said,
  );
}
