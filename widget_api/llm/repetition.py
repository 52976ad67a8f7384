"""Answers that go round in circles: a model that has lost its way says the same until something stops it. No I/O."""

from __future__ import annotations

from typing import Final

# So much text that is nothing but one piece of it again and again is no answer any more; the piece may be so long.
CHARACTERS: Final = 3000
LONGEST_PIECE: Final = CHARACTERS // 5
# After so many more characters it is looked at again.
_OFTEN: Final = 500


class Repetition:
    """Looks at the end of a text that comes in pieces."""

    def __init__(self) -> None:
        self._end = ""
        self._until = CHARACTERS  # characters to come before it is looked at again
        self.is_found = False

    def room(self, text: str) -> int:
        """Return how many characters of `text` come before it is plain that the text repeats itself; all of them
        where it does not. How the text is cut changes nothing."""
        at = 0
        while len(text) - at >= self._until:
            self._end = (self._end + text[at : at + self._until])[-CHARACTERS:]
            at += self._until
            self._until = _OFTEN
            if any(self._end.startswith(self._end[piece:]) for piece in range(1, LONGEST_PIECE + 1)):
                self.is_found = True
                return at
        self._until -= len(text) - at
        self._end = (self._end + text[at:])[-CHARACTERS:]
        return len(text)
