import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventDecoder } from '../src/conversation/sse.js';

const WIRE =
  ': open\n\nid: 1-1\ndata: {"a":"ä€🥾"}\n\nid: 1-2\r\ndata: one\r\ndata: two\r\n\r\nid:1-3\rdata:three\r\revent: x\ndata\n\n: beat\n\ndata: [DONE]\n\ndata: torn';
const EVENTS = [
  { id: '1-1', data: '{"a":"ä€🥾"}' },
  { id: '1-2', data: 'one\ntwo' },
  { id: '1-3', data: 'three' },
  { id: '1-3', data: '' },
  { id: '1-3', data: '[DONE]' },
];

test('events do not depend on where the text was cut in two', () => {
  for (let at = 0; at <= WIRE.length; at++) {
    const decoder = new EventDecoder();
    assert.deepEqual([...decoder.push(WIRE.slice(0, at)), ...decoder.push(WIRE.slice(at))], EVENTS, `cut at ${at}`);
  }
});

test('events do not depend on the size of the pieces', () => {
  for (let size = 1; size < 12; size++) {
    const decoder = new EventDecoder();
    const found = [];
    for (let at = 0; at < WIRE.length; at += size) found.push(...decoder.push(WIRE.slice(at, at + size)));
    assert.deepEqual(found, EVENTS, `pieces of ${size}`);
  }
});

test('an event that never ended is not told', () => {
  assert.deepEqual(new EventDecoder().push('data: torn'), []);
});
