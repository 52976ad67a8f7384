// What `fold` takes away: accents of Latin, Greek and Cyrillic; points of Hebrew; vowel signs and tatweel of Arabic; what
// nobody sees. The voicing marks of kana (U+3099, U+309A) and the vowels of Indic scripts make other letters and stay.
const MARKS =
  /[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08ff\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\ufe00-\ufe0f\ufeff\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d159}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;
// The server keeps no more marks in a row; sorting them takes time that grows with the square of their number.
const TOO_MANY_MARKS = /([\p{M}\uff9e\uff9f]{30})[\p{M}\uff9e\uff9f]+/gu;
// Letters that Unicode does not take apart, though keyboards without them do.
const LETTERS = /** @type {Record<string, string>} */ ({ æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ł: 'l', ς: 'σ' });

/**
 * A text as searches compare it: without case, accents, vowel points, width and ligatures. The server's `text.fold`
 * does the same; `tests/fold_vectors.json` holds both to it.
 * @param {string} text
 * @returns {string}
 */
export function fold(text) {
  // The second round is for what the first one makes.
  for (let round = 0; round < 2; round++) {
    const lower = normal(text, 'NFKD').toUpperCase().toLowerCase(); // upper case spells out what lower case cannot
    const bare = normal(lower, 'NFKD').replace(MARKS, '');
    text = normal(bare.replace(/[æœøđłς]/g, (letter) => LETTERS[letter] ?? letter), 'NFKC');
  }
  return text;
}

/** The text in that form of Unicode, in linear time. @param {string} text @param {string} form */
function normal(text, form) {
  return text.replace(TOO_MANY_MARKS, '$1').normalize(form);
}

/**
 * Whether a title has all words of a search, as the server decides it.
 * @param {string} title
 * @param {string} words
 */
export function matches(title, words) {
  const folded = fold(title);
  return fold(words).split(/\s+/).every((word) => folded.includes(word));
}
