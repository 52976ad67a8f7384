/** @typedef {import('../types').Product} Product */
/** @typedef {import('../types').Variant & { options: Record<string, string> }} Variant */
/** @typedef {Omit<Product, 'options' | 'variants'> & { options: import('../types').Option[], variants: Variant[] }} Choosable */

/**
 * Give a product its options where the shop or an older message names none: those of its variants, or as the only one
 * the variants' titles, under no name.
 * @param {Product} product
 * @returns {Choosable}
 */
export function withOptions(product) {
  const variants = (product.variants ?? []).map((variant) => {
    const { options = {}, title } = variant;
    return { ...variant, options: Object.keys(options).length ? options : { '': title } };
  });
  const given = product.options ?? [];
  const areGood = product.has_more_variants || variants.every(({ options }) => given.every(({ name }) => name in options));
  return { ...product, variants, options: given.length && areGood ? given : optionsOf(variants) };
}

/** @param {Variant[]} variants */
function optionsOf(variants) {
  /** @type {Map<string, Map<string, boolean>>} */
  const names = new Map();
  for (const { options, available } of variants) {
    for (const [name, label] of Object.entries(options)) {
      const labels = names.get(name) ?? new Map();
      names.set(name, labels.set(label, labels.get(label) || available));
    }
  }
  return [...names].map(([name, labels]) => {
    return { name, values: [...labels].map(([label, available]) => ({ label, available, exists: true })) };
  });
}

/**
 * Find the variant that a selection means.
 * @param {Choosable} product
 * @param {Map<string, string>} selected the label of each option by its name
 * @returns {Variant | null} null when something is left to choose, or there is none
 */
export function variantOf({ options, variants }, selected) {
  if (options.some(({ name }) => !selected.get(name))) return null;
  return variants.find((variant) => [...selected].every(([name, label]) => variant.options[name] === label)) ?? null;
}
