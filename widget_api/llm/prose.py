"""What of a model's deltas a reader may see: no invisible characters, no half characters, no thoughts. No I/O."""

from __future__ import annotations

import re

from widget_api.text import visible

# What stays as it is: letters and signs of most alphabets, blanks and newlines. For speed alone.
_ORDINARY = re.compile(
    "[\t\n -~\xa0-\xac\xae-\u0600\u0900-\u1700\u2010-\u2027\u2030-\u205f\u20a0-\ud7ff\U0001f300-\U0001faff]*"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_FIRST_HALF = re.compile("[\ud800-\udbff]")
_THOUGHTS = {f"<{word}>": f"</{word}>" for word in ("think", "thinking", "thought")}


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

    def feed(self, piece: str) -> str:
        """What is certain of the text after `piece`."""
        if not (self._half or self._return) and (
            (piece.isascii() and piece.isprintable()) or _ORDINARY.fullmatch(piece)
        ):
            return piece
        text = self._half + piece
        self._half = text[-1] if _FIRST_HALF.match(text[-1:]) else ""
        text = self._return + _whole_characters(text.removesuffix(self._half))
        self._return = "\r" if text.endswith("\r") else ""
        return visible(text.removesuffix(self._return))

    def end(self) -> str:
        """What was held back and proved to be a character of its own."""
        held, self._half, self._return = self._return, "", ""
        return visible(held)


class Spoken:
    """Leaves out the blanks before an answer and the thoughts that some models put in tags at its very start."""

    def __init__(self) -> None:
        self._speaking = False
        self._closing = ""  # the tag that ends the thoughts we are in
        self._tags = _THOUGHTS
        self._held = ""

    def feed(self, piece: str) -> str:
        """What of the answer is certain after `piece`."""
        if self._speaking:
            return piece
        self._held += piece
        if not self._closing:
            self._look_for_thoughts()
        if self._closing:
            self._skip_thoughts()
        return self._speak()

    def end(self) -> str:
        """What looked like the beginning of a tag and was none."""
        held, self._held = self._held, ""
        return "" if self._closing else held

    def _look_for_thoughts(self) -> None:
        self._held = self._held.lstrip()
        tag = next((tag for tag in self._tags if self._held.startswith(tag)), "")
        if tag:
            self._closing = self._tags[tag]
            self._held = self._held.removeprefix(tag)

    def _skip_thoughts(self) -> None:
        _, closed, rest = self._held.partition(self._closing)
        if not closed:
            self._held = self._held[1 - len(self._closing) :]
            return
        self._held, self._closing, self._tags = rest.lstrip(), "", {}

    def _speak(self) -> str:
        if self._closing or not self._held or any(tag.startswith(self._held) for tag in self._tags):
            return ""
        self._speaking = True
        spoken, self._held = self._held, ""
        return spoken
