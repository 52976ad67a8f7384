"""The stream log of a single process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator

from widget_api.streams.base import LogMissing, Position, StreamLog

# Long enough for a page load or a phone back from a tunnel to fetch the tail; afterwards the history has it.
KEPT_SECONDS = 60


class _Log:
    """One turn's events of its latest attempt."""

    def __init__(self, attempt: int) -> None:
        self.attempt = attempt
        self.events: list[bytes] = []
        self.closed = False
        self.owed = 0  # how often its beginning was given elsewhere
        self.heard = False  # whoever was owed the rest, or came first, has followed it to its end
        self.changed = threading.Condition()


class MemoryStreamLog(StreamLog):
    """Logs in a dictionary, with a condition each to wake the followers."""

    def __init__(self) -> None:
        self._logs: dict[str, _Log] = {}
        self._closed: OrderedDict[str, float] = OrderedDict()  # turn → when it was closed, oldest first
        self._lock = threading.Lock()

    def open(self, turn: str, attempt: int) -> None:
        with self._lock:
            self._prune()
            self._closed.pop(turn, None)
            log = self._logs.setdefault(turn, _Log(attempt))
        with log.changed:
            if attempt > log.attempt:
                log.attempt, log.events, log.closed = attempt, [], False
                log.changed.notify_all()

    def append(self, turn: str, at: Position, event: bytes) -> bool:
        log = self._logs.get(turn)
        if log is None:
            return False
        with log.changed:
            if log.closed or at != (log.attempt, len(log.events) + 1):
                return False
            log.events.append(event)
            log.changed.notify_all()
            return True

    def close(self, turn: str) -> None:
        with self._lock:
            log = self._logs.get(turn)
            if log:
                self._closed[turn] = time.monotonic()
        if log:
            self._end(log)

    def discard(self, turn: str) -> None:
        with self._lock:
            log = self._logs.pop(turn, None)
            self._closed.pop(turn, None)
        if log:
            with log.changed:
                log.events = []
            self._end(log)

    def owe(self, turn: str) -> None:
        log = self._logs.get(turn)
        if log:
            with log.changed:
                log.owed += 1
                log.heard = False

    def tells(self, turn: str, after: Position | None) -> bool:
        log = self._logs.get(turn)
        if log is None:
            return False
        if after is None:
            return not log.heard
        return after.attempt == log.attempt and after.seq < len(log.events)

    def follow(self, turn: str, after: Position | None, wait: float) -> Iterator[bytes]:
        log = self._logs.get(turn)
        if log is None:
            raise LogMissing(turn)
        return self._follow(log, after, wait, log.owed)

    def _follow(self, log: _Log, after: Position | None, wait: float, owed: int) -> Iterator[bytes]:
        attempt, seq = after or Position(0, 0)
        while True:
            with log.changed:
                if attempt != log.attempt or seq > len(log.events):
                    attempt, seq = log.attempt, 0
                if seq == len(log.events) and not log.closed:
                    log.changed.wait(wait)
                fresh = log.events[seq:] if attempt == log.attempt else []
                drained = log.closed and attempt == log.attempt
            seq += len(fresh)
            if fresh or not drained:
                yield b"".join(fresh)
            if drained:
                log.heard = log.heard or owed == log.owed
                return

    def _end(self, log: _Log) -> None:
        with log.changed:
            log.closed = True
            log.changed.notify_all()

    def _prune(self) -> None:
        deadline = time.monotonic() - KEPT_SECONDS
        while self._closed and next(iter(self._closed.values())) < deadline:
            turn, _ = self._closed.popitem(last=False)
            self._logs.pop(turn, None)
