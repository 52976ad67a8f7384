"""Group commit: one thread a process writes what all its turns produced, many turns in one transaction."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import peewee

from widget_api.models import ACTIVE, Chunk, Turn, database, rows, transaction
from widget_api.streams.base import Position

logger = logging.getLogger(__name__)
T = TypeVar("T")

# Twice as often as the promise (100 ms) asks, to leave time for the commit itself.
INTERVAL_SECONDS = 0.05
# Of a burst of accepted messages, so that the words of running answers do not wait behind all of them.
ACTIONS_A_COMMIT = 16
# After a failed commit, so that a full disk is not hammered.
PAUSE_SECONDS = 1.0


class Journal:
    """Collects events and actions and commits them together: cost does not grow with the number of turns."""

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._events: dict[tuple[str, int], list[tuple[int, bytes]]] = defaultdict(list)
        self._actions: list[tuple[Callable[[], Any], Future[Any]]] = []
        self._thread: threading.Thread | None = None
        self._closing = False

    def record(self, turn: str, at: Position, payload: bytes) -> None:
        """Have an event written with the next commit, at most 100 ms from now."""
        with self._wake:
            self._events[turn, at.attempt].append((at.seq, payload))
            if len(self._events) == 1:
                self._start()

    def commit(self, action: Callable[[], T]) -> T:
        """Run `action` in the next commit, at once, after all events recorded so far; return when it is durable.

        What `action` raises is raised here, and nothing of it is written.
        """
        result: Future[T] = Future()
        with self._wake:
            closed = self._closing
            if not closed:
                self._actions.append((action, result))
                self._start()
        if closed:  # the process is ending: there is nobody left to share a commit with
            with transaction():
                return action()
        return result.result()

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
        """Wait until there is something to commit. False when closed and empty."""
        with self._wake:
            while not (self._events or self._actions or self._closing):
                self._wake.wait()
            if not (self._actions or self._closing):
                self._wake.wait_for(lambda: self._actions or self._closing, INTERVAL_SECONDS)
            return bool(self._events or self._actions)

    def _write(self) -> None:
        with self._wake:
            events, self._events = self._events, defaultdict(list)
            actions, self._actions = self._actions[:ACTIONS_A_COMMIT], self._actions[ACTIONS_A_COMMIT:]
        try:
            with transaction():
                _append(events)
                outcomes = [_attempted(action) for action, _ in actions]
        except peewee.DatabaseError as exc:
            logger.exception("the journal could not commit")
            self._put_back(events)
            for _, future in actions:
                future.set_exception(exc)
            return
        for (_, future), (value, error) in zip(actions, outcomes, strict=True):
            if error:
                future.set_exception(error)
            else:
                future.set_result(value)

    def _put_back(self, events: dict[tuple[str, int], list[tuple[int, bytes]]]) -> None:
        with self._wake:
            for key, newer in self._events.items():
                events[key] = events.get(key, []) + newer
            self._events = events
            if not self._closing:
                self._wake.wait(PAUSE_SECONDS)
            else:
                self._events.clear()


def _append(events: dict[tuple[str, int], list[tuple[int, bytes]]]) -> None:
    """One row a turn; nothing for a turn that has ended or whose attempt is stale."""
    if not events:
        return
    ids = {turn for turn, _ in events}
    live = set(rows(Turn.select(Turn.id, Turn.attempt).where(Turn.id.in_(ids) & Turn.state.in_(ACTIVE))))
    fresh = [
        (turn, attempt, entries[-1][0], b"\n".join(payload for _, payload in entries))
        for (turn, attempt), entries in events.items()
        if (turn, attempt) in live
    ]
    if fresh:
        Chunk.insert_many(fresh, fields=[Chunk.turn, Chunk.attempt, Chunk.last_seq, Chunk.events]).execute()


def _attempted(action: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """Run one action in a savepoint of its own: its failure is its caller's, not its neighbours'."""
    try:
        with database.atomic():
            return action(), None
    except Exception as exc:  # noqa: BLE001 - carried to the caller of `commit`
        return None, exc
