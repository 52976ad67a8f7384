/** One running connection: given up when it falls silent, when the page leaves, or when someone knows better. */

// The server's heartbeat comes every 15 s. When two have failed to come, the line is dead, whatever the browser says.
const SILENCE_MS = 35_000;
// A phone that wakes up has often lost its connection without being told: then less silence is proof enough.
const SUSPECT_MS = 18_000;
// A stream begins to speak at once. One that does not may be held back by a proxy, which reading the history tells.
const QUIET_MS = 5000;
// A shorter wait for tabs in which a stream was held back before.
const HELD_QUIET_MS = 1500;
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 15_000;

export class Connection {
  #controller = new AbortController();
  #quiet = QUIET_MS;
  /** @type {(() => void) | undefined} */
  #onQuiet;
  /** When bytes came last. */
  heard = 0;
  /** @type {number | undefined} */
  #watchdog;
  /** @type {(() => void) | null} */
  #wake = null;
  left = false;

  /**
   * Begin another try.
   * @param {() => void} [onQuiet] called when nothing is heard for a while, and again after twice that time
   * @param {boolean} [isHeld] whether streams were held back before
   * @returns {AbortSignal} which ends it
   */
  open(onQuiet, isHeld) {
    this.#rest();
    this.#controller = new AbortController();
    if (this.left) this.#controller.abort();
    this.#onQuiet = onQuiet;
    this.#quiet = isHeld ? HELD_QUIET_MS : QUIET_MS;
    this.alive();
    return this.#controller.signal;
  }

  /** Bytes have arrived. */
  alive = () => {
    this.heard = Date.now();
    this.#watchdog ||= setTimeout(() => this.#listen(), this.#quiet);
  };

  /** A timer for each piece of an answer would cost more than the piece. */
  #listen() {
    this.#watchdog = undefined;
    const silent = Date.now() - this.heard;
    if (silent >= SILENCE_MS) return this.abort();
    if (silent >= this.#quiet) {
      this.#quiet = silent * 2;
      this.#onQuiet?.();
    }
    const wait = Math.min(this.#quiet, SILENCE_MS) - silent;
    this.#watchdog = setTimeout(() => this.#listen(), wait);
  }

  /** Give this try up. */
  abort() {
    this.#controller.abort();
  }

  #rest() {
    clearTimeout(this.#watchdog);
    this.#watchdog = undefined;
  }

  /** The browser is online, visible or back: do not sit out a wait, and do not trust a silent line. */
  nudge() {
    if (this.#wake) this.#wake();
    else if (Date.now() - this.heard > SUSPECT_MS) this.#controller.abort();
  }

  /** Nobody listens any more. The answer goes on without us. */
  leave() {
    this.finish();
    this.#controller.abort();
    this.#wake?.();
  }

  /** There is nothing more to hear. */
  finish() {
    this.left = true;
    this.#rest();
  }

  /**
   * Wait before the next try, longer each time, unless nudged.
   * @param {number} failures in a row
   * @param {number} [least] seconds that the server has asked for
   */
  async pause(failures, least = 0) {
    this.#rest();
    const wait = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS) * (0.5 + Math.random() / 2);
    await this.wait(Math.max(wait, least * 1000));
  }

  /** @param {number} milliseconds at most: a nudge ends it */
  async wait(milliseconds) {
    this.#rest();
    await new Promise((resolve) => {
      this.#wake = () => resolve(undefined);
      setTimeout(resolve, milliseconds);
    });
    this.#wake = null;
  }
}
