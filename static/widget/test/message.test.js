import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply, textOf } from '../src/conversation/message.js';

/** @param {object[]} chunks @param {object} [from] */
function after(chunks, from) {
  const message = from ?? { id: 'a', role: 'assistant', parts: [] };
  for (const chunk of chunks) apply(message, chunk);
  return message;
}

const said = (...words) => [
  { type: 'text-start', id: 't' },
  ...words.map((delta) => ({ type: 'text-delta', id: 't', delta })),
  { type: 'text-end', id: 't' },
];

test('deltas join to a text that is done when it ends', () => {
  const { parts } = after([{ type: 'start', messageId: 'a' }, { type: 'start-step' }, ...said('Hel', 'lo')]);
  assert.deepEqual(parts, [{ type: 'step-start' }, { type: 'text', text: 'Hello', state: 'done' }]);
});

test('a partial from the history goes on where it stopped', () => {
  const partial = { id: 'a', role: 'assistant', parts: [{ type: 'text', text: 'Hel', state: 'streaming' }] };
  assert.equal(textOf(after([{ type: 'text-delta', id: 't', delta: 'lo' }], partial)), 'Hello');
});

test('a start begins the message anew', () => {
  const message = after([
    { type: 'start', messageId: 'a' },
    ...said('old'),
    { type: 'start', messageId: 'a' },
    ...said('new'),
  ]);
  assert.equal(textOf(message), 'new');
});

test('a reset step drops what the step has said and keeps the steps before', () => {
  const chunks = [
    { type: 'start-step' },
    ...said('kept'),
    { type: 'start-step' },
    ...said('dropped'),
    { type: 'reset-step' },
    ...said('said again'),
  ];
  assert.equal(textOf(after(chunks)), 'kept\n\nsaid again');
});

test('what is passing leaves no part, other data does', () => {
  const { parts } = after([
    { type: 'data-status', data: { text: 'Searching' }, transient: true },
    { type: 'data-cart', id: 'c', data: { status: 'ok' } },
    { type: 'data-cart', id: 'c', data: { status: 'gone' } },
  ]);
  assert.deepEqual(parts, [{ type: 'data-cart', id: 'c', data: { status: 'gone' } }]);
});

test('a tool call is one part through its whole life', () => {
  const { parts } = after([
    { type: 'tool-input-start', toolCallId: '1', toolName: 'search' },
    { type: 'tool-input-available', toolCallId: '1', toolName: 'search', input: { query: 'hat' } },
    { type: 'tool-output-available', toolCallId: '1', output: [] },
  ]);
  assert.deepEqual(parts, [
    { type: 'tool-search', toolCallId: '1', state: 'output-available', input: { query: 'hat' }, output: [] },
  ]);
});

test('an answer ends well, stopped or failed, and a failure says why', () => {
  assert.equal(after([{ type: 'finish' }]).metadata.status, 'complete');
  assert.equal(after([{ type: 'abort' }]).metadata.status, 'stopped');
  const failed = after([{ type: 'error', errorText: '{"code":"model-cut","title":"T","detail":"D","status":502}' }]);
  assert.deepEqual([failed.metadata.status, failed.metadata.error.code], ['failed', 'model-cut']);
});

test('an error that is no problem object is still told', () => {
  assert.equal(after([{ type: 'error', errorText: 'oops' }]).metadata.error.title, 'oops');
});

test('events that are not known are passed over', () => {
  assert.deepEqual(
    after([{ type: 'constructor' }, { type: '__proto__' }, { type: 'reasoning-delta', delta: 'hm' }]).parts,
    [],
  );
});
