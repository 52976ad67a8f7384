/** A script that comes later. */
export class Later {
  /** @type {any} */
  module = null;
  /** Whether its words and styles are in use. */
  isSetUp = false;
  /** @type {Promise<boolean> | null} */
  #coming = null;
  #failures = 0;

  /** @param {string} address */
  constructor(address) {
    this.address = address;
  }

  /** @returns {Promise<boolean>} whether it is there; the next call tries again */
  load() {
    return (this.#coming ??= this.#load());
  }

  async #load() {
    // Browsers from before autumn 2026 remember for an address that it failed.
    const address = this.#failures ? `${this.address}?${this.#failures}` : this.address;
    this.module = await import(address).catch(() => null);
    if (this.module) return true;
    this.#failures++;
    this.#coming = null;
    return false;
  }
}
