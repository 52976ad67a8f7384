"""What of a model's deltas a reader may see: no invisible characters, no half characters. No I/O."""

from __future__ import annotations

import re

from widget_api.text import CONTEXT, visible

# What stays as it is wherever it stands: letters and signs of most alphabets, blanks and newlines, but no marks. For
# speed alone.
_ORDINARY = re.compile(
    "[\t\n -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u0590\u05d0-\u05f4\u0620-\u064a\u0660-\u066f"
    "\u2010-\u2027\u2030-\u205f\u20a0-\u20c0\u2100-\u27ff\u2900-\u2cee\u3000-\u3029\u3030-\u3098\u309b-\u3163\u3165-\ua66e\uac00-\ud7a3"
    "\U0001f300-\U0001faff]*"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_FIRST_HALF = re.compile("[\ud800-\udbff]")


def _whole_characters(text: str) -> str:
    """`text` with surrogate pairs joined and lone halves dropped."""
    if not _SURROGATES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


class Plain:
    """Cleans text that comes in pieces.

    Joined, the pieces are `text.clean` of the whole but for NFC: a letter and its accent may come in two
    pieces, and composing some of them would make the text depend on where it was cut.
    """

    def __init__(self) -> None:
        self._half = ""  # the first half of a character
        self._return = ""  # a carriage return: a line feed may follow
        self._before = ""  # the end of what is certain: whether a joiner or one more mark is kept depends on it

    def feed(self, piece: str) -> str:
        """What is certain of the text after `piece`."""
        if not (self._half or self._return) and (
            (piece.isascii() and piece.isprintable()) or _ORDINARY.fullmatch(piece)
        ):
            self._before = piece or self._before
            return piece
        text = self._half + piece
        self._half = text[-1] if _FIRST_HALF.match(text[-1:]) else ""
        text = self._return + _whole_characters(text.removesuffix(self._half))
        self._return = "\r" if text.endswith("\r") else ""
        return self._visible(text.removesuffix(self._return))

    def end(self) -> str:
        """What was held back and proved to be a character of its own."""
        held, self._half, self._return = self._return, "", ""
        return self._visible(held)

    def _visible(self, text: str) -> str:
        before = visible(self._before[-CONTEXT:])
        shown = visible(before + text).removeprefix(before)
        self._before = before + shown
        return shown
