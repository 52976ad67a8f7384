import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ACCEPTED } from './baseline/accepted.js';
import { usedByMarkup } from './baseline/markup.js';
import { usedByScripts } from './baseline/scripts.js';
import { usedByStyles } from './baseline/styles.js';
import { late } from './baseline/support.js';

const BASELINE = fileURLToPath(new URL('baseline/', import.meta.url));
const PLANTED = join(BASELINE, 'planted/');
const WIDGET = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = [join(WIDGET, 'src'), join(WIDGET, '../../liquid')];

/** @param {string} ending @returns {string[]} the paths of the files with that ending */
function files(ending) {
  return FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .map((name) => join(folder, String(name)))
      .filter((path) => path.endsWith(ending)),
  );
}

/** @param {import('./baseline/support.js').Uses} uses @returns {Map<string, string>} what is newer, with who lacks it and who uses it */
function newer(uses) {
  const found = [...uses].filter(([path]) => late(path).length);
  return new Map(found.map(([path, where]) => [path, `${path}: ${late(path).join(', ')}; in ${where.join(', ')}`]));
}

const own = new Map(
  [usedByScripts(join(BASELINE, 'jsconfig.json')), usedByStyles(files('.css')), usedByMarkup(files('.liquid'))].flatMap((uses) => [
    ...newer(uses),
  ]),
);

test('nothing is used that the oldest browsers lack, but for what is accepted', () => {
  assert.deepEqual(
    [...own].filter(([path]) => !(path in ACCEPTED)).map(([, said]) => said),
    [],
  );
});

test('what is accepted is used, and has a reason', () => {
  assert.deepEqual(
    Object.keys(ACCEPTED).filter((path) => !own.has(path)),
    [],
  );
  assert.deepEqual(
    Object.values(ACCEPTED).filter((reason) => !reason),
    [],
  );
});

test('a script that uses something newer is found', () => {
  assert.deepEqual([...newer(usedByScripts(join(PLANTED, 'jsconfig.json'))).keys()].sort(), [
    'api.AbortSignal.any_static',
    'api.Document.ariaNotify',
    'api.Document.scrollend_event',
    'api.Element.checkVisibility',
    'api.FormData.FormData.submitter',
    'api.HTMLDialogElement.closedBy',
    'api.Navigator.userActivation',
    'api.URL.canParse_static',
    'api.Window.requestIdleCallback',
    'css.properties.text-wrap',
    'html.elements.search',
    'html.global_attributes.popover',
    'javascript.builtins.Array.toSorted',
    'javascript.builtins.Intl.Segmenter',
    'javascript.builtins.Iterator.map',
    'javascript.builtins.Object.groupBy',
    'javascript.builtins.Promise.withResolvers',
    'javascript.builtins.RegExp.unicodeSets',
    'javascript.builtins.Set.union',
  ]);
});

test('a style sheet that uses something newer is found', () => {
  assert.deepEqual([...newer(usedByStyles([join(PLANTED, 'planted.css')])).keys()].sort(), [
    'css.at-rules.media.scripting',
    'css.at-rules.starting-style',
    'css.properties.field-sizing',
    'css.properties.field-sizing.content',
    'css.properties.position-anchor',
    'css.properties.text-wrap',
    'css.properties.text-wrap.balance',
    'css.selectors.has',
    'css.selectors.nesting',
    'css.types.basic-shape.polygon.round',
    'css.types.color.light-dark',
    'css.types.length.rlh',
  ]);
});

test('a template that uses something newer is found', () => {
  assert.deepEqual([...newer(usedByMarkup([join(PLANTED, 'planted.liquid')])).keys()].sort(), [
    'html.elements.button.popovertarget',
    'html.elements.details.name',
    'html.elements.search',
  ]);
});
