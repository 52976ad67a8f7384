import { mayPass, Refused } from './api.js';

const KEY = 'stop:';

/**
 * Stops that the server has not confirmed. They are kept for all tabs, so that a stop reaches the server before the
 * message it is for, whichever tab sends that message and however often.
 */
export class Stops {
  /** @param {import('../common/store.js').Store} store that all tabs see */
  constructor(store) {
    this.store = store;
  }

  /**
   * @param {string} conversation
   * @param {string} message_id of the question
   * @param {number} version of its answer
   */
  put(conversation, message_id, version) {
    this.store.set(`${KEY}${message_id}:${version}`, { conversation, message_id, version });
  }

  clear() {
    for (const key of this.store.keys(KEY)) this.store.remove(key);
  }

  /**
   * Send the stops. Those that are refused for good are dropped.
   * @param {import('./api.js').Api} api
   * @param {AbortSignal} [signal]
   * @throws when one could not be sent: it stays for the next time
   */
  async deliver(api, signal) {
    for (const key of this.store.keys(KEY)) {
      const { conversation, ...stop } = this.store.get(key) ?? {};
      try {
        if (conversation) await api.json('POST', `/api/chat/${conversation}/stop`, stop, signal);
      } catch (error) {
        if (!(error instanceof Refused) || mayPass(error.problem)) throw error;
      }
      this.store.remove(key);
    }
  }
}
