import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Connection } from '../src/conversation/connection.js';

let clock;
beforeEach((t) => {
  clock = t.mock.timers;
  clock.enable({ apis: ['setTimeout', 'Date'] });
});

test('a line on which two heartbeats failed to come is given up', () => {
  const connection = new Connection();
  const signal = connection.open();
  clock.tick(30_000);
  assert.equal(signal.aborted, false);
  connection.alive();
  clock.tick(30_000);
  assert.equal(signal.aborted, false);
  clock.tick(6_000);
  assert.equal(signal.aborted, true);
});

test('who comes back does not trust a line that has been silent for a while, and leaves a good one alone', () => {
  const connection = new Connection();
  const signal = connection.open();
  clock.tick(10_000);
  connection.nudge();
  assert.equal(signal.aborted, false);
  clock.tick(10_000);
  connection.nudge();
  assert.equal(signal.aborted, true);
});

test('a wait is over when the browser is online again', async () => {
  const connection = new Connection();
  connection.open();
  const pause = connection.pause(9);
  connection.nudge();
  await pause;
});

test('waits grow, never beyond a quarter of a minute, and never below what the server asked for', async (t) => {
  t.mock.method(Math, 'random', () => 1);
  const wait = async (failures, least) => {
    let waited = 0;
    let isOver = false;
    new Connection().pause(failures, least).then(() => (isOver = true));
    while (!isOver) {
      clock.tick(100);
      waited += 100;
      await Promise.resolve();
      await Promise.resolve();
    }
    return waited;
  };
  const waits = [await wait(1), await wait(2), await wait(3), await wait(20)];
  assert.ok(
    waits.every((each, index) => index === 0 || each > waits[index - 1]),
    String(waits),
  );
  assert.ok(waits[0] <= 600 && waits[3] <= 15_200, String(waits));
  assert.ok((await wait(1, 3)) >= 3000);
});

test('who has left hears nothing more', () => {
  const connection = new Connection();
  const signal = connection.open();
  connection.leave();
  assert.deepEqual([signal.aborted, connection.open().aborted, connection.left], [true, true, true]);
});
