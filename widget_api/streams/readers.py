"""Who reads running answers: few readers of one turn, and few at one address, in all processes together."""

from __future__ import annotations

import itertools
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Scope(NamedTuple):
    """What an address counts under, and how many readers it may have."""

    key: str
    most: int


@dataclass(slots=True, eq=False)
class Reader:
    """A response that reads an answer, or will."""

    id: str
    scopes: Sequence[Scope]
    shared: bool  # whether the other processes may know of it
    turn: str = ""
    send_away: Callable[[], None] | None = None


class SharedReaders(Protocol):
    """The readers of all processes. No method waits for long; None says that the others cannot be asked now."""

    def name(self) -> str | None:
        """Return an id for a new reader of this process, which must `leave`. Never waits."""

    def enter(self, reader: str, scopes: Sequence[Scope]) -> bool | None:
        """Count the reader under these scopes. Return False, and count nothing, when one of them is full."""

    def sit(self, reader: str, turn: str, most: int) -> Sequence[str] | None:
        """Make it the newest reader of the turn. Return those of this process that are too many now, and have the
        others' processes hear of theirs."""

    def leave(self, reader: str, scopes: Sequence[Scope], turn: str) -> None:
        """Count the reader no more, from a moment later on."""

    def close(self) -> None:
        """Close what has been opened."""


class Readers:
    """The readers of this process, counted together with those of the others where there is a way to them.

    What a process counts cannot outlive it: `SharedReaders` counts only the readers of processes that live.
    """

    def __init__(self, most_of_turn: int | None = None, shared: SharedReaders | None = None) -> None:
        self._most_of_turn = most_of_turn
        self._shared = shared
        self._name = secrets.token_hex(4)
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._readers: dict[str, Reader] = {}
        self._turns: dict[str, dict[str, Reader]] = {}  # the readers of each, those that came first at the beginning
        self._counts: Counter[str] = Counter()

    def enter(self, scopes: Sequence[Scope]) -> Reader | None:
        """Return a new reader; None when its address has as many as it may have."""
        with self._lock:
            if any(self._counts[scope.key] >= scope.most for scope in scopes):
                return None
            name = self._shared.name() if self._shared else None
            reader = Reader(name or f"{self._name}:{next(self._numbers)}", scopes, shared=bool(name))
            self._count(reader, 1)
            self._readers[reader.id] = reader
        if self._shared and name and scopes and self._shared.enter(reader.id, scopes) is False:
            self._leave(reader, ())
            return None
        return reader

    def sit(self, reader: Reader, turn: str, send_away: Callable[[], None]) -> None:
        """Have it read the turn. Where those are too many, the ones that came first are sent away."""
        if self._most_of_turn is None:
            return
        with self._lock:
            reader.turn, reader.send_away = turn, send_away
            of_turn = self._turns.setdefault(turn, {})
            of_turn[reader.id] = reader
            oldest = list(itertools.islice(of_turn, max(0, len(of_turn) - self._most_of_turn)))
        others = self._shared.sit(reader.id, turn, self._most_of_turn) if self._shared and reader.shared else None
        self.send_away([*oldest, *(others or ())])

    def send_away(self, readers: Iterable[str]) -> None:
        """End what these read. They may come back later."""
        for name in readers:
            with self._lock:
                reader = self._readers.get(name)
                going = self._stand_up(reader) if reader else None
            if going:
                going()

    def _stand_up(self, reader: Reader) -> Callable[[], None] | None:
        """Take it from its turn. Returns how to end what it reads, the first time."""
        of_turn = self._turns.get(reader.turn, {})
        of_turn.pop(reader.id, None)
        if not of_turn:
            self._turns.pop(reader.turn, None)
        send_away, reader.send_away = reader.send_away, None
        return send_away

    def leave(self, reader: Reader) -> None:
        """It reads no more. Idempotent; never waits."""
        self._leave(reader, reader.scopes)

    def _leave(self, reader: Reader, counted: Sequence[Scope]) -> None:
        """Let it go. `counted` are the scopes that the other processes count it under."""
        with self._lock:
            if self._readers.pop(reader.id, None) is None:
                return
            self._stand_up(reader)
            self._count(reader, -1)
        if self._shared and reader.shared:
            self._shared.leave(reader.id, counted, reader.turn)

    def _count(self, reader: Reader, change: int) -> None:
        for key, _ in reader.scopes:
            self._counts[key] += change
            if not self._counts[key]:
                del self._counts[key]

    def close(self) -> None:
        """Close the way to the other processes."""
        if self._shared:
            self._shared.close()


def build(redis_url: str, most_of_turn: int | None) -> Readers:
    """Return the readers of this process, before Redis where there is one. Opens no connection, starts no thread."""
    if not redis_url:
        return Readers(most_of_turn)
    from widget_api.streams.redis_readers import RedisReaders

    shared = RedisReaders(redis_url)
    readers = Readers(most_of_turn, shared)
    shared.sent_away = readers.send_away
    return readers
