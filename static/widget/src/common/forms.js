/** The forms that the merchant's settings may have. What has another form is as if it was not there. */

export const COLOR = /^#[\da-f]{6}$/i;
/** Pixels or seconds. */
export const NUMBER = /^\d{1,3}$/;
export const SCHEMES = new Map([
  ['light', 'light'],
  ['dark', 'dark'],
  ['auto', 'light dark'],
]);

/** @type {Record<string, RegExp>} */
export const FORMS = {
  color: COLOR,
  onColor: COLOR,
  radius: NUMBER,
  side: NUMBER,
  bottom: NUMBER,
  hintDelay: NUMBER,
  position: /^(left|right)$/,
  scheme: /^(light|dark|auto|theme)$/,
  hideOn: /^(phones|desktops|none)$/,
};
