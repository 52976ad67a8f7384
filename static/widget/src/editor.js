/** In the theme editor there is nobody to talk to, but a merchant who wants to see what a setting does. */
import { FORMS } from './common/forms.js';
import { address } from './common/settings.js';

/** Whether the chat is to stand open. Kept here, as each change may bring another element. */
let isWanted = false;
let complaint = '';

document.addEventListener('shop-chat:open', () => (isWanted = true));
document.addEventListener('shop-chat:close', () => (isWanted = false));
for (const kind of ['block', 'section']) {
  document.addEventListener(`shopify:${kind}:select`, (event) => select(event, true));
  document.addEventListener(`shopify:${kind}:deselect`, (event) => select(event, false));
}

/**
 * Show an element as its attributes have it, whenever one of them changes.
 * @param {HTMLElementTagNameMap['shop-chat']} element
 */
export function preview(element) {
  complain(element.dataset);
  const watch = new MutationObserver(() => {
    watch.disconnect();
    element.replaceWith(element.cloneNode()); // which comes here again
  });
  watch.observe(element, { attributes: true });
  if (isWanted) element.open();
}

/** @param {Event} event @param {boolean} isChosen */
function select({ target }, isChosen) {
  const chat = document.querySelector('shop-chat');
  if (!chat || !(target instanceof Node) || !target.contains(chat)) return;
  isWanted = isChosen;
  if (isChosen) chat.open();
  else chat.close();
}

/** Tell the merchant's developer which settings cannot be used: shoppers get the defaults. @param {DOMStringMap} data */
function complain(data) {
  const fits = (/** @type {string} */ name, value = '') => (FORMS[name] ? FORMS[name].test(value) : address(value));
  const names = [...Object.keys(FORMS), 'avatar', 'consentLink'].filter((name) => data[name] && !fits(name, data[name]));
  const found = names.map((name) => `${name}="${data[name]}"`).join(', ');
  if (found && found !== complaint) console.warn(`shop-chat cannot use ${found}`);
  complaint = found;
}
