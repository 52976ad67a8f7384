/** What the baseline's browsers can do, by MDN's browser compatibility data (https://github.com/mdn/browser-compat-data). */
import { createRequire } from 'node:module';
import { BASELINE } from '../../baseline.mjs';

const data = createRequire(import.meta.url)('@mdn/browser-compat-data');

/** @typedef {Record<string, any>} Entry a node of the data: `__compat`, and the entries below it */
/** @typedef {Map<string, string[]>} Uses each feature that is used, by its path in the data, and the files that use it */

/** Return the entry at a path such as "api.URL.canParse_static", or undefined. @param {string} path @returns {Entry | undefined} */
export function entry(path) {
  // No name of the data has a full stop in it.
  return path.split('.').reduce((/** @type {any} */ at, name) => (at && Object.hasOwn(at, name) ? at[name] : undefined), data);
}

/** Return the first of the paths that the data knows. @param {string[]} paths */
export function known(...paths) {
  return paths.find((path) => entry(path)?.__compat);
}

/**
 * Name the baseline's browsers that lack a feature or a part of it.
 * @param {string} path
 * @returns {string[]} each with the version that first has it all, as "safari 17.4"
 */
export function late(path) {
  const support = entry(path)?.__compat?.support ?? {};
  return Object.entries(BASELINE).flatMap(([browser, oldest]) => {
    const spans = [support[browser] ?? []].flat().filter(isWhole);
    if (spans.some((span) => covers(span, oldest))) return [];
    return [`${browser} ${spans[0]?.version_added ?? 'never'}`];
  });
}

/** Tell whether a browser has all of a feature for a while, under its own name and without a flag. @param {any} span */
function isWhole({ version_added: added, flags, alternative_name: name, partial_implementation: isPartly }) {
  return /^≤?\d/.test(added) && !flags && !name && !isPartly;
}

/** @param {any} span @param {string} version */
function covers({ version_added: added, version_removed: removed }, version) {
  return !isAfter(added, version) && (!removed || isAfter(removed, version));
}

/** @param {string} version @param {string} other */
function isAfter(version, other) {
  const [ours, theirs] = [version, other].map((each) => each.replace('≤', '').split('.').map(Number));
  return ours[0] > theirs[0] || (ours[0] === theirs[0] && (ours[1] ?? 0) > (theirs[1] ?? 0));
}

/** Every path of a part of the data, by its last name. @type {Map<string, Map<string, string[]>>} */
const indexes = new Map();

/**
 * Return all paths under `root` that end with a name, for uses of which only the name is known.
 * @param {string} root
 * @param {string} name
 * @returns {string[]}
 */
export function named(root, name) {
  if (!indexes.has(root)) {
    /** @type {Map<string, string[]>} */
    const index = new Map();
    collect(/** @type {Entry} */ (entry(root)), root, index);
    indexes.set(root, index);
  }
  return indexes.get(root)?.get(name) ?? [];
}

/** @param {Entry} at @param {string} path @param {Map<string, string[]>} index */
function collect(at, path, index) {
  for (const [name, below] of Object.entries(at)) {
    if (name === '__compat') continue;
    if (below.__compat) index.set(name, [...(index.get(name) ?? []), `${path}.${name}`]);
    collect(below, `${path}.${name}`, index);
  }
}

/**
 * Return a path of those that only share a name: none unless all of them are late in the same browser.
 * @param {string[]} paths
 */
export function latest(paths) {
  const browsers = paths.map((path) => late(path).map((each) => each.split(' ')[0]));
  const [first = [], ...others] = browsers;
  return first.some((browser) => others.every((each) => each.includes(browser))) ? paths[0] : undefined;
}

/** Note that a file uses a feature. @param {Uses} uses @param {string | undefined} path @param {string} file */
export function note(uses, path, file) {
  if (!path) return;
  const files = uses.get(path) ?? [];
  if (!files.includes(file)) uses.set(path, [...files, file]);
}
