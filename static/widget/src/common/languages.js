/** Which language the widget speaks: the shop's, where there are words for it, else English. */

import { strings } from './strings.js';

/**
 * The page's language as a tag that `Intl` takes, whatever system has written it: the first of these that is one.
 * @param {HTMLElement} element `<shop-chat>`
 */
export function localeOf({ dataset }) {
  for (const tag of [dataset.locale, document.documentElement.lang, navigator.language]) {
    try {
      const [known] = Intl.getCanonicalLocales(`${tag}`.trim().replace(/[.@].*/, '').replaceAll('_', '-'));
      if (tag && known) return known;
    } catch {
      // "x-default", "POSIX" or nothing at all.
    }
  }
  return 'en';
}

/**
 * The nearest of some language tags: the very one, else another of the same language.
 * @param {string[]} tags
 * @param {string} locale
 */
export function nearest(tags, locale) {
  const asked = locale.toLowerCase();
  const language = (/** @type {string} */ tag) => tag.toLowerCase().split('-')[0];
  return tags.find((tag) => tag.toLowerCase() === asked) ?? tags.find((tag) => language(tag) === language(asked));
}

/** @param {string} locale */
export function isRightToLeft(locale) {
  return /^(ar|fa|he|ur)\b/i.test(locale);
}

/**
 * Have the widget speak the language from now on. What is drawn already keeps its words.
 * @param {string} locale
 * @returns {Promise<Partial<typeof import('../locales/de.js')>>} the words of what is still to be loaded
 */
export async function speak(locale) {
  const file = LOCALES[nearest(Object.keys(LOCALES), locale) ?? ''];
  const words = file ? await import(file).catch(() => ({})) : {};
  Object.assign(strings, words.strings);
  return words;
}
