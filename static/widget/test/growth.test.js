/** Twice as long a text takes about twice as long, in every function of the widget that reads texts of others. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { EventDecoder, LONGEST_EVENT } from '../src/conversation/sse.js';
import { fold, matches } from '../src/conversation/fold.js';
import { decode } from '../src/messages/entities.js';
import { absolute, Addresses, contactIn, inFull } from '../src/messages/links.js';

const CHARACTERS = 2000;
const FLOOR_MS = 3;
const MOST_GROWTH = 2.5;
const ATTEMPTS = 4; // a loop within a loop grows fourfold each time; noise does not
const TOKENS = [
  ...' \n\tA0a-_.,:;/\\?=&#%@<>[](){}\'"`*|!$~+\u0301\u200d\u4e00\u00e9',
  ...['\u0301\u0316', '\u0316\uff9e', '- ', '* ', '- - ', '> ', '``', '`a', '~~a', '**a ', '*a _b ', '[a](', '[a', '![', '](', '[[a]'],
  ...['&#', '&amp', '&a1', '<a ', '<br ', '<b@b.', '<http:', 'http://', 'https://a', '://', 'a.', 'a@', 'a@a.', '1) ', '|-', '| a ', '%20', '; ', ' a'],
  ...['data: a\n', 'data: a\n\n', ':\n', '\r', 'mailto:a@a', 'tel:1', '?a=', '&a=b', '/a', '//a', '((', '\\(', 'a\n', '  - a\n', '\u3042'],
];
const addresses = new Addresses('https://shop.example/', 's.myshopify.com', 'https://chat.example');

/** @param {string} text @param {number} size */
function decoded(text, size) {
  const decoder = new EventDecoder();
  for (let at = 0; at < text.length; at += size) decoder.push(text.slice(at, at + size));
}

/** Every regular expression that stands in the widget's sources, by the line that it is in. */
async function patterns() {
  const found = {};
  const folder = new URL('../src/', import.meta.url);
  for (const name of (await readdir(folder, { recursive: true })).filter((each) => each.endsWith('.js'))) {
    if (/^(locales|common\/settings)/.test(name)) continue; // the merchant's own words
    for (const line of (await readFile(new URL(name, folder), 'utf8')).split('\n')) {
      if (/^\s*(\/?\*|\/\/)/.test(line)) continue;
      const literal = /(?:^|[\s(=,:&|!?[])\/((?:[^\\/[\n]|\\.|\[(?:[^\\\]]|\\.)*\])+)\/([dgimsuy]*)/g;
      for (const [, source, flags] of line.matchAll(literal)) {
        try {
          found[`${name} /${source}/`] = new RegExp(source, flags);
        } catch {
          // A division, or a path in a text.
        }
      }
    }
  }
  return found;
}

/** @param {() => void} run */
function quickest(run) {
  let best = Infinity;
  for (let turn = 0; turn < 3; turn++) {
    const { user, system } = process.cpuUsage();
    run();
    const used = process.cpuUsage({ user, system });
    best = Math.min(best, (used.user + used.system) / 1000);
  }
  return best;
}

/** @param {string} name @param {(text: string) => unknown} read */
function check(name, read) {
  const run = (text) => {
    try {
      read(text);
    } catch (error) {
      assert.ok(!(error instanceof assert.AssertionError));
    }
  };
  for (const token of TOKENS) {
    const make = (n) => `a${token.repeat(n / token.length + 1)}\u0001`;
    const began = performance.now();
    run(make(CHARACTERS));
    if (performance.now() - began < FLOOR_MS) continue;
    const growths = [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const n = CHARACTERS << attempt;
      const before = quickest(() => run(make(n)));
      if (before < FLOOR_MS / 2) break;
      growths.push(quickest(() => run(make(2 * n))) / before);
      if (growths.at(-1) < MOST_GROWTH) break;
    }
    const isLinear = growths.length < ATTEMPTS || growths.at(-1) < MOST_GROWTH;
    assert.ok(isLinear, `${name}: of ${JSON.stringify(token)} twice as much takes ${growths} times as long`);
  }
}

// Patterns of which each text has a length when it comes to them, and how long it is.
const BOUNDED = {
  'messages/markdown.js': 120, // LONGEST_START
  'messages/inline.js': 2000, // LONGEST_ADDRESS
};

for (const [name, pattern] of Object.entries(await patterns())) {
  const most = BOUNDED[name.split(' ')[0]];
  test(`${name} takes linear time`, () => check(name, (text) => text.slice(0, most).replace(pattern, '')));
}

const READERS = {
  'EventDecoder whole': (text) => decoded(`data: ${text}\n\n`, text.length),
  'EventDecoder in pieces': (text) => decoded(`data: ${text}\n\n`, 3),
  'EventDecoder of anything': (text) => decoded(text, 7),
  fold,
  matches: (text) => matches(text, text.slice(0, 200)),
  decode,
  absolute,
  inFull: (text) => inFull(text, text),
  contactIn,
  'Addresses.link': (text) => addresses.link(text),
  'Addresses.link of a path': (text) => addresses.link(`/${text}`),
  'Addresses.link of a query': (text) => addresses.link(`/search?${text}`),
  'Addresses.image': (text) => addresses.image(text),
};
for (const [name, read] of Object.entries(READERS)) test(`${name} takes linear time`, () => check(name, read));

test('an event without end breaks the stream off, and costs no more than its characters', () => {
  const decoder = new EventDecoder();
  const piece = 'x'.repeat(64 * 1024);
  let pushed = 0;
  assert.throws(() => {
    for (; pushed <= LONGEST_EVENT + piece.length; pushed += piece.length) decoder.push(piece);
  }, RangeError);
  assert.ok(pushed <= LONGEST_EVENT);
  const lines = new EventDecoder();
  assert.throws(() => {
    for (let size = 0; size <= LONGEST_EVENT; size += 6000) lines.push(`data: ${'x'.repeat(6000)}\n`);
  }, RangeError);
});

test('an event just below the ceiling is read in small pieces', () => {
  const decoder = new EventDecoder();
  const text = `id: 1-1\ndata: ${'x'.repeat(LONGEST_EVENT - 100)}\n\n`;
  let found = [];
  for (let at = 0; at < text.length; at += 1400) found = found.concat(decoder.push(text.slice(at, at + 1400)));
  assert.equal(found.length, 1);
  assert.equal(found[0].data.length, LONGEST_EVENT - 100);
  assert.equal(decoder.push('data: again\n\n')[0].data, 'again');
});
