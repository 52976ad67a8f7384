// What `fold` takes away: accents of Latin, Greek and Cyrillic; points of Hebrew; vowel signs and tatweel of Arabic; what
// nobody sees. The voicing marks of kana (U+3099, U+309A) and the vowels of Indic scripts make other letters and stay.
const MARKS =
  /[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08ff\u00ad\u061c\u180e\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]/g;
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
    const lower = text.normalize('NFKD').toUpperCase().toLowerCase(); // upper case spells out what lower case cannot
    const bare = lower.normalize('NFKD').replace(MARKS, '');
    text = bare.replace(/[æœøđłς]/g, (letter) => LETTERS[letter] ?? letter).normalize('NFKC');
  }
  return text;
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
