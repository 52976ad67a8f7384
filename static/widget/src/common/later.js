/** A script that comes later. */
export class Later {
  /** @type {any} */
  module = null;
  /** Whether its words and styles are in use. */
  isSetUp = false;
  /** @type {Promise<any> | null} */
  #coming = null;
  #failures = 0;

  /** @param {string} address */
  constructor(address) {
    this.address = address;
  }

  /** Return the module, or null when it cannot be had; the next call tries again. */
  load() {
    return (this.#coming ??= this.#load());
  }

  async #load() {
    // Browsers from before autumn 2026 remember for an address that it failed.
    const address = this.#failures ? `${this.address}?${this.#failures}` : this.address;
    this.module = await import(address).catch(() => null);
    if (!this.module) {
      this.#failures++;
      this.#coming = null;
    }
    return this.module;
  }
}
