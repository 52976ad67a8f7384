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


def visible(text: str) -> str:
    """`text` with line ends as newlines, without invisible characters and lone surrogates. Any cut of it may
    be made visible alone, except between the two characters of a line end."""
    return _INVISIBLE.sub("", _LINE_ENDS.sub("\n", _SURROGATES.sub("", text)))


def clean(text: str) -> str:
    """`visible(text)` in NFC. Idempotent: `clean(clean(x)) == clean(x)`."""
    return unicodedata.normalize("NFC", visible(text))
