"""Text from outside, made safe to keep: what no reader can see and what no database can hold is taken out."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

# Characters that show nothing: C0 and C1 controls except tab and newline, what Unicode calls
# Default_Ignorable_Code_Point (UCD, DerivedCoreProperties.txt), interlinear marks and an empty note head. Variation
# selectors and the tag block can carry a hidden text; fillers look like blanks and count as letters.
_NEVER: Final = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Those that mean something in their place: joiners, the emoji selector, Mongolian selectors and vowel separator, the
# blank of Braille.
_JOINERS: Final = "\u200c\u200d"
_MONGOLIAN: Final = "\u180b-\u180f"
_SOMETIMES: Final = f"{_JOINERS}\ufe0f{_MONGOLIAN}\u2800"
_INVISIBLE = re.compile(f"[{_NEVER}]")
_MISPLACEABLE = re.compile(f"[{_SOMETIMES}]")


# What stands above, below or behind another character (category M); the last two become marks in NFKD.
_ALL_MARKS: Final = [each for each in map(chr, range(0x300, 0x1E94B)) if unicodedata.category(each)[0] == "M"]


def _ranges(characters: str) -> str:
    """Return the characters, which are in order, as the inside of a class: a long list of them would be slow."""
    known = set(characters)
    starts = [each for each in characters if chr(ord(each) - 1) not in known]
    ends = [each for each in characters if chr(ord(each) + 1) not in known]
    return "".join(f"{start}-{end}" for start, end in zip(starts, ends, strict=True))


_PLANE_ONE: Final = "\U00010000"
_FIRST_MARKS: Final = _ranges("".join(each for each in _ALL_MARKS if each < _PLANE_ONE) + "\uff9e\uff9f")
_OTHER_MARKS: Final = _ranges("".join(each for each in _ALL_MARKS if each >= _PLANE_ONE)) + "\U000e0100-\U000e01ef"
# Unicode's Stream-Safe Text (UAX #15, section 13): no language needs more marks in a row. Sorting them, which
# normalisation does, takes time that grows with the square of their number.
MOST_MARKS: Final = 30
_TOO_MANY_MARKS = re.compile(f"([{_FIRST_MARKS}]{{{MOST_MARKS}}})[{_FIRST_MARKS}]+")
_TOO_MANY_OF_ALL = re.compile(f"([{_FIRST_MARKS}{_OTHER_MARKS}]{{{MOST_MARKS}}})[{_FIRST_MARKS}{_OTHER_MARKS}]+")
_MARK: Final = f"[{_ranges(re.sub(f'[{_NEVER}{_SOMETIMES}]', '', ''.join(_ALL_MARKS)))}]"

# Keycaps and emoji; none of them is another character in NFC.
_KEYS: Final = "#*0-9"
_EMOJI: Final = (
    "\xa9\xae\u203c\u2049\u2100-\u2125\u2127-\u2129\u212c-\u2328\u232b-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
# Scripts whose letters join: from Arabic to Tibetan and Myanmar, Khmer, Mongolian, and those of South Asia.
_JOINED: Final = (
    "\u0600-\u061b\u061d-\u109f\u1700-\u17b3\u17b6-\u17ff\u1810-\u18af\u1900-\u1cff\ua800-\uabff"
    "\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff"
)
_IN_PLACE = re.compile(
    f"([{_KEYS}]\ufe0f?|[{_EMOJI}]\ufe0f?\u200d?|[\u2801-\u28ff]\u2800?|[\u1810-\u18af][{_MONGOLIAN}]{{1,2}}[{_JOINERS}]?"
    f"|(?!{_MARK})[{_JOINED}]{_MARK}{{0,{MOST_MARKS}}}[{_JOINERS}]?)|[{_SOMETIMES}]"
)
# `visible` of a text's end depends on no more of what stands before: a letter, its marks, and what follows them.
CONTEXT: Final = MOST_MARKS + 4

_LINE_ENDS = re.compile("\r\n?|[\u0085\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")

# What `fold` takes away: accents of Latin, Greek and Cyrillic; points of Hebrew; vowel signs and tatweel of Arabic;
# what nobody sees. The voicing marks of kana (U+3099, U+309A) and the vowels of Indic scripts make other letters and
# stay.
_MARKS = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08ff"
    "\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\ufe00-\ufe0f\ufeff\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Letters that Unicode does not take apart, though keyboards without them do.
_LETTERS = str.maketrans(
    {"\u00e6": "ae", "\u0153": "oe", "\u00f8": "o", "\u0111": "d", "\u0142": "l", "\u03c2": "\u03c3"}
)

_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_JOINER = "\u200d"


def visible(text: str) -> str:
    """Return `text` with line ends as newlines, without invisible characters, lone surrogates and marks without end.

    What comes of an end of `text` depends on the `CONTEXT` characters before it alone, so a text may be made visible
    piece by piece; only the two characters of a line end must stay together.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", _SURROGATES.sub("", text)))
    return limit_marks(_IN_PLACE.sub(r"\1", shown) if _MISPLACEABLE.search(shown) else shown)


def clean(text: str) -> str:
    """`visible(text)` in NFC. Idempotent: `clean(clean(x)) == clean(x)`. Takes time that grows with its length."""
    return limit_marks(normalize("NFC", visible(text)))


def normalize(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """Return `text` in that form of Unicode, without marks without end, so that it takes linear time."""
    return unicodedata.normalize(form, limit_marks(text))


def limit_marks(text: str) -> str:
    """Return `text` with the first `MOST_MARKS` of each run of marks. No language has so many in a row."""
    if text.isascii():
        return text
    # Classes of the first plane alone are quick.
    return (_TOO_MANY_MARKS if max(text) < _PLANE_ONE else _TOO_MANY_OF_ALL).sub(r"\1", text)


def fold(text: str) -> str:
    """Return `text` as searches compare it: without case, accents, vowel points, width and ligatures.

    That is NFKD, both case mappings, no marks, NFKC. Idempotent. The widget's `conversation/fold.js` does the same;
    `tests/fold_vectors.json` holds both to it.
    """
    if text.isascii():
        return text.lower()
    for _ in range(2):  # the second round is for what the first one makes
        lower = normalize("NFKD", text).upper().lower()  # upper case spells out what lower case cannot
        apart = normalize("NFKD", lower)
        text = normalize("NFKC", _MARKS.sub("", apart).translate(_LETTERS))
    return text


def cut(text: str, most: int) -> str:
    """Return the beginning of `text`, at most `most` characters, not ending within what a reader takes for one
    character: a letter and its accents, a flag, an emoji made of several."""
    if len(text) <= most:
        return text
    end = most
    while end > 0 and _is_within(text, end):
        end -= 1
    return text[:end] or text[:most]


def _is_within(text: str, at: int) -> bool:
    following, before = text[at], text[at - 1]
    if following == _JOINER or before == _JOINER or ord(following) in _SKIN_TONES:
        return True
    if ord(following) in _FLAG_LETTERS and ord(before) in _FLAG_LETTERS:
        return _flag_letters_before(text, at) % 2 == 1
    return unicodedata.category(following) in {"Mn", "Me", "Mc"}


def _flag_letters_before(text: str, at: int) -> int:
    start = at
    while start > 0 and ord(text[start - 1]) in _FLAG_LETTERS:
        start -= 1
    return at - start
