import { h } from '../common/dom.js';

/** @param {string} className @param {string} label @param {() => void} onclick */
export function button(className, label, onclick) {
  return h('button', { className, onclick }, label);
}
