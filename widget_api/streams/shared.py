"""The stream log of several processes: what runs here is in memory, what runs elsewhere is copied into it.

Followers only ever read the memory of their own process. A copy is kept up from Redis and, where that has a hole,
lags or is away, from the database, which has every log a moment later. A copy has a position, each follower its own.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, Protocol

from widget_api.streams.base import Follower, Leave, LogMissing, Position, StreamLog
from widget_api.streams.memory import MemoryStreamLog

logger = logging.getLogger(__name__)

START = Position(0, 0)
# How often the database is asked where there is no Redis: as often as turns are written.
POLL_SECONDS = 0.1
# A read blocks so long at most: what it takes to leave, or to notice that Redis has stopped.
WAIT_SECONDS = 0.25
# Between reads, so that many writers' news come together.
PAUSE_SECONDS = 0.005
# A copy without news for so long may lag: the database is asked, for all such copies at once.
SILENT_SECONDS = 1
# The turn of a copy without news for so long may be gone.
GONE_SECONDS = 5
# A copy that nobody follows is kept so long, for a page load.
IDLE_SECONDS = 20


class Excerpt(NamedTuple):
    """Consecutive events of a turn's attempt."""

    attempt: int
    first: int  # the number of the first of them; where there are none, of the one that comes next
    events: list[bytes]
    ended: bool  # nothing comes after them


class Written(Protocol):
    """The database, which has the log of every turn a moment after it was shown."""

    def read(self, wanted: Mapping[str, Position]) -> dict[str, Excerpt]:
        """For each turn what follows the position, or all of a newer attempt. Nothing for a turn without news; that
        an attempt has ended is news, too."""

    def gone(self, turn: str) -> bool:
        """Whether there is no such turn, or its events are no longer kept."""


class Tail:
    """Carries news of logs from process to process, behind those who write them. This one carries nothing."""

    def begin(self, turn: str, attempt: int) -> None:
        """Carry what that attempt's log, which is written here, has and will get."""

    def grown(self, turn: str) -> None:
        """The log has more, or was closed. Called for every event, so it costs next to nothing."""

    def drop(self, turn: str) -> None:
        """Carry no more of the turn: it may be another process's now."""

    def erase(self, turn: str) -> None:
        """Carry no more, and erase what was carried."""

    def read(self, wanted: Mapping[str, Position], wait: float = 0) -> dict[str, Excerpt] | None:
        """As `Written.read`, waiting for news. None when the database has to be asked instead."""

    def wake(self) -> None:
        """Let a `read` that waits return."""

    def owe(self, turn: str) -> None:
        """As `StreamLog.owe`."""

    def joined(self, turn: str, reader: str) -> None:
        """A reader follows the turn from now on."""

    def heard(self, turn: str, reader: str) -> None:
        """The reader has heard a whole end."""

    def unheard(self, turn: str) -> bool | None:
        """Whether nobody who is owed the turn's end has heard it. None when that is not known."""

    def close(self, seconds: float) -> None:
        """Carry what is pending, for so long at most, and stop."""


@dataclass(slots=True)
class _Copy:
    """Times on the monotonic clock."""

    followed: float = field(default_factory=time.monotonic)  # when it last was
    there: float = field(default_factory=time.monotonic)  # when the turn last was
    due: float = 0.0  # when the database is to be asked


Read = Callable[[dict[str, Position]], dict[str, Excerpt] | None]


