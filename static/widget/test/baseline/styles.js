/** What style sheets use. */
import { readFileSync } from 'node:fs';
import { parse, walk } from 'css-tree';
import { entry, known, latest, named, note } from './support.js';

const PREFIX = /^-(webkit|moz|ms)-/;

/**
 * Find what style sheets use.
 * @param {string[]} files
 * @returns {import('./support.js').Uses}
 */
export function usedByStyles(files) {
  const uses = new Map();
  for (const file of files) {
    const tree = parse(readFileSync(file, 'utf8'), { parseCustomProperty: true });
    walk(tree, function (node) {
      if (node.type === 'Raw') note(uses, unreadOf(node.value, file), file);
      else note(uses, featureOf(node, this.declaration?.property ?? '', this.atrule?.name ?? ''), file);
    });
  }
  return uses;
}

/**
 * Return the path of what css-tree leaves unread: a rule within a rule.
 * @param {string} text
 * @param {string} file
 * @throws for anything else, which would escape the scan
 */
function unreadOf(text, file) {
  if (text.includes('{')) return 'css.selectors.nesting';
  throw new Error(`${file} has what cannot be read: ${text}`);
}

/**
 * Return the path of what a piece of a style sheet stands for.
 * @param {any} node
 * @param {string} property that is declared there
 * @param {string} rule the at-rule around it
 * @returns {string | undefined}
 */
function featureOf({ type, name, property, unit }, declared, rule) {
  switch (type) {
    case 'Declaration':
      return PREFIX.test(property) ? undefined : known(`css.properties.${property}`);
    case 'Identifier':
      return known(`css.properties.${declared}.${name}`);
    case 'Function':
      return known(`css.properties.${declared}.${name}`) ?? latest(named('css.types', name));
    case 'Dimension':
      return latest(named('css.types', unit.toLowerCase()).concat(viewport(unit)));
    case 'PseudoClassSelector':
    case 'PseudoElementSelector':
      return known(`css.selectors.${name}`);
    case 'NestingSelector':
      return 'css.selectors.nesting';
    case 'Atrule':
      return known(`css.at-rules.${name}`);
    case 'Feature':
      return known(`css.at-rules.${rule}.${name}`);
    default:
      return undefined;
  }
}

/** @param {string} unit such as "dvh" @returns {string[]} */
function viewport(unit) {
  const path = 'css.types.length.viewport_percentage_units_dynamic';
  return /^[dsl]v(h|w|i|b|min|max)$/.test(unit) && entry(path) ? [path] : [];
}
