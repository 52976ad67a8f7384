/** An answer whose stream is held back until its end, by a proxy or by a page's own `fetch`, is read from the history. */

import { covers, cursorAt } from '../conversation/cursor.js';
import { holds } from '../conversation/thread.js';

/** @typedef {import('../types').Message} Message */

// How often the history is read: seldomer the longer the answer takes.
const FIRST_WAIT_MS = 1500;
const GROWTH = 1.1;
const LONGEST_WAIT_MS = 5000;

/**
 * @typedef {object} Known
 * @property {Message | null} message that is on its way; null when an answer is being read
 * @property {import('../types').Cursor | null} cursor how far it has been read
 * @property {string | null} replaced the answer that another one is to replace
 */

/**
 * Whether the stream is held back: the server has begun with what the page waits for, or is further with it, and nothing
 * has come over the line.
 * @param {import('../conversation/connection.js').Connection} connection
 * @param {() => Promise<import('../types').MessagePage>} read the newest messages
 * @param {Known} known
 * @returns {Promise<boolean | null>} null when it cannot be told
 */
export async function isHeld(connection, read, known) {
  const { heard } = connection;
  const page = await read().catch(() => null);
  return page && connection.heard === heard ? isAhead(page, known) : null;
}

/** @param {import('../types').MessagePage} page @param {Known} known */
function isAhead({ messages, stream }, { message, cursor, replaced }) {
  if (message) return holds(messages, message);
  const last = messages.at(-1);
  if (!last || last.id === replaced) return false;
  return !stream || !covers(cursor, cursorAt(last.id, stream.last_event_id));
}

/**
 * Read the history again and again until the answer has ended, or nobody listens any more.
 * @param {import('../conversation/connection.js').Connection} connection
 * @param {(signal: AbortSignal) => Promise<boolean>} read whether the answer still runs
 */
export async function poll(connection, read) {
  let wait = FIRST_WAIT_MS;
  while ((await read(connection.open())) && !connection.left) {
    await connection.wait(wait);
    if (connection.left) return;
    wait = Math.min(wait * GROWTH, LONGEST_WAIT_MS);
  }
}
