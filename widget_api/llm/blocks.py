"""Pieces of an answer's text that may be calls, held back until they end. No I/O."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from enum import Enum, auto
from typing import Final

from widget_api.llm.markup import PARTIAL, Kind, Mark, mark_at
from widget_api.llm.spelled import Tools, names_in

# Of what may be a call and has no tool's name yet, so much is held back; what is longer is shown.
MOST_UNDECIDED: Final = 8192

_SIGNIFICANT = re.compile(r"\\[\s\S]?|[\"'\[\]{}()]")
_FENCE: Final = "```"
_MARKS = re.compile(r"[<\[]")


class State(Enum):
    """How far a block is read."""

    OPEN = auto()
    ENDED = auto()
    NO_CALL = auto()  # it is too long to be held back for nothing


class Block(ABC):
    """Text that begins with `head`, `content` characters of which are its frame.

    `is_call` says that it can be nothing but a call, so it is never shown.
    """

    def __init__(self, head: str, tools: Tools, *, frame: int = 0, is_call: bool = False) -> None:
        self.is_call = is_call
        self._tools = tools
        self._frame = frame
        self._pieces = [head]
        self._size = len(head)
        self._is_kept = is_call  # it has a tool's name, so it is held back to its end

    @property
    def text(self) -> str:
        """Return the block so far."""
        return "".join(self._pieces)

    @property
    def content(self) -> str:
        """Return the block without its frame."""
        return self.text[self._frame :]

    def read(self, held: str, at: int, *, ended: bool) -> tuple[int, State]:
        """Take what belongs to the block from `held`, from `at` on. Returns where that ends."""
        available = self._size + len(held) - at
        stop = len(held) if self._is_kept else min(len(held), at + MOST_UNDECIDED - self._size)
        end, is_over = self._end(held, at, stop, ended=ended)
        self._pieces.append(held[at:end])
        self._size += end - at
        if is_over:
            return end, State.ENDED
        if self._is_kept or available < MOST_UNDECIDED:
            return end, State.OPEN
        self._is_kept = names_in(self.text + held[end:stop], self._tools)
        return self.read(held, end, ended=ended) if self._is_kept else (end, State.NO_CALL)

    @abstractmethod
    def _end(self, held: str, at: int, stop: int, *, ended: bool) -> tuple[int, bool]:
        """Return where the block ends, or up to where it is read, and whether it has ended. Nothing from `stop` on is
        looked at."""


class Brackets(Block):
    """Up to the bracket that closes the first one. Brackets in quotation marks do not count."""

    def __init__(self, head: str, tools: Tools) -> None:
        super().__init__(head, tools)
        self._depth = 0
        self._quote = ""

    def _end(self, held: str, at: int, stop: int, *, ended: bool) -> tuple[int, bool]:
        for found in _SIGNIFICANT.finditer(held, at, stop):
            sign = found[0]
            if sign == "\\" and not ended:
                return found.start(), False  # what it escapes has not come yet
            if self._quote:
                self._quote = "" if sign == self._quote else self._quote
            elif sign in {'"', "'"}:
                self._quote = sign
            elif sign in "([{":
                self._depth += 1
            elif sign in ")]}":
                self._depth -= 1
                if self._depth <= 0:
                    return found.end(), True
        return stop, False


class Fenced(Block):
    """Up to the ticks that end the code."""

    def _end(self, held: str, at: int, stop: int, *, ended: bool) -> tuple[int, bool]:
        found = held.find(_FENCE, at, stop)
        if found >= 0:
            return found + len(_FENCE), True
        ticks = stop - len(held[at:stop].rstrip("`")) - at
        return stop - (0 if ended else min(ticks, len(_FENCE) - 1)), False


class Marked(Block):
    """Up to the mark that ends a call, or the message that it stands in."""

    def __init__(self, head: str, tools: Tools, base: str) -> None:
        super().__init__(head, tools, is_call=True)
        self._base = base

    def _end(self, held: str, at: int, stop: int, *, ended: bool) -> tuple[int, bool]:
        while found := _MARKS.search(held, at, stop):
            mark = mark_at(held, found.start(), self._tools, ended=ended)
            if mark is PARTIAL:
                return found.start(), False
            at = found.end()
            if isinstance(mark, Mark):
                if mark.kind is Kind.HEADER:
                    return found.start(), True
                if mark.kind is Kind.STOP or (mark.kind is Kind.END and mark.base == self._base):
                    return mark.end, True
        return stop, False
