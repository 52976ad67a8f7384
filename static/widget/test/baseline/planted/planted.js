/** Uses of what is newer than the baseline, each of which the scan must find. Nothing runs this. */

/** @param {HTMLFormElement} form @param {HTMLElement} submitter @param {any} unknown */
export function plant(form, submitter, unknown) {
  URL.canParse('/');
  new FormData(form, submitter);
  AbortSignal.any([]);
  Object.groupBy([], () => '');
  Promise.withResolvers();
  new Set().union(new Set());
  new Map().values().map(String);
  ['b', 'a'].toSorted();
  unknown.checkVisibility();
  const { userActivation } = navigator;
  form.style.textWrap = 'balance';
  form.addEventListener('scrollend', () => {});
  form.setAttribute('popover', '');
  requestIdleCallback(() => {});
  h('search', { closedBy: 'any' });
  return [userActivation, /[\p{L}--[a-z]]/v, new Intl.Segmenter(), form.querySelector('a')?.ariaNotify('')];
}

/** @param {string} tag @param {object} properties */
function h(tag, properties) {
  return [tag, properties];
}