class SharedStreamLog(StreamLog):
    """The logs of the turns that run here, and copies of others while somebody follows them here."""

    def __init__(self, local: MemoryStreamLog, written: Written, tail: Tail) -> None:
        self._local = local
        self._written = written
        self._tail = tail
        self._copies: dict[str, _Copy] = {}
        self._lock = threading.Condition()  # whether a log is a copy, and what is added to copies
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._next_look = 0.0

    # what runs here

    def open(self, turn: str, attempt: int) -> None:
        with self._lock:
            self._copies.pop(turn, None)
            self._local.open(turn, attempt)
        self._tail.begin(turn, attempt)

    def append(self, turn: str, at: Position, event: bytes) -> bool:
        if not self._local.append(turn, at, event):
            return False
        self._tail.grown(turn)
        return True

    def close(self, turn: str) -> None:
        self._local.close(turn)
        self._tail.grown(turn)

    def discard(self, turn: str) -> None:
        self._tail.erase(turn)
        self._erase(turn)

    def release(self, turn: str) -> None:
        """The turn is another process's now, and what is here no longer the truth. Followers are ended."""
        self._tail.drop(turn)
        self._erase(turn)

    def _erase(self, turn: str) -> None:
        with self._lock:
            self._copies.pop(turn, None)
            self._local.discard(turn)

    def owe(self, turn: str) -> None:
        self._local.owe(turn)
        self._tail.owe(turn)

    # wherever it runs

    def follow(self, turn: str, after: Position | None, follower: Follower) -> Leave:
        self._require(turn, after)
        try:
            leave_here = self._local.follow(turn, after, follower)
        except LogMissing:  # it has just changed hands
            self._require(turn, after)
            leave_here = self._local.follow(turn, after, follower)
        reader = secrets.token_hex(8)
        self._tail.joined(turn, reader)

        def leave(*, heard: bool = False) -> None:
            leave_here(heard=heard)
            if heard:
                self._tail.heard(turn, reader)

        return leave

    def tells(self, turn: str, after: Position | None) -> bool:
        """As everywhere. Ask it only of turns that ended a moment ago, for it asks the others and the database."""
        if after is not None:
            return self._local.tells(turn, after) or self._goes_on(turn, after)
        here = self._local.position(turn) is not None
        unheard = self._tail.unheard(turn)
        if unheard is None and here:
            return self._local.tells(turn, None)
        return unheard is not False and (here or not self._written.gone(turn))

    def _goes_on(self, turn: str, after: Position) -> bool:
        excerpt = self._written.read({turn: after}).get(turn)
        return excerpt is not None and excerpt.attempt == after.attempt and bool(excerpt.events)

    def shutdown(self, seconds: float = 1) -> None:
        """End the threads and whoever follows a copy. What is pending is carried, for so long at most."""
        with self._lock:
            self._closing.set()
            self._lock.notify_all()
        self._tail.wake()
        if self._thread:
            self._thread.join(seconds)
        for turn in list(self._copies):
            self._let_go(turn)
        self._tail.close(seconds)

    # copies

    def _require(self, turn: str, after: Position | None) -> None:
        """See to it that the log is here, as far as its reader has it. Raises `LogMissing`."""
        with self._lock:
            here = self._local.position(turn)
            if here is not None and turn not in self._copies:
                return
            self._copies.setdefault(turn, _Copy()).followed = time.monotonic()
        if here is None or (after and after > here):
            self._fetch(turn, after or START)

    def _fetch(self, turn: str, until: Position) -> None:
        """Bring a copy up to date, for one who waits for it."""
        behind = self._take(self._tail.read, [turn], SILENT_SECONDS)
        if behind or (self._local.position(turn) or START) < max(until, Position(1, 0)):
            self._take(self._written.read, [turn], POLL_SECONDS)
        if self._local.position(turn) is None and self._written.gone(turn):
            self._copies.pop(turn, None)
            raise LogMissing(turn)
        with self._lock:
            if turn in self._copies:
                self._local.open(turn, 0)  # changes nothing, unless the turn has not said anything yet
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep_up, name="copies", daemon=True)
                self._thread.start()
            self._lock.notify_all()
        self._tail.wake()

    def _keep_up(self) -> None:
        while self._wanted():
            try:
                self._closing.wait(self._round())
            except Exception:
                logger.exception("the copies of logs could not be kept up")
                self._closing.wait(SILENT_SECONDS)

    def _wanted(self) -> bool:
        with self._lock:
            self._lock.wait_for(lambda: self._copies or self._closing.is_set())
            return not self._closing.is_set()

    def _round(self) -> float:
        """Read what is new, once. Returns how long to wait before the next time."""
        with self._lock:
            copies = dict(self._copies)
        behind = self._take(partial(self._tail.read, wait=WAIT_SECONDS), copies, SILENT_SECONDS)
        pause = POLL_SECONDS if behind else PAUSE_SECONDS
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + POLL_SECONDS
            behind |= self._look(copies, now)
        if behind:
            self._take(self._written.read, behind, POLL_SECONDS)
        return pause

    def _take(self, read: Read, turns: Iterable[str], trust: float) -> set[str]:
        """Add what a source has of these turns. Where it had news, the database need not be asked for `trust`
        seconds. Returns the turns that it cannot continue."""
        wanted = {turn: self._local.position(turn) or START for turn in turns}
        excerpts = read(wanted)
        if excerpts is None:
            return set(wanted)
        return {turn for turn, excerpt in excerpts.items() if not self._add(turn, excerpt, trust)}

    def _add(self, turn: str, excerpt: Excerpt, trust: float) -> bool:
        """Add to a copy what is new. False when something is missing before it."""
        with self._lock:
            copy = self._copies.get(turn)
            here = self._local.position(turn) or START
            if copy is None or excerpt.attempt < here.attempt:
                return True
            if excerpt.attempt > here.attempt:
                self._local.open(turn, excerpt.attempt)
                here = Position(excerpt.attempt, 0)
            known = here.seq + 1 - excerpt.first
            if known < 0:
                return False
            self._local.extend(turn, Position(here.attempt, here.seq + 1), excerpt.events[known:])
            copy.there = time.monotonic()
            copy.due = copy.there + trust
            if excerpt.ended:
                self._local.close(turn)
                del self._copies[turn]
            return True

    def _look(self, copies: dict[str, _Copy], now: float) -> set[str]:
        """Let go of copies that nobody follows, or whose turn is gone. Returns those that may lag."""
        late = set()
        for turn, copy in copies.items():
            if self._local.followed(turn):
                copy.followed = now
            if copy.due <= now:
                copy.due = now + SILENT_SECONDS
                late.add(turn)
            if copy.followed < now - IDLE_SECONDS or self._gone(turn, copy, now):
                self._let_go(turn)
        return late

    def _gone(self, turn: str, copy: _Copy, now: float) -> bool:
        if copy.there > now - GONE_SECONDS:
            return False
        copy.there = now
        return self._written.gone(turn)

    def _let_go(self, turn: str) -> None:
        """Give up a copy. Whoever follows it comes again."""
        with self._lock:
            if self._copies.pop(turn, None):
                self._local.discard(turn)


def build(redis_url: str, written: Written, local: MemoryStreamLog | None = None) -> SharedStreamLog:
    """The log of this process, before Redis where there is one. Opens no connection and starts no thread."""
    local = local or MemoryStreamLog()
    if not redis_url:
        return SharedStreamLog(local, written, Tail())
    from widget_api.streams.redis import RedisTail

    return SharedStreamLog(local, written, RedisTail(redis_url, local))
