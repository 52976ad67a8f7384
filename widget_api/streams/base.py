"""The stream log: the ordered events of a turn, history and live tail in one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple


class Position(NamedTuple):
    """Where an event stands: the attempt that made it, and its number in it from 1 on. 0 is before the first."""

    attempt: int
    seq: int

    def __str__(self) -> str:
        return f"{self.attempt}-{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Position | None:
        """Read `<attempt>-<seq>`; None for anything else."""
        attempt, dash, seq = text.partition("-")
        digits = attempt + seq
        if not (dash and attempt and seq and digits.isascii() and digits.isdigit() and len(digits) < 19):
            return None
        return cls(int(attempt), int(seq))


class LogMissing(LookupError):
    """There is no log of that turn here: it never was, or its time is over."""


class StreamLog(ABC):
    """An append-only log of each turn's events, as opaque bytes. Safe from any thread."""

    @abstractmethod
    def open(self, turn: str, attempt: int) -> None:
        """Begin the log of that attempt. Followers of an earlier attempt start over with it."""

    @abstractmethod
    def append(self, turn: str, at: Position, event: bytes) -> bool:
        """Add the event at its position. False, and nothing written, when the attempt is stale or the
        position is not the next one."""

    @abstractmethod
    def close(self, turn: str) -> None:
        """Nothing more will come. Followers drain what is left and stop; the log stays for a minute."""

    @abstractmethod
    def discard(self, turn: str) -> None:
        """Erase the log. Followers stop at once."""

    @abstractmethod
    def owe(self, turn: str) -> None:
        """Somebody has been given the beginning elsewhere and will come for the rest: an end that readers who
        are there already hear is not heard by that one."""

    @abstractmethod
    def tells(self, turn: str, after: Position | None) -> bool:
        """Whether a closed log still has something for a reader: what follows the position that it has in this
        attempt, or, for a reader without one, an end that nobody has heard."""

    @abstractmethod
    def follow(self, turn: str, after: Position | None, wait: float) -> Iterator[bytes]:
        """The events after that position, then what comes, joined as they come; `b""` after each `wait`
        seconds of silence. From the beginning when the position is None, unknown, or of another attempt,
        which includes an attempt that begins meanwhile. Ends when the log is closed. Raises `LogMissing`."""
