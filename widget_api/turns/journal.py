"""Group commit: one thread a process writes what all its turns produced, many turns in one transaction."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeVar

import peewee

from widget_api.models import Chunk, database, execute, rows, transaction
from widget_api.streams.base import Position

logger = logging.getLogger(__name__)
T = TypeVar("T")

# From the start of one commit to the next: a few turns are written often, many turns at the price of a few.
SOONEST_SECONDS, LATEST_SECONDS, SECONDS_A_TURN = 0.05, 0.115, 0.00055
# Of a burst of accepted messages, so that the words of running answers do not wait behind all of them.
ACTIONS_SECONDS = 0.03
# After a failed commit, so that a full disk is not hammered; and how long a database may be away.
PAUSE_SECONDS = 0.5
TRIES = 2
PATIENCE_SECONDS = 30.0

# The connection is lost, or cannot be had; of a transaction nobody knows whether it was made.
AWAY = (peewee.OperationalError, peewee.InterfaceError, peewee.InternalError)

# All turns' rows in one statement: between statements other threads may have the interpreter for a while.
_APPEND = """WITH new (turn_id, attempt, last_seq, events) AS (VALUES {rows})
INSERT INTO chunk (turn_id, attempt, last_seq, events) SELECT * FROM new WHERE EXISTS (
SELECT 1 FROM turn WHERE id = new.turn_id AND attempt = new.attempt AND state IN ('queued', 'running'))"""
# Both databases take some more values at once.
ROWS_AT_ONCE = 1000

Events = dict[tuple[str, int], list[tuple[int, bytes]]]


@dataclass(slots=True)
class _Waiting:
    """An action that somebody waits for."""

    action: Callable[[], Any]
    patient: bool
    tries: int = 0
    since: float = field(default_factory=time.monotonic)
    result: Future[Any] = field(default_factory=Future)


class Journal:
    """Collects events and actions and commits them together: cost does not grow with the number of turns."""

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._recorded: list[tuple[str, int, int, bytes]] = []
        self._events: Events = {}  # of a commit that failed
        self._actions: list[_Waiting] = []
        self._thread: threading.Thread | None = None
        self._idle = False  # whoever has something must wake it
        self._closing = False
        self._last = 0.0  # when the last commit began
        self._turns = 0  # that the last commit had events of
        self._doubtful = False  # whether the last commit may have been made although it failed

    def record(self, turn: str, at: Position, payload: bytes) -> None:
        """Have an event written with the next commit, about 100 ms from now at most. An empty one holds the place of
        an event that is not kept."""
        self._recorded.append((turn, at.attempt, at.seq, payload))
        if self._idle or self._thread is None:
            with self._wake:
                self._start()

    def commit(self, action: Callable[[], T], *, patient: bool = False) -> T:
        """Run `action` in the next commit, after all events recorded so far; return when it is durable.

        What `action` raises is raised here, and nothing of it is written. It is run again when the commit failed -
        perhaps over another action in it, perhaps on the way back - so it must change nothing when it is run a
        second time. A `patient` one also waits for a database that is away.
        """
        waiting = _Waiting(action, patient)
        with self._wake:
            closed = self._closing
            if not closed:
                self._actions.append(waiting)
                self._start()
        if closed:  # the process is ending: there is nobody left to share a commit with
            with transaction():
                return action()
        result: T = waiting.result.result()
        return result

    def close(self) -> None:
        """Write what is left and end the thread."""
        with self._wake:
            self._closing = True
            thread = self._thread
            self._wake.notify_all()
        if thread:
            thread.join()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
            self._thread.start()
        self._wake.notify_all()

    def _work(self) -> None:
        while self._collect():
            self._write()

    def _collect(self) -> bool:
        """Wait until there is something to commit and it is time. False when closed and empty."""
        with self._wake:
            self._idle = True
            while not (self._recorded or self._events or self._actions or self._closing):
                self._wake.wait()
            self._idle = False
            pause = min(LATEST_SECONDS, SOONEST_SECONDS + SECONDS_A_TURN * self._turns)
            self._wake.wait_for(lambda: self._closing, self._last + pause - time.monotonic())
            return bool(self._recorded or self._events or self._actions)

    def _write(self) -> None:
        self._last = time.monotonic()
        with self._wake:
            events, self._events = self._events, {}
            actions, self._actions = self._actions, []
            recorded, self._recorded = self._recorded, []
        for turn, attempt, seq, payload in recorded:
            events.setdefault((turn, attempt), []).append((seq, payload))
        self._turns = len(events)
        outcomes: list[tuple[Any, Exception | None]] = []
        try:
            with transaction():
                _append(self._new(events))
                for waiting in actions:
                    waiting.tries += 1
                    outcomes.append(_attempted(waiting.action))
                    if waiting.tries > 1 or time.monotonic() > self._last + ACTIONS_SECONDS:
                        break  # one that has failed goes alone: it may have waited for one that waited for another
        except peewee.PeeweeException as exc:
            logger.warning("the journal could not commit: %s", exc)
            self._put_back(events, actions, exc)
            return
        self._doubtful = False
        with self._wake:
            self._actions = actions[len(outcomes) :] + self._actions
        for waiting, (value, error) in zip(actions, outcomes, strict=False):
            if error:
                waiting.result.set_exception(error)
            else:
                waiting.result.set_result(value)

    def _put_back(self, events: Events, actions: list[_Waiting], exc: Exception) -> None:
        """Keep what failed for the next commit, except the actions whose callers would rather know."""
        self._doubtful = True
        deadline = time.monotonic() - PATIENCE_SECONDS
        again = [
            each
            for each in actions
            if not self._closing and (each.tries < TRIES or (each.patient and each.since > deadline))
        ]
        with self._wake:
            self._events = events
            self._actions = again + self._actions
            if self._closing:
                self._events.clear()
        for each in actions:
            if each not in again:
                each.result.set_exception(exc)
        with self._wake:
            self._wake.wait_for(lambda: self._closing, PAUSE_SECONDS)

    def _new(self, events: Events) -> Events:
        """Without what is written already: a commit can fail on its way back from a database that has made it."""
        if not (self._doubtful and events):
            return events
        found = Chunk.select(Chunk.turn, Chunk.attempt, peewee.fn.MAX(Chunk.last_seq)).group_by(
            Chunk.turn, Chunk.attempt
        )
        written = {(turn, attempt): last for turn, attempt, last in rows(found.where(Chunk.turn << _turns(events)))}
        trimmed = {key: [each for each in made if each[0] > written.get(key, 0)] for key, made in events.items()}
        return {key: made for key, made in trimmed.items() if made}


def patiently(act: Callable[[], T]) -> T:
    """What `act` returns, when the database is there again: a restart takes seconds, and an answer can wait. It must
    change nothing when it is done a second time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return act()
        except AWAY:
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)


def _turns(events: Events) -> list[str]:
    return [turn for turn, _ in events]


def _append(events: Events) -> None:
    """One row a turn; nothing for a turn that has ended or whose attempt is stale."""
    rows = [(*key, made[-1][0], b"\n".join([payload for _, payload in made])) for key, made in events.items()]
    for at in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[at : at + ROWS_AT_ONCE]
        execute(_APPEND.format(rows=", ".join(["(%s, %s, %s, %s)"] * len(some))), *chain.from_iterable(some))


def _attempted(action: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """Run one action in a savepoint of its own: its failure is its caller's, not its neighbours'."""
    try:
        with database.atomic():
            return action(), None
    except AWAY:
        raise  # and with it the whole transaction
    except Exception as exc:  # noqa: BLE001 - carried to the caller of `commit`
        return None, exc
