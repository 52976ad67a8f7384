"""Text from outside, made safe to keep: what no reader can see and what no database can hold is taken out."""

from __future__ import annotations

import re
import unicodedata

# C0 and C1 controls except tab and newline; zero-width space, bidi marks, embeddings, overrides and isolates;
# word joiner and invisible operators; the byte order mark; interlinear marks; the tag block, which can carry
# a hidden ASCII text. U+200D and U+FE0F stay: emoji are made with them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_LINE_ENDS = re.compile("\r\n?|[\u0085\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")

# What `fold` takes away: accents of Latin, Greek and Cyrillic; points of Hebrew; vowel signs and tatweel of Arabic;
# what nobody sees. The voicing marks of kana (U+3099, U+309A) and the vowels of Indic scripts make other letters and
# stay.
_MARKS = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08ff"
    "\u00ad\u061c\u180e\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]"
)
# Letters that Unicode does not take apart, though keyboards without them do.
_LETTERS = str.maketrans(
    {"\u00e6": "ae", "\u0153": "oe", "\u00f8": "o", "\u0111": "d", "\u0142": "l", "\u03c2": "\u03c3"}
)

_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_JOINER = "\u200d"


def visible(text: str) -> str:
    """`text` with line ends as newlines, without invisible characters and lone surrogates. Any cut of it may
    be made visible alone, except between the two characters of a line end."""
    return _INVISIBLE.sub("", _LINE_ENDS.sub("\n", _SURROGATES.sub("", text)))


def clean(text: str) -> str:
    """`visible(text)` in NFC. Idempotent: `clean(clean(x)) == clean(x)`."""
    return unicodedata.normalize("NFC", visible(text))


def fold(text: str) -> str:
    """Return `text` as searches compare it: without case, accents, vowel points, width and ligatures.

    That is NFKD, both case mappings, no marks, NFKC. Idempotent. The widget's `conversation/fold.js` does the same;
    `tests/fold_vectors.json` holds both to it.
    """
    if text.isascii():
        return text.lower()
    for _ in range(2):  # the second round is for what the first one makes
        lower = unicodedata.normalize("NFKD", text).upper().lower()  # upper case spells out what lower case cannot
        apart = unicodedata.normalize("NFKD", lower)
        text = unicodedata.normalize("NFKC", _MARKS.sub("", apart).translate(_LETTERS))
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
