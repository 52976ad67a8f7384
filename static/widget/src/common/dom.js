/**
 * Make an element. A property that the element knows is set as such, anything else as an attribute; `false`, `null` and
 * `undefined` leave it out. There is no way to hand it HTML or a style. A button submits nothing unless its type says so. In
 * Safari a click focuses a button only if its `tabindex` is set, so each has one.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...(Node | string | false | null | undefined)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const all = tag === 'button' ? { type: 'button', tabIndex: 0, ...properties } : properties;
  for (const [name, value] of Object.entries(all)) {
    if ((value ?? false) === false) continue;
    if (name !== 'part' && name in element) Reflect.set(element, name, value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(.../** @type {(Node | string)[]} */ (children.filter(Boolean)));
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/**
 * A drawing of 24 by 24 in the colour of the text.
 * @param {string} path its outline
 */
export function icon(path) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

/** @param {string} css */
export function sheet(css) {
  const constructed = new CSSStyleSheet();
  constructed.replaceSync(css);
  return constructed;
}
