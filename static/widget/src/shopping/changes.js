/** @typedef {import('../panel.js').Panel} Panel */
/** @typedef {(state: string, isUndoable: boolean) => void} Show */

// As `Tabs` has it.
const KEY = 'changed';

/** @type {WeakMap<Panel, Changes>} */
const ofPanels = new WeakMap();

/** What became of the changes of the cart that the assistant has proposed or made, as the server knows it. */
export class Changes {
  /** @type {Map<string, Map<HTMLElement, Show>>} */
  #watched = new Map();
  /** @type {Record<string, string>} */
  #states = {};
  #undo = '';
  /** @type {Promise<unknown> | null} */
  #asking = null;

  /** @param {Panel} panel @returns {Changes} */
  static of(panel) {
    const known = ofPanels.get(panel) ?? new Changes(panel);
    ofPanels.set(panel, known);
    return known;
  }

  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
    // Another tab may have taken or undone one, and tells so in the storage.
    const look = () => document.visibilityState === 'visible' && panel.element.isConnected && this.ask();
    addEventListener('storage', ({ key }) => key?.endsWith(KEY) && look());
    document.addEventListener('visibilitychange', look);
  }

  /** Show a change as it stands, now and whenever that changes. @param {string} id @param {HTMLElement} element @param {Show} show */
  watch(id, element, show) {
    const shows = this.#watched.get(id) ?? new Map();
    this.#watched.set(id, shows.set(element, show));
    this.ask();
  }

  /** Ask the server, once for all that is shown. It never rejects. */
  ask() {
    this.#asking ??= Promise.resolve()
      .then(() => (this.panel.api.known ? this.panel.api.json('GET', '/api/cart/changes') : { changes: {} }))
      .then(({ changes, undo = '' }) => {
        this.#states = changes;
        this.#undo = undo;
        this.#show();
      })
      .catch(() => {}) // the button finds out
      .finally(() => (this.#asking = null));
    return this.#asking;
  }

  /**
   * Have the server make a change or take it back.
   * @param {string} id
   * @param {'take' | 'undo'} how
   * @returns {Promise<string>} the change's state; empty when the server could not be asked
   */
  async make(id, how) {
    const { api, cart, tabs } = this.panel;
    try {
      const { state, cart: answer } = await api.json('POST', `/api/cart/changes/${encodeURIComponent(id)}/${how}`);
      await cart.changed(answer).catch(() => {});
      await this.#asking;
      await this.ask();
      tabs.tell();
      return state;
    } catch {
      return '';
    }
  }

  #show() {
    for (const [id, shows] of this.#watched) {
      const state = this.#states[id];
      if (state) for (const show of shows.values()) show(state, id === this.#undo);
    }
  }
}
