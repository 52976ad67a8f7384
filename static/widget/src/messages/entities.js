/** Character references of HTML, read as text: numbers, letters with a mark, and the signs that shops write. */

// Each name with its sign behind it.
const SIGNS =
  'amp& lt< gt> quot" apos\' nbsp\u00a0 shy\u00ad hellip… ndash– mdash— middot· bull• lsquo‘ rsquo’ ldquo“ rdquo” bdquo„ ' +
  'laquo« raquo» euro€ pound£ yen¥ copy© reg® trade™ deg° times× plusmn± frac12½ sup2² rarr→ szligß aeligæ oeligœ oslashø ' +
  'frac14¼ frac34¾ sup3³ prime′ Prime″ iquest¿ iexcl¡ cent¢ sect§ micro\u00b5 ordmº ordfª permil‰ divide÷ minus− le≤ ge≥ ne≠ asymp≈ infin∞ ' +
  'larr← uarr↑ darr↓ check✓ star☆ starf★ hearts♥ sbquo‚ lsaquo‹ rsaquo› dagger† ensp\u2002 emsp\u2003 thinsp\u2009 AEligÆ OEligŒ OslashØ AMP& LT< GT> QUOT"';
const named = new Map(SIGNS.split(' ').map((each) => [each.slice(0, -1), each.slice(-1)]));

// The names of marks, and the marks in that order.
const MARKS = ['grave', 'acute', 'circ', 'tilde', 'uml', 'ring', 'caron', 'cedil'];
const COMBINING = '\u0300\u0301\u0302\u0303\u0308\u030a\u030c\u0327';

/** The text with its character references decoded; what names nothing stays. @param {string} text */
export function decode(text) {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z])([a-z]+)|[a-z]+\d*);/gi, (whole, decimal, hex, letter, mark) => {
    if (decimal || hex) return character(decimal ? Number(decimal) : parseInt(hex, 16));
    const sign = named.get(whole.slice(1, -1));
    const combined = (letter + (COMBINING[MARKS.indexOf(mark)] ?? '  ')).normalize('NFC');
    return sign ?? (combined.length === 1 ? combined : whole);
  });
}

/** @param {number} code */
function character(code) {
  const isOne = code && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return isOne ? String.fromCodePoint(code) : '\ufffd';
}
