/** @typedef {import('./options.js').Choosable} Choosable */

/**
 * Finds out what the shopper's choice among a product's options leads to: from the variants, where the card has all of
 * them, else by asking the shop after each choice.
 */
export class Picker {
  /** How many choices were made: an answer to an earlier one is of no use any more. */
  #choices = 0;

  /** @param {import('../messages/purchase.js').Purchase} purchase */
  constructor(purchase) {
    this.purchase = purchase;
  }

  /** Bring the card up to what is chosen now. */
  async choose() {
    const { purchase } = this;
    const { product } = purchase;
    const choice = ++this.#choices;
    if (!product.has_more_variants) return purchase.take(marked(product, purchase.selected));
    purchase.wait(true);
    const found = await purchase.ask().catch(() => null);
    if (choice !== this.#choices) return;
    purchase.wait(false);
    if (!found) return purchase.fail();
    const options = found.options?.length ? found.options : product.options;
    purchase.take({ ...product, ...found, options, has_more_variants: true });
  }
}

/**
 * Mark each option's values as shops do: relative to what is chosen of the other options.
 * @param {Choosable} product with all its variants
 * @param {Map<string, string>} selected
 * @returns {Choosable}
 */
function marked(product, selected) {
  const options = product.options.map(({ name, values }) => {
    const others = [...selected].filter(([other]) => other !== name);
    const fitting = product.variants.filter(({ options }) => others.every(([other, label]) => options[other] === label));
    return { name, values: values.map(({ label }) => mark(label, fitting.filter(({ options }) => options[name] === label))) };
  });
  return { ...product, options, selected: [] };
}

/** @param {string} label @param {import('./options.js').Variant[]} variants those that have it */
function mark(label, variants) {
  return { label, exists: variants.length > 0, available: variants.some(({ available }) => available) };
}
