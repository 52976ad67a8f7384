/** What is newer than the baseline and used all the same, with what happens without it. By its path in the data. */

/** Looks or feels less well, and works. */
const DEGRADES = {
  'api.Element.ariaBusy': 'becomes a field of the object; the pulse while loading is missing',
  'api.Element.ariaDescribedByElements': 'becomes a field of the object; the notice is read in its place, not with the button',
  'api.Element.role': 'is set as the attribute, as everything that an element does not know',
  'css.properties.contain-intrinsic-height': 'the scrollbar changes its length while one scrolls up',
  'css.properties.content-visibility': 'old messages are laid out too, which takes longer',
  'css.properties.content-visibility.auto': 'old messages are laid out too, which takes longer',
  'css.properties.field-sizing': '`Composer` measures the text instead',
  'css.properties.field-sizing.content': '`Composer` measures the text instead',
  'css.properties.overflow-anchor': 'Safari anchors nothing, so there is nothing to switch off',
  'css.properties.overflow-anchor.none': 'Safari anchors nothing, so there is nothing to switch off',
  'css.properties.scrollbar-color': 'the scrollbar has the colours of the system',
  'css.properties.scrollbar-width': 'the scrollbar is as wide as others',
  'css.properties.scrollbar-width.none': 'a scrollbar is seen under the shelf',
  'css.properties.scrollbar-width.thin': 'the scrollbar is as wide as others',
  'css.properties.text-wrap': 'lines are broken where they are full',
  'css.properties.text-wrap.balance': 'lines are broken where they are full',
  'css.selectors.has': 'the avatar keeps its ground, an open row is not shaded; texts may scroll where there is no table',
  'css.selectors.marker': 'Safari knows colour and size of it, and no more is set',
  'css.types.color.color-mix': 'no tint behind the greeting, no shade under the mouse, borders grey or in full colour',
  'css.types.color.light-dark': 'stands in `@supports`; without it the panel is light',
  'html.elements.search': 'has no role, and looks the same',
};

/** Is asked for before it is used, or fails within `try`. */
const CAUGHT = {
  'api.Document.ariaNotify': 'a live region says it instead',
  'api.HTMLSelectElement.showPicker': 'the field has the focus, and the shopper opens it',
  'api.IDBFactory.databases': 'the database is deleted without asking whether it is there',
  'javascript.builtins.Intl.NumberFormat.formatRange': 'two prices with a dash between them',
  'javascript.builtins.Intl.Segmenter': 'texts are cut between code points',
  'javascript.builtins.Intl.Segmenter.segment': 'texts are cut between code points',
};

/** Is there as far as it is used: the data counts as late what a browser has in part. */
const PARTLY_THERE = {
  'api.AbortSignal.timeout_static': 'Chrome has it from 103; until 124 the error was an AbortError, and nobody reads its name',
  'api.CustomElementRegistry.get': 'Safari does not know customized built-in elements, of which we have none',
  'api.Element.touchstart_event': 'Safari has it where there is something to touch',
  'api.KeyboardEvent.isComposing': 'is false at the key that ends a word in Safari, so `keyCode` 229 is asked for as well',
  'css.properties.cursor.default': 'iOS has a pointer only with a mouse',
  'css.properties.cursor.pointer': 'iOS has a pointer only with a mouse',
  'css.properties.overscroll-behavior': 'has no effect where there is nothing to scroll; there the page behind scrolls',
  'css.properties.resize': 'iOS has no handle at a text field, so there is none to remove',
  'css.properties.resize.none': 'iOS has no handle at a text field, so there is none to remove',
  'css.selectors.-webkit-search-cancel-button': 'Firefox draws no such button, so there is none to hide',
};

/** Has the name of something new, but is a field of ours or of an answer that has no type. */
const OTHERS = Object.fromEntries(
  [
    'api.CompositionEvent.locale',
    'api.ContactAddress.country',
    'api.GPUCompilationInfo.messages',
    'api.HIDDevice.productId',
    'api.IdentityCredential.token',
    'api.Notification.actions',
    'api.VTTRegion.lines',
    'api.XRFrame.session',
  ].map((path) => [path, 'a field that is not the browser’s']),
);

/** @type {Record<string, string>} */
export const ACCEPTED = { ...DEGRADES, ...CAUGHT, ...PARTLY_THERE, ...OTHERS };
