import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dates } from '../src/pages/dates.js';

test('what was today has its hour, what was before its day', () => {
  const dates = new Dates('de');
  assert.match(dates.short(new Date().toISOString()), /^\d\d:\d\d$/);
  assert.equal(dates.short('2026-03-14T12:00:00Z'), '14.03.2026');
  assert.match(dates.full('2026-03-14T12:00:00Z'), /^14\. März 2026 um \d\d:\d\d$/);
});

test('a locale that is none is read as English', () => {
  for (const locale of ['pt_BR!', '', 'xx-YY']) {
    assert.equal(new Dates(locale).short('2026-03-14T12:00:00Z'), 'Mar 14, 2026');
  }
});
