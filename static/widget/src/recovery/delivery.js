/** What was written in a conversation that was left before it could be sent is sent all the same. */

import { mayPass } from '../conversation/api.js';
import { submission } from '../conversation/message.js';

/**
 * Send what waits in other conversations, one message after the other.
 * @param {import('../conversation/conversation.js').Conversation} current
 * @returns {Promise<boolean>} whether nothing is left for later
 */
export async function deliver({ id: current, api, outbox, stops, tabs }) {
  const { signal } = new AbortController();
  for (const { conversation, message } of outbox.besides(current)) {
    const isWaiting = () => outbox.has(message.id);
    const send = async () => {
      if (!isWaiting()) return; // another tab has sent it, or it was taken back
      await stops.deliver(api, signal);
      const body = { ...submission(message), id: conversation };
      await api.send('POST', '/api/chat', body, signal, isWaiting).then((response) => response.body?.cancel(), unlessForGood);
      outbox.remove(message.id);
    };
    const isDone = await tabs.alone(signal, send).then(
      () => true,
      () => false,
    );
    if (!isDone) return false;
  }
  return true;
}

/** @param {unknown} error @throws the same error, unless the message will never be taken */
function unlessForGood(error) {
  const { problem } = /** @type {Partial<import('../conversation/api.js').Refused>} */ (error); // the panel's class, not ours
  if (!problem || problem.code === 'turn-running' || mayPass(problem)) throw error;
}
