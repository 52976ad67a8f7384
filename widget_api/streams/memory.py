"""The stream log of a single process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from widget_api.streams.base import Follower, Leave, LogMissing, Position, StreamLog

# Long enough for a page load or a phone back from a tunnel to fetch the tail; afterwards the history has it.
KEPT_SECONDS = 60
# Of all logs that are closed; the oldest go first. The database has what is asked for nevertheless.
KEPT_BYTES = 64 * 1024 * 1024


class _Log:
    """One turn's events of its latest attempt, and who follows them."""

    def __init__(self, attempt: int) -> None:
        self.attempt = attempt
        self.events: list[bytes] = []
        self.size = 0  # bytes of the events
        self.closed = False
        self.owed = 0  # how often its beginning was given elsewhere
        self.heard = False  # whoever was owed the rest, or came first, has followed it to its end
        self.followers: tuple[Follower, ...] = ()
        # A follower whose connection breaks while it is pushed to leaves at once, in the same thread.
        self.lock = threading.RLock()

    def end(self, *, whole: bool) -> None:
        """Let go of all followers."""
        followers, self.followers = self.followers, ()
        for follower in followers:
            follower.end(whole=whole)


class MemoryStreamLog(StreamLog):
    """Logs in a dictionary, with a lock each."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        """`kept_bytes` is how much of logs that are closed is kept."""
        self._kept_bytes = kept_bytes
        self._logs: dict[str, _Log] = {}
        self._closed: OrderedDict[str, float] = OrderedDict()  # turn → when it was closed, oldest first
        self._closed_bytes = 0
        self._lock = threading.Lock()

    def open(self, turn: str, attempt: int) -> None:
        with self._lock:
            self._prune()
            self._reopen(turn)
            log = self._logs.setdefault(turn, _Log(attempt))
        with log.lock:
            if attempt > log.attempt:
                begun = bool(log.events)
                log.attempt, log.events, log.size, log.closed = attempt, [], 0, False
                if begun:
                    log.end(whole=False)

    def append(self, turn: str, at: Position, event: bytes) -> bool:
        log = self._logs.get(turn)
        if log is None:
            return False
        with log.lock:
            if log.closed or at != (log.attempt, len(log.events) + 1):
                return False
            log.events.append(event)
            log.size += len(event)
            for follower in log.followers:
                follower.push(event)
            return True

    def extend(self, turn: str, first: Position, events: list[bytes]) -> bool:
        """Add several events, the first of them at that position, and push them as one piece. As `append`."""
        log = self._logs.get(turn)
        if log is None:
            return False
        with log.lock:
            if log.closed or first != (log.attempt, len(log.events) + 1):
                return False
            log.events += events
            log.size += sum(map(len, events))
            piece = b"".join(events) if log.followers else b""
            for follower in log.followers if piece else ():
                follower.push(piece)
            return True

    def close(self, turn: str) -> None:
        log = self._logs.get(turn)
        if log is None:
            return
        with log.lock:
            log.closed = True
            log.end(whole=True)
        with self._lock:
            if self._logs.get(turn) is log:
                self._reopen(turn)
                self._closed[turn] = time.monotonic()
                self._closed_bytes += log.size

    def discard(self, turn: str) -> None:
        with self._lock:
            self._reopen(turn)
            log = self._logs.pop(turn, None)
        if log:
            with log.lock:
                log.closed, log.events, log.size = True, [], 0
                log.end(whole=False)

    def owe(self, turn: str) -> None:
        log = self._logs.get(turn)
        if log:
            with log.lock:
                log.owed += 1
                log.heard = False

    def tells(self, turn: str, after: Position | None) -> bool:
        log = self._logs.get(turn)
        if log is None:
            return False
        if after is None:
            return not log.heard
        return after.attempt == log.attempt and after.seq < len(log.events)

    def position(self, turn: str) -> Position | None:
        """Where the last event stands, None when there is no log of that turn."""
        log = self._logs.get(turn)
        if log is None:
            return None
        with log.lock:
            return Position(log.attempt, len(log.events))

    def read(self, turn: str, after: Position) -> tuple[list[bytes], bool] | None:
        """The events after a position, and whether they are the last. None when that attempt's log is not here."""
        log = self._logs.get(turn)
        if log is None:
            return None
        with log.lock:
            return (log.events[after.seq :], log.closed) if after.attempt == log.attempt else None

    def followed(self, turn: str) -> bool:
        """Whether anybody follows the log."""
        log = self._logs.get(turn)
        return log is not None and bool(log.followers)

    def follow(self, turn: str, after: Position | None, follower: Follower) -> Leave:
        log = self._logs.get(turn)
        if log is None:
            raise LogMissing(turn)
        with log.lock:
            known = after and after.attempt == log.attempt and after.seq <= len(log.events)
            fresh = log.events[after.seq :] if after and known else log.events
            if fresh:
                follower.push(b"".join(fresh))
            if log.closed:
                follower.end(whole=True)
            else:
                log.followers = (*log.followers, follower)
            owed = log.owed

        def leave(*, heard: bool = False) -> None:
            with log.lock:
                log.followers = tuple(each for each in log.followers if each is not follower)
                if heard:
                    log.heard = log.heard or owed == log.owed

        return leave

    def _reopen(self, turn: str) -> None:
        """Count the log among those that are closed no more."""
        if self._closed.pop(turn, None) is not None:
            self._closed_bytes -= self._logs[turn].size

    def _prune(self) -> None:
        deadline = time.monotonic() - KEPT_SECONDS
        while self._closed:
            turn, closed = next(iter(self._closed.items()))
            if closed >= deadline and self._closed_bytes <= self._kept_bytes:
                return
            self._reopen(turn)
            del self._logs[turn]
