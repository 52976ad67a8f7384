import { COLOR, NUMBER, SCHEMES } from '../common/forms.js';

/**
 * The merchant's colours and measures as custom properties of the element. What is written on the main colour keeps a
 * contrast of 4.5:1: it is the colour that the merchant has named for it, if that reads well, else black or white.
 * @param {DOMStringMap} data
 */
export function paint(data) {
  const { color = '', onColor = '' } = data;
  const scheme = SCHEMES.get(data.scheme ?? '');
  let rules = scheme ? `color-scheme:${scheme};` : '';
  for (const name of ['radius', 'side', 'bottom']) {
    if (NUMBER.test(data[name] ?? '')) rules += `--shop-chat-${name}:${data[name]}px;`;
  }
  const [ground, ink] = [light(color), light(onColor)];
  if (ground) {
    const reads = Math.max(ground, ink) > 4.5 * Math.min(ground, ink); // not so without another colour
    rules += `--shop-chat-accent:${color};--shop-chat-on-accent:${reads ? onColor : ground > 0.229 ? '#000' : '#fff'}`;
  }
  return `:host{${rules}}`;
}

/**
 * Its luminance as contrast counts it: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
 * @param {string} color
 * @returns {number} NaN for what is no colour
 */
function light(color) {
  const channel = (/** @type {number} */ at) => (parseInt(color.slice(at, at + 2), 16) / 255) ** 2.2;
  return COLOR.test(color) ? 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5) + 0.05 : NaN;
}
