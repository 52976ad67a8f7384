import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { fold, matches } from '../src/conversation/fold.js';

const vectors = JSON.parse(await readFile(new URL('../../../tests/fold_vectors.json', import.meta.url), 'utf8'));

for (const { text, folded, finds, misses } of vectors) {
  test(`“${text}” is folded and found as the server does it`, () => {
    assert.equal(fold(text), folded);
    for (const words of finds) assert.ok(matches(text, words), words);
    for (const words of misses) assert.ok(!matches(text, words), words);
  });
}

test('folding twice changes nothing more', () => {
  for (let point = 0; point < 0x30000; point++) {
    if (point >= 0xd800 && point < 0xe000) continue;
    const once = fold(String.fromCodePoint(point));
    assert.equal(fold(once), once, point.toString(16));
  }
});
