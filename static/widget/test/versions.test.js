import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Versions } from '../src/feedback/versions.js';

const pair = (/** @type {number} */ version) => ({
  question: { id: 'q', role: 'user', parts: [] },
  answer: { id: `a-${version}`, role: 'assistant', metadata: version > 1 ? { version } : {}, parts: [] },
});

/** Versions 1 to 5 in pages of two, and what was asked for. */
function served() {
  const asked = [];
  const api = {
    async json(_, path) {
      asked.push(path);
      const before = Number(new URLSearchParams(path.split('?')[1]).get('before') ?? 6);
      const first = Math.max(before - 2, 1);
      const versions = [];
      for (let version = first; version < before; version++) versions.push(pair(version));
      return { versions, next: first > 1 ? String(first) : null };
    },
  };
  return { api, asked };
}

test('earlier versions are brought page by page, and each says which of all it is', async () => {
  const { api, asked } = served();
  const versions = new Versions(/** @type {any} */ (api));
  const [question, answer] = [pair(5).question, pair(5).answer];
  const shown = () => versions.of([question, answer])[1].metadata;
  const seen = [];
  for (const by of [-1, -1, -1, -1, -1, 1, 1, 1, 1]) {
    assert.equal(await versions.step(answer, by), true);
    const { version, shown: at = version } = shown();
    seen.push(`${at} / ${version}`);
  }
  assert.deepEqual(seen, ['4 / 5', '3 / 5', '2 / 5', '1 / 5', '1 / 5', '2 / 5', '3 / 5', '4 / 5', '5 / 5']);
  assert.equal(asked.length, 3);
});

test('a page that cannot be had leaves what is there', async () => {
  const { api } = served();
  const versions = new Versions(/** @type {any} */ (api));
  const { answer } = pair(5);
  await versions.step(answer, -1);
  api.json = async () => Promise.reject(new Error('away'));
  await versions.step(answer, -1);
  assert.equal(versions.of([answer])[0].metadata.shown, 4);
});
