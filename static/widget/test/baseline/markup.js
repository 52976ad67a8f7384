/** What the elements and attributes of templates use. */
import { readFileSync } from 'node:fs';
import { known, note } from './support.js';

const TAG = /<([a-z][\w-]*)((?:\s+[\w-]+(?:="(?:[^"{]|\{\{.*?\}\}|\{%.*?%\})*")?|\{%.*?%\}|\{\{.*?\}\})*)/g;
const ATTRIBUTE = /\s([a-z][\w-]*)(?==|\s|$)/g;

/**
 * Find what templates use.
 * @param {string[]} files
 * @returns {import('./support.js').Uses}
 */
export function usedByMarkup(files) {
  const uses = new Map();
  for (const file of files) {
    for (const [, tag, attributes] of readFileSync(file, 'utf8').matchAll(TAG)) {
      note(uses, known(`html.elements.${tag}`), file);
      for (const [, name] of attributes.replace(/"[^"]*"/g, '').matchAll(ATTRIBUTE)) {
        note(uses, known(`html.elements.${tag}.${name}`, `html.global_attributes.${name}`), file);
      }
    }
  }
  return uses;
}
