"""The stream log: the ordered events of a turn, history and live tail in one."""

from __future__ import annotations

import queue
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple, Protocol


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


class Follower(Protocol):
    """Reads a log as it grows. Both are called by whoever writes the log, so neither may block."""

    def push(self, data: bytes) -> None:
        """What comes next: one event, or several joined."""

    def end(self, *, whole: bool) -> None:
        """Nothing more will come: all has been pushed, or, where it is not `whole`, the rest must be asked for
        anew. Other attempts begin anew, too: what two of them said never comes in one stream."""


class Leave(Protocol):
    """What a follower calls once when it is done."""

    def __call__(self, *, heard: bool = False) -> None:
        """No more pushes. `heard` says that all that was pushed has reached the reader, up to a whole end."""


class StreamLog(ABC):
    """An append-only log of each turn's events, as opaque bytes. Safe from any thread."""

    @abstractmethod
    def open(self, turn: str, attempt: int) -> None:
        """Begin the log of that attempt. Followers of an earlier attempt that had begun are ended."""

    @abstractmethod
    def append(self, turn: str, at: Position, event: bytes) -> bool:
        """Add the event at its position. False, and nothing written, when the attempt is stale or the
        position is not the next one."""

    @abstractmethod
    def close(self, turn: str) -> None:
        """Nothing more will come. Followers are ended; the log stays for a minute."""

    @abstractmethod
    def discard(self, turn: str) -> None:
        """Erase the log. Followers are ended."""

    @abstractmethod
    def owe(self, turn: str) -> None:
        """Somebody has been given the beginning elsewhere and will come for the rest: an end that readers who
        are there already hear is not heard by that one."""

    @abstractmethod
    def tells(self, turn: str, after: Position | None) -> bool:
        """Whether a closed log still has something for a reader: what follows the position that it has in this
        attempt, or, for a reader without one, an end that nobody has heard."""

    @abstractmethod
    def follow(self, turn: str, after: Position | None, follower: Follower) -> Leave:
        """Push the events after that position now and the others as they come. From the beginning when the
        position is None, unknown, or of another attempt. Raises `LogMissing`."""


class Pulled:
    """A follower that is read by iterating: what has come since, `b""` after each `wait` seconds of silence."""

    def __init__(self, wait: float) -> None:
        self._wait = wait
        self._pushed: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._ended = False
        self.whole = False
        self.is_sent_away = False

    def push(self, data: bytes) -> None:
        self._pushed.put(data)

    def end(self, *, whole: bool) -> None:
        self.whole = whole
        self._pushed.put(None)

    def send_away(self) -> None:
        """Cut the stream to make room for others."""
        self.is_sent_away = True
        self._pushed.put(None)

    def __iter__(self) -> Iterator[bytes]:
        while not self._ended:
            fresh = self._fresh()
            if fresh or not self._ended:
                yield fresh

    def _fresh(self) -> bytes:
        """What has come, joined: the server sends each piece by itself."""
        pieces = []
        try:
            piece = self._pushed.get(timeout=self._wait)
            while piece is not None:
                pieces.append(piece)
                piece = self._pushed.get_nowait()
            self._ended = True
        except queue.Empty:
            pass
        return b"".join(pieces)
