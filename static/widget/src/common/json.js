/** @param {string} char */
const escape = (char) => (char > '\ud7ff' ? '\ufffd' : '\\u' + char.charCodeAt(0).toString(16).padStart(4, '0'));

/**
 * A value as JSON, whatever scripts of the page have done to `JSON.stringify` and the prototypes (Prototype's `toJSON` makes
 * arrays into texts). Half a character becomes U+FFFD.
 * @param {unknown} value
 * @returns {string}
 */
export function toJson(value) {
  if (typeof value === 'string') return `"${value.replace(/["\\\u0000-\u001f]|\p{Cs}/gu, escape)}"`;
  if (Array.isArray(value)) return `[${value.map(toJson).join()}]`;
  if (Object(value) !== value) return Number.isFinite(value) || value === !!value ? `${value}` : 'null';
  const fields = Object.entries(/** @type {object} */ (value)).filter(([, each]) => each !== undefined);
  return `{${fields.map((field) => field.map(toJson).join(':')).join()}}`;
}
