/**
 * Tell the page.
 * @param {HTMLElement} element `<shop-chat>`
 * @param {string} name
 * @param {object} [detail]
 */
export function emit(element, name, detail) {
  element.dispatchEvent(new CustomEvent(`shop-chat:${name}`, { bubbles: true, composed: true, detail }));
}
