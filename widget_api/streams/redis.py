"""Redis behind the logs: what is written here is published in batches, what is written elsewhere is read.

Each turn has a Redis stream of its own. An entry holds the events of a few milliseconds; its id is
`<attempt>-<number of the last of them>`, so Redis itself refuses what it has already, and what a newer attempt has
replaced. A mark with number 0 creates the stream, another mark ends it; nothing else creates one, nothing trims one.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import redis
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from widget_api.streams.base import Position
from widget_api.streams.memory import MemoryStreamLog
from widget_api.streams.shared import Excerpt, Tail

__all__ = ("RedisError", "RedisTail", "make_client")

logger = logging.getLogger(__name__)

# Too short for anybody to see, long enough for a round trip to carry the news of many turns.
FLUSH_SECONDS = 0.04
# Of a log that is published anew; otherwise an entry has a few.
EVENTS_AN_ENTRY = 500
# A request waits so long for Redis, and once: then nobody asks before the publisher has had an answer.
ASK_SECONDS = 0.25
# Longer than a read blocks.
WORK_SECONDS = 0.75
RETRY_SECONDS = 0.5
# A log outlives a process that has lost its Redis for a while; of an ended one the database has everything.
KEPT_SECONDS, REFRESH_SECONDS, KEPT_ENDED_SECONDS = 600, 60, 120
# Of a turn. Those that follow the last debt count; a reader who lost one reads an end twice.
MARKS_KEPT = 1000
# While Redis is away. A mark that is lost may cost a reader an end that it has had already.
COMMANDS_WAITING = 10_000

BEGIN, EVENT, END = b"begin", b"event", b"end"
OWED, JOINED, HEARD = b"owed", b"joined", b"heard"

Command = tuple[Any, ...]


class _Away(Exception):
    """Redis cannot be asked now."""


@dataclass(slots=True, eq=False)
class _Run:
    """How much of a turn that runs here is published."""

    turn: str
    attempt: int
    sent: int = -1  # the number of the last event, or mark, that Redis has
    queued: bool = False


class _Entry(NamedTuple):
    """What is sent of a run at once."""

    run: _Run
    top: int
    fields: list[bytes]
    ended: bool  # nothing comes after it
    more: bool  # something waits already

    @property
    def command(self) -> Command:
        only_there = () if self.run.sent < 0 else ("NOMKSTREAM",)
        return ("XADD", _key(self.run.turn), *only_there, f"{self.run.attempt}-{self.top}", *self.fields)


class RedisTail(Tail):
    """Publishes from a thread of its own, a few milliseconds behind: nobody who writes a log waits for Redis."""

    def __init__(self, url: str, local: MemoryStreamLog) -> None:
        self._local = local
        self._asking = make_client(url, ASK_SECONDS)
        self._working = make_client(url, WORK_SECONDS)
        self._runs: dict[str, _Run] = {}
        self._queue: deque[_Run] = deque()  # those that have grown
        self._commands: deque[Command] = deque()
        self._up = True
        self._next_refresh = 0.0
        self._wake_key, self._woken = b"chat:wake:" + secrets.token_hex(8).encode(), "0-0"
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._news = threading.Event()
        self._closing = threading.Event()

    def begin(self, turn: str, attempt: int) -> None:
        run = self._runs[turn] = _Run(turn, attempt)
        self._start()
        self._enqueue(run)

    def grown(self, turn: str) -> None:
        run = self._runs.get(turn)
        if run is not None:
            self._enqueue(run)

    def drop(self, turn: str) -> None:
        self._runs.pop(turn, None)

    def erase(self, turn: str) -> None:
        self.drop(turn)
        self._send("DEL", _key(turn), _marks(turn))

    def owe(self, turn: str) -> None:
        self._mark(turn, OWED, "")

    def joined(self, turn: str, reader: str) -> None:
        self._mark(turn, JOINED, reader)

    def heard(self, turn: str, reader: str) -> None:
        self._mark(turn, HEARD, reader)

    def unheard(self, turn: str) -> bool | None:
        key = _marks(turn)
        waiting = [command[-2:] for command in list(self._commands) if command[:2] == ("XADD", key)]
        try:
            with self._redis():
                found = self._asking.execute_command("XRANGE", key, "-", "+")
        except _Away:
            return None
        marks = [*(fields for _, fields in found), *waiting]
        return _unheard(marks) if marks else None

    def read(self, wanted: Mapping[str, Position], wait: float = 0) -> dict[str, Excerpt] | None:
        turns = {_key(turn): turn for turn in wanted}
        after = dict(zip(turns, map(str, wanted.values()), strict=True))
        block: tuple[Any, ...] = ()
        if wait:
            block = ("BLOCK", int(wait * 1000))
            after[self._wake_key] = self._woken
        client = self._working if wait else self._asking
        try:
            with self._redis():
                entries = dict(client.execute_command("XREAD", *block, "STREAMS", *after, *after.values()) or ())
        except _Away:
            return None
        for woken in entries.pop(self._wake_key, ()):
            self._woken = woken[0].decode()
        return {turns[key]: _excerpt(found) for key, found in entries.items()}

    def wake(self) -> None:
        self._send("XADD", self._wake_key, "MAXLEN", 1, "*", b"", b"")
        self._send("EXPIRE", self._wake_key, KEPT_SECONDS)

    def close(self, seconds: float) -> None:
        self._closing.set()
        self._news.set()
        if self._thread:
            self._thread.join(seconds)
        self._asking.close()
        self._working.close()

    # whether Redis is there

    @contextmanager
    def _redis(self, *, publisher: bool = False) -> Iterator[None]:
        """For a talk with Redis. While it is away, the publisher alone finds out when it is back. Raises `_Away`."""
        if not (self._up or publisher):
            raise _Away
        try:
            yield
        except redis.RedisError as exc:
            if publisher or isinstance(exc, (redis.ConnectionError, redis.TimeoutError)):
                self._lose(exc)
            raise _Away from exc
        if publisher and not self._up:
            logger.warning("Redis is back")
            self._up = True

    def _lose(self, exc: redis.RedisError) -> None:
        if self._up:
            logger.warning("Redis is away, the database stands in for it: %s", exc)
        self._up = False
        self._next_refresh = 0.0  # it may come back empty
        self._start()
        self._news.set()

    # publishing

    def _mark(self, turn: str, what: bytes, reader: str) -> None:
        self._send("XADD", _marks(turn), "MAXLEN", "~", MARKS_KEPT, "*", what, reader.encode())
        self._send("EXPIRE", _marks(turn), KEPT_SECONDS)

    def _send(self, *command: Any) -> None:
        if len(self._commands) < COMMANDS_WAITING:
            self._commands.append(command)
        self._start()
        self._news.set()

    def _enqueue(self, run: _Run) -> None:
        if run.queued:
            return
        run.queued = True
        self._queue.append(run)
        if not self._news.is_set():
            self._news.set()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._publish, name="redis", daemon=True)
                self._thread.start()

    def _publish(self) -> None:
        while not self._closing.is_set() or self._queue or self._commands:
            self._news.wait(REFRESH_SECONDS)
            self._closing.wait(FLUSH_SECONDS)
            self._news.clear()
            if not self._published() and self._closing.wait(RETRY_SECONDS):
                return

    def _published(self) -> bool:
        try:
            with self._redis(publisher=True):
                self._flush()
            return True
        except _Away:
            return False
        except Exception:
            logger.exception("logs could not be published")
            return False

    def _flush(self) -> None:
        """Send all that waits, in one go."""
        runs = [self._queue.popleft() for _ in range(len(self._queue))]
        entries = [entry for run in runs if (entry := self._entry(run))]
        keeps, commands = self._keeps(entries), list(self._commands)
        try:
            replies = self._pipelined([*(entry.command for entry in entries), *keeps.values(), *commands])
            for entry in entries:
                self._sent(entry, next(replies))
        except redis.RedisError:
            for run in runs:
                self._enqueue(run)
            raise
        for run in keeps:
            if next(replies) == 0:
                self._publish_anew(run)
        for _ in commands:
            self._commands.popleft()

    def _pipelined(self, commands: list[Command]) -> Iterator[Any]:
        pipeline = self._working.pipeline(transaction=False)
        for command in commands if self._up else [*commands, ("PING",)]:
            pipeline.execute_command(*command)
        return iter(pipeline.execute(raise_on_error=False))

    def _entry(self, run: _Run) -> _Entry | None:
        """The news of a run, as far as they go into one entry."""
        run.queued = False  # before the log is read: what comes from now on puts the run into the queue again
        found = self._local.read(run.turn, Position(run.attempt, max(run.sent, 0)))
        if found is None or self._runs.get(run.turn) is not run:
            self._forget(run)
            return None
        events, closed = found
        fields = [BEGIN, b""] if run.sent < 0 else []
        for event in events[:EVENTS_AN_ENTRY]:
            fields += (EVENT, event)
        more = len(events) > EVENTS_AN_ENTRY
        if closed and not more:
            fields += (END, b"")
        top = run.sent + len(fields) // 2
        return _Entry(run, top, fields, closed and not more, more) if fields else None

    def _keeps(self, entries: list[_Entry]) -> dict[_Run, Command]:
        """What keeps streams from expiring too early: new ones, those that end, and each minute all."""
        seconds = {}
        now = time.monotonic()
        if now >= self._next_refresh:
            self._next_refresh = now + REFRESH_SECONDS
            seconds = dict.fromkeys(list(self._runs.values()), KEPT_SECONDS)
        seconds |= {entry.run: KEPT_SECONDS for entry in entries if entry.run.sent < 0}
        seconds |= {entry.run: KEPT_ENDED_SECONDS for entry in entries if entry.ended}
        return {run: ("EXPIRE", _key(run.turn), kept) for run, kept in seconds.items()}

    def _sent(self, entry: _Entry, reply: Any) -> None:
        run = entry.run
        if reply is None:
            self._publish_anew(run)
        elif not isinstance(reply, bytes):
            self._refused(run, reply)
        else:
            run.sent = entry.top
            if entry.ended:
                self._forget(run)
            elif entry.more:
                self._enqueue(run)

    def _refused(self, run: _Run, reply: redis.ResponseError) -> None:
        """Redis has it already, as after a reply that was lost; or the log of a newer attempt; or something else."""
        if "WRONGTYPE" in str(reply):
            self._working.execute_command("DEL", _key(run.turn))
            self._publish_anew(run)
        elif "equal or smaller" in str(reply):
            newest = self._working.execute_command("XREVRANGE", _key(run.turn), "+", "-", "COUNT", 1)
            top = _position(newest[0][0]) if newest else Position(0, 0)
            if top.attempt > run.attempt:
                self._forget(run)
            else:
                run.sent = top.seq if top.attempt == run.attempt else -1
                self._enqueue(run)
        else:
            raise reply

    def _publish_anew(self, run: _Run) -> None:
        run.sent = -1
        self._enqueue(run)

    def _forget(self, run: _Run) -> None:
        if self._runs.get(run.turn) is run:
            del self._runs[run.turn]


def make_client(url: str, seconds: float) -> Any:
    """Return a client that opens no connection yet. Finite in all it does: what fails is tried again by those who
    call."""
    client = redis.Redis.from_url(
        url,
        protocol=2,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
    )
    for command in ("XREAD", "XRANGE", "XREVRANGE"):  # as dictionaries, equal names of fields would be lost
        client.set_response_callback(command, lambda reply, **_: reply)
    return client


def _key(turn: str) -> bytes:
    return b"chat:{%b}:log" % turn.encode()


def _marks(turn: str) -> bytes:
    return b"chat:{%b}:marks" % turn.encode()


def _position(id: bytes) -> Position:
    attempt, _, seq = id.partition(b"-")
    return Position(int(attempt), int(seq))


def _excerpt(entries: Iterable[tuple[bytes, list[bytes]]]) -> Excerpt:
    """The newest attempt's events, as far as nothing is missing between them."""
    newest = Excerpt(0, 1, [], False)
    for name, fields in entries:
        attempt, last = _position(name)
        first, begun, ended = last - len(fields) // 2 + 1, fields[0] == BEGIN, fields[-2] == END
        events = fields[3 if begun else 1 : -2 if ended else None : 2]
        first += begun
        if attempt > newest.attempt:
            newest = Excerpt(attempt, first, events, ended)
            continue
        known = newest.first + len(newest.events) - first
        if known < 0:
            break
        newest.events.extend(events[known:])
        newest = newest._replace(ended=ended)
    return newest


def _unheard(marks: Iterable[list[bytes]]) -> bool:
    """Whether no reader who followed after the last debt has heard the end."""
    joined, heard = set[bytes](), False
    for what, reader in marks:
        if what == OWED:
            joined, heard = set(), False
        elif what == JOINED:
            joined.add(reader)
        else:
            heard = heard or reader in joined
    return not heard
