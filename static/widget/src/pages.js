/** The pages over the conversation: a script of their own, which comes when the first of them is opened. */
export { forgetMe } from './pages/forget.js';
export { hostOf } from './pages/host.js';
export { History } from './pages/history.js';
export { default as css } from './pages/style.css';
export { strings } from './pages/strings.js';
export { useDom } from './common/panel-dom.js';

/** @typedef {{ title: string, element: HTMLElement }} Page */

/**
 * What a page may ask of the panel that it lies in.
 * @typedef {object} Host
 * @property {import('./conversation/api.js').Api} api
 * @property {import('./conversation/lazy-cache.js').LazyCache} cache
 * @property {string} locale
 * @property {string | null} current the conversation under the page
 * @property {(id: string) => void} open go on with a conversation
 * @property {(id: string) => void} deleted a conversation is no more
 * @property {import('./panel.js').Panel} panel whose all can be erased
 * @property {() => void} leave
 * @property {(text: string) => void} say to a screen reader
 * @property {(error: unknown) => string} words why a request failed
 */
