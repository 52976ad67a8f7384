import { h } from '../common/panel-dom.js';

/** @param {string} className @param {string} label @param {() => void} onclick */
export function button(className, label, onclick) {
  return h('button', { type: 'button', className, onclick }, label);
}
