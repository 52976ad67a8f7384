"""Processes that share logs: each with a memory of its own, and a database and perhaps Redis between them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from widget_api.streams.base import Follower, Leave, Position, Pulled, StreamLog
from widget_api.streams.memory import MemoryStreamLog
from widget_api.streams.redis import RedisTail
from widget_api.streams.shared import Excerpt, SharedStreamLog, build

PATIENCE_SECONDS = 60


def until(condition: Callable[[], Any]) -> None:
    """Return as soon as it is so; fail when it never is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        threading.Event().wait(0.002)


@dataclass
class Row:
    """A turn in the database."""

    attempt: int
    events: list[bytes] = field(default_factory=list)
    ended: bool = False
    kept: int = 0  # how many of the events are committed
    end_kept: bool = False


class Ledger:
    """The database, as far as logs go. With `lags` it has only what `commit` gives it."""

    def __init__(self, *, lags: bool = False) -> None:
        self.lags = lags
        self.rows: dict[str, Row] = {}
        self.reads = 0
        self.widest = 0  # the most turns that were asked for at once
        self._lock = threading.Lock()

    def write(self, turn: str, attempt: int, *events: bytes, ended: bool = False) -> None:
        with self._lock:
            row = self.rows.get(turn)
            if row is None or row.attempt < attempt:
                row = self.rows[turn] = Row(attempt)
            if row.attempt == attempt:
                row.events += events
                row.ended = row.ended or ended
                if not self.lags or ended:
                    self._commit(row)

    def commit(self) -> None:
        with self._lock:
            for row in self.rows.values():
                self._commit(row)

    def _commit(self, row: Row) -> None:
        row.kept, row.end_kept = len(row.events), row.ended

    def forget(self, turn: str) -> None:
        with self._lock:
            self.rows.pop(turn, None)

    def read(self, wanted: Mapping[str, Position]) -> dict[str, Excerpt]:
        with self._lock:
            self.reads += 1
            self.widest = max(self.widest, len(wanted))
            return dict(self._found(wanted))

    def _found(self, wanted: Mapping[str, Position]) -> Iterator[tuple[str, Excerpt]]:
        for turn, after in wanted.items():
            row = self.rows.get(turn)
            if row is None or row.attempt < after.attempt:
                continue
            seq = after.seq if row.attempt == after.attempt else 0
            events = row.events[seq : row.kept]
            if events or row.end_kept:
                yield turn, Excerpt(row.attempt, seq + 1, events, row.end_kept)

    def gone(self, turn: str) -> bool:
        with self._lock:
            return turn not in self.rows


class Process(StreamLog):
    """A process: its log, and the database that it writes what it says into."""

    def __init__(self, ledger: Ledger, redis_url: str = "") -> None:
        self.ledger = ledger
        self.local = MemoryStreamLog()
        self.log: SharedStreamLog = build(redis_url, ledger, self.local)

    def open(self, turn: str, attempt: int) -> None:
        self.ledger.write(turn, attempt)
        self.log.open(turn, attempt)

    def append(self, turn: str, at: Position, event: bytes) -> bool:
        if not self.log.append(turn, at, event):
            return False
        self.ledger.write(turn, at.attempt, event)
        return True

    def close(self, turn: str) -> None:
        position = self.local.position(turn)
        if position:
            self.ledger.write(turn, position.attempt, ended=True)
        self.log.close(turn)

    def discard(self, turn: str) -> None:
        self.ledger.forget(turn)
        self.log.discard(turn)

    def release(self, turn: str) -> None:
        self.log.release(turn)

    def owe(self, turn: str) -> None:
        self.log.owe(turn)

    def tells(self, turn: str, after: Position | None) -> bool:
        return self.log.tells(turn, after)

    def follow(self, turn: str, after: Position | None, follower: Follower) -> Leave:
        return self.log.follow(turn, after, follower)

    def settle(self) -> None:
        settle(self.log)

    @property
    def copies(self) -> set[str]:
        return set(self.log._copies)


@contextmanager
def processes(*made: Process) -> Iterator[None]:
    """End them after the block."""
    try:
        yield
    finally:
        for process in made:
            process.log.shutdown()


def settle(log: StreamLog) -> None:
    """Wait until all that was handed to Redis has arrived there."""
    tail = getattr(log, "_tail", None)
    if isinstance(tail, RedisTail):
        for _ in range(2):  # the first may go with a flush that has begun already
            tail._send("PING")
            until(lambda: not tail._commands)


def follow(log: StreamLog, turn: str, after: Position | None = None, *, wait: float = PATIENCE_SECONDS) -> Pulled:
    """Follow it, to be read by iterating."""
    pulled = Pulled(wait)
    log.follow(turn, after, pulled)
    return pulled


def write(log: StreamLog, *events: bytes, turn: str = "t", attempt: int = 1, first: int = 1) -> None:
    for seq, event in enumerate(events, first):
        assert log.append(turn, Position(attempt, seq), event)


def read(pulled: Pulled) -> bytes:
    """All that still comes."""
    return b"".join(pulled)
