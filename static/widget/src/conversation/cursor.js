/** How far an answer has been read: the attempt at it, and the number of the last event that was applied. */

/** @typedef {import('../types').Cursor} Cursor */

/** @param {string} message @param {string} event an event's id, `<attempt>-<seq>` @returns {Cursor} */
export function cursorAt(message, event) {
  const [attempt = 0, seq = 0] = event.split('-').map(Number);
  return { message, attempt, seq };
}

/** @param {Cursor | null} cursor @returns {string} the event's id */
export function eventOf(cursor) {
  return cursor ? `${cursor.attempt}-${cursor.seq}` : '';
}

/**
 * Whether `a` has read at least as much of the same attempt at the same message as `b`.
 * @param {Cursor | null} a
 * @param {Cursor} b
 */
export function covers(a, b) {
  return a !== null && a.message === b.message && a.attempt === b.attempt && a.seq >= b.seq;
}
