// "Forget me" must come to an end.
const LONGEST_WAIT_MS = 20_000;

/**
 * Erase everything, on the server first: only this browser has the key to what is there. Throws when the server did not.
 * @param {import('../panel.js').Panel} panel
 * @returns {Promise<boolean>} whether nothing is left in this browser
 */
export async function erase(panel) {
  const { api, cache, conversation, outbox, tabs } = panel;
  conversation.leave(); // an answer that is being written would write itself down again
  // Another tab that sends a message just then must not find it and send it in a new session.
  const waiting = outbox.take();
  const limit = AbortSignal.timeout(LONGEST_WAIT_MS);
  const late = new Promise((_, reject) => limit.addEventListener('abort', () => reject(limit.reason)));
  try {
    if (api.known) await Promise.race([api.send('DELETE', '/api/session', undefined, limit), late]);
  } catch (error) {
    for (const entry of waiting) outbox.put(entry.conversation, entry.message);
    conversation.restore();
    throw error;
  }
  api.forget();
  conversation.stops.clear();
  conversation.reset();
  panel.heed(true);
  tabs.forget();
  conversation.restore();
  return Boolean(await cache.clear());
}
