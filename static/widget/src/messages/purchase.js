import { h, icon } from '../common/dom.js';
import { AGAIN, DONE } from '../common/icons.js';
import { Field } from '../shopping/field.js';
import { variantOf, withOptions } from '../shopping/options.js';
import { Picker } from '../shopping/picker.js';
import { strings } from '../shopping/strings.js';
import { price } from './money.js';

/** @typedef {import('../types').Product} Product */
/** @typedef {import('../types').Variant} Variant */

const DONE_MS = 2500;
// A shopper who has chosen a size waits for its price.
const LONGEST_SELECTION_MS = 15_000;

/**
 * The way into the cart: the button, and where there is a choice, a field for each option. Nothing is chosen that the
 * shopper or the shop has not chosen. What a choice leads to is the Picker's matter.
 */
export class Purchase {
  /** @type {Field[]} */
  #fields;
  #picker = new Picker(this);
  /** The variant that the chosen options mean, once they mean one. @type {Variant | null} */
  #variant;
  /** True when the lookup of `#variant` has ended, also with none. */
  #isKnown = true;
  #isAsking = false;
  #isAdding = false;
  #doneTimer = 0;
  #button = h('button', { className: 'add', onclick: () => this.#press() });
  #trouble = h('div', { className: 'foot' });
  element = h('div', { className: 'purchase' });

  /**
   * @param {Product} product
   * @param {import('./view.js').Shown} shown
   * @param {HTMLElement} notices what the shop says of it, which must not be missed before it is added
   * @param {(product: Product, variant: Variant | null) => string} show brings the card up to it, and returns its words
   */
  constructor(product, shown, notices, show) {
    this.product = withOptions(product);
    this.shown = shown;
    this.show = show;
    this.#fields = this.product.options.map((option) => {
      return new Field(option, product.title, (label) => this.#priceOf(label), () => this.#choose());
    });
    this.#adopt(product);
    this.#variant = variantOf(this.product, this.selected);
    if (this.#variant) show(this.product, this.#variant);
    else this.#isKnown = !this.product.has_more_variants;
    const choices = this.#fields.filter(({ isChoice }) => isChoice).map(({ element }) => element);
    this.#button.ariaDescribedByElements = [notices];
    this.element.append(...choices, this.#button, this.#trouble);
    this.#update();
  }

  /** The labels that are chosen, by the names of their options. */
  get selected() {
    return new Map(this.#fields.filter(({ value }) => value).map(({ name, value }) => [name, value]));
  }

  /** Ask the shop what is chosen. @returns {Promise<Product>} rejects when it cannot be asked */
  async ask() {
    const { acts } = this.shown;
    const selected = [...this.selected].map(([name, label]) => ({ name, label }));
    const { country, currency, locale: language } = acts.page();
    const path = `/api/products/${/\d+/.exec(this.product.id)}/selection`; // a suffix may follow the number
    const body = { selected, country, currency, language };
    const response = await acts.api.send('POST', path, body, AbortSignal.timeout(LONGEST_SELECTION_MS));
    return (await response.json()).product;
  }

  /** Have the button wait while the shop is asked. @param {boolean} isAsking */
  wait(isAsking) {
    this.#isAsking = isAsking;
    this.#update();
  }

  /** Show what the choice has led to. @param {Product} product */
  take(product) {
    this.product = withOptions(product);
    for (const field of this.#fields) {
      const option = this.product.options.find(({ name }) => name === field.name);
      if (option) field.mark(option.values);
    }
    this.#adopt(product);
    this.#settle(variantOf(this.product, this.selected));
  }

  /** Say that the choice could not be looked up, with the ways out. */
  fail() {
    const href = this.shown.addresses.link(this.product.url);
    this.#trouble.replaceChildren(
      h('span', {}, strings.notChecked),
      h('button', { className: 'link', onclick: () => this.#choose() }, icon(AGAIN), strings.retry),
      href ? h('a', { className: 'link', href }, strings.productPage) : '',
    );
    this.#trouble.scrollIntoView({ block: 'nearest' });
    this.shown.acts.say(strings.notChecked);
  }

  /** Fill what is open with what the shop has chosen. @param {Product} product */
  #adopt({ selected }) {
    for (const field of this.#fields) field.value ||= selected?.find(({ name }) => name === field.name)?.label ?? '';
  }

  /** The shopper has chosen something. */
  #choose() {
    this.#trouble.replaceChildren();
    this.#isKnown = false;
    this.#picker.choose();
  }

  /** @param {Variant | null} variant */
  #settle(variant) {
    this.#variant = variant;
    this.#isKnown = true;
    const words = this.show(this.product, variant);
    this.#update();
    this.shown.acts.say(variant ? words : this.#text);
  }

  /** Return the next option to choose. */
  get #open() {
    return this.#fields.find(({ value }) => !value);
  }

  /** Return the button's text. */
  get #text() {
    if (this.#open) return this.#open.invitation;
    if (!this.#isKnown || this.#variant?.available) return strings.add;
    return this.#variant ? strings.soldOut : strings.notMade;
  }

  #update() {
    const text = this.#text;
    this.#label(text, text);
    this.#button.ariaBusy = this.#isAsking || this.#isAdding ? 'true' : null;
    this.#button.setAttribute('aria-disabled', String(!this.#open && this.#isKnown && !this.#variant?.available));
    this.#button.classList.toggle('open', Boolean(this.#open));
  }

  /** @param {string} text @param {...(Node | string)} content */
  #label(text, ...content) {
    this.#button.replaceChildren(...content);
    this.#button.setAttribute('aria-label', `${text}, ${this.product.title}`);
  }

  #press() {
    if (this.#button.ariaBusy) return;
    if (this.#open) this.#open.ask();
    else if (!this.#isKnown) this.#choose();
    else if (this.#variant?.available) this.#add(this.#variant);
  }

  /** @param {Variant} variant */
  async #add(variant) {
    const { title } = this.product;
    const isChosen = this.#fields.some(({ isChoice }) => isChoice);
    this.#isAdding = true;
    this.#update();
    const { acts } = this.shown;
    const adding = acts.cart.add(variant.id, isChosen ? `${title}, ${variant.title}` : title);
    const isIn = await adding.catch(() => acts.say(strings.notAdded)); // its script did not come
    this.#isAdding = false;
    this.#update();
    if (!isIn || variant.id !== this.#variant?.id) return;
    clearTimeout(this.#doneTimer);
    this.#label(strings.added, icon(DONE), strings.added);
    this.#doneTimer = setTimeout(() => this.#update(), DONE_MS);
  }

  /** The price of a value, where the only option decides it. @param {string} label */
  #priceOf(label) {
    const { options, variants, has_more_variants } = this.product;
    const isOnePrice = new Set(variants.map(({ price }) => price.amount + price.currency)).size < 2;
    if (options.length > 1 || isOnePrice || has_more_variants) return '';
    const [option] = options;
    const found = variants.find(({ options }) => options[option?.name ?? ''] === label);
    return found ? price(found.price, this.shown.locale) : '';
  }
}
