import { panel } from './panel.js';

/**
 * The block "Ask about this product", `<shop-chat-ask>`: the shop's server has drawn it, the chat makes it work. As long
 * as there is no chat to take a question, its forms lead to the shop's search.
 */
export class ShopChatAsk extends HTMLElement {
  connectedCallback() {
    this.onsubmit = ask;
    this.addEventListener('focusin', () => panel.load(), { once: true });
  }
}

/** @param {SubmitEvent} event */
async function ask(event) {
  const chat = document.querySelector('shop-chat');
  if (!chat) return;
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.target);
  const tapped = /** @type {HTMLButtonElement | null} */ (event.submitter);
  const question = tapped?.name ? tapped.value : new FormData(form).get('q');
  if (tapped?.name) tapped.focus(); // Safari does not by itself, and the panel gives the focus back on closing
  if (await chat.ask(String(question))) form.reset();
}
