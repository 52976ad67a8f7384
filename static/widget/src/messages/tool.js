import { h, icon } from '../common/dom.js';

/**
 * Make a button that stands under a message.
 * @param {string} label
 * @param {string} path its outline
 * @param {() => void} onclick
 */
export function tool(label, path, onclick) {
  return h('button', { className: 'plain tool', 'aria-label': label, title: label, onclick }, icon(path));
}
