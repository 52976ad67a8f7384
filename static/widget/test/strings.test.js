import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doing, inWords, strings } from '../src/common/strings.js';
import { strings as german } from '../src/locales/de.js';

/** Have the widget speak German until `act` has ended. @param {() => void} act */
function inGerman(act) {
  const english = { ...strings };
  Object.assign(strings, german);
  try {
    act();
  } finally {
    Object.assign(strings, english);
  }
}

const problem = (code, more = {}) => ({ code, title: 'It broke.', detail: 'Try again.', status: 500, ...more });

test('English has the words of the server', () => {
  assert.equal(inWords(problem('model-cut')), 'It broke. Try again.');
  assert.equal(inWords(problem('busy', { retry_after: 2 })), `${strings.problems.busy} ${strings.tryIn(2)}`);
});

test('another language has its own words for all that can go wrong', () => {
  inGerman(() => {
    assert.equal(inWords(problem('model-cut')), german.problems['model-cut']);
    assert.equal(inWords(problem('something-new')), german.problems.other);
    assert.equal(inWords(problem('model-unavailable', { retry_after: 2 })), `${german.problems['model-unavailable']} ${german.tryIn(2)}`);
  });
});

test('what the server is doing is said in the language of the shop', () => {
  assert.equal(doing({ text: '2 shoppers are before you', code: 'queued', ahead: 2 }), '2 shoppers are before you');
  inGerman(() => {
    assert.equal(doing({ text: '2 shoppers are before you', code: 'queued', ahead: 2 }), '2 Personen sind vor dir dran');
    assert.equal(doing({ text: 'One shopper is before you', code: 'queued', ahead: 1 }), '1 Person ist vor dir dran');
    assert.equal(doing({ text: 'Still thinking', code: 'thinking' }), german.status.thinking);
    assert.equal(doing({ text: 'Something new', code: 'new' }), 'Something new');
  });
});
