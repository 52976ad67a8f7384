"""The keeper: one thread a process that renews the leases of its turns, hears what others want of them, ends those
that take too long, and takes over those that other processes left behind."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from peewee import DatabaseError, InterfaceError

from widget_api.models import ACTIVE, Turn, clock, connected, rows, scrub, scrub_again, transaction
from widget_api.problems import AnswerTooLong
from widget_api.turns.jobs import Jobs
from widget_api.turns.recovery import (
    CHUNKS_SECONDS,
    LEASE_MS,
    forget_chunks,
    forget_old_chunks,
    is_left_behind,
    left_behind,
    purge,
)
from widget_api.turns.stops import delete_expired_stops

logger = logging.getLogger(__name__)

ROUND_SECONDS = 0.5
RENEW_SECONDS = 5.0
LOOK_SECONDS = 1.0
MINUTE_SECONDS = 60.0
HOUR_SECONDS = 3600.0
# After the database was away all leases have run out. The living renew theirs first.
SETTLE_SECONDS = 2 * RENEW_SECONDS
FORGOTTEN_AT_ONCE = 50


class Keeper:
    """Watches over the turns of one process, and over those that other processes left behind."""

    def __init__(self, jobs: Jobs, chores: Callable[[], None] = lambda: None) -> None:
        """`chores` is called once a minute, for what else there is to be done now and then."""
        self._jobs = jobs
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._troubled = float("-inf")  # when the database was last away
        self._rounds = {
            self._renew: Every(RENEW_SECONDS),
            self._listen: Every(ROUND_SECONDS),
            self._take_over: Every(LOOK_SECONDS),
            self._forget: Every(LOOK_SECONDS),
            scrub_again: Every(LOOK_SECONDS),
            chores: Every(MINUTE_SECONDS),
            _tidy: Every(HOUR_SECONDS),
        }

    def start(self) -> None:
        """Take over what an earlier process left behind and begin to watch. Idempotent, cheap when done."""
        if self._thread:
            return
        with self._lock:
            if not self._thread:
                self._thread = threading.Thread(target=self._watch, name="keeper", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._closing.set()
        if self._thread:
            self._thread.join()

    def look_after(self, turn: Turn) -> None:
        """Take over the unfinished turn if nobody works on it any more: nobody waits for the watch."""
        if not self._jobs.get(turn.id) and is_left_behind(turn, leases=self._trusts_leases):
            self._jobs.take_over(turn)

    @property
    def _trusts_leases(self) -> bool:
        return time.monotonic() - self._troubled > SETTLE_SECONDS

    def _watch(self) -> None:
        while True:
            self._overdue()
            self._remind()
            for act, every in self._rounds.items():
                if every.due():
                    self._do(act, every)
            if self._closing.wait(ROUND_SECONDS):
                return

    def _do(self, act: Callable[[], None], every: Every) -> None:
        try:
            act()
        except Exception as exc:
            unknown = not isinstance(exc, DatabaseError | InterfaceError)
            logger.warning("the keeper could not do its round: %s", exc, exc_info=unknown)
            self._troubled = time.monotonic()
            every.again()

    def _overdue(self) -> None:
        late = [job for job in self._jobs if job.deadline < time.monotonic()]
        self._jobs.end_all(late, AnswerTooLong("Ask for less, or try again."))

    def _remind(self) -> None:
        """Tell shoppers whose answer is silent that it still comes."""
        for job in self._jobs:
            job.writer.remind(time.monotonic())

    def _renew(self) -> None:
        """One statement for all turns of this process."""
        here = [job.turn.id for job in self._jobs]
        if here:
            with transaction():
                Turn.update(lease_until=clock() + LEASE_MS).where(
                    (Turn.id << here) & (Turn.worker == self._jobs.worker) & (Turn.state << ACTIVE)
                ).execute()

    def _listen(self) -> None:
        """What others want of the turns that run here: to stop them, or to have them."""
        jobs = {job.turn.id: job for job in self._jobs if not job.over}
        if not jobs:
            return
        with connected():
            found = rows(Turn.select(Turn.id, Turn.attempt, Turn.stop_requested).where(Turn.id << list(jobs)))
        states = {turn: (attempt, stop) for turn, attempt, stop in found}
        for turn, job in jobs.items():
            if turn not in states:
                self._jobs.lose(job, forgotten=True)
            elif states[turn][0] != job.turn.attempt:
                self._jobs.lose(job)
        self._jobs.end_all([job for turn, job in jobs.items() if states.get(turn, (0, False))[1]])

    def _take_over(self) -> None:
        here = [job.turn.id for job in self._jobs]
        for turn in left_behind(here, leases=self._trusts_leases):
            self._jobs.take_over(turn)

    def _forget(self) -> None:
        long_ago = time.monotonic() - CHUNKS_SECONDS
        ended = self._jobs.ended
        due: list[str] = []
        while ended and ended[0][0] < long_ago and len(due) < FORGOTTEN_AT_ONCE:
            due.append(ended.popleft()[1])
        if due:
            forget_chunks(due)


class Every:
    """So many seconds, again and again, the first time at once."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    def due(self) -> bool:
        """Whether they have passed; then they begin anew."""
        due = self._next <= time.monotonic()
        if due:
            self._next = time.monotonic() + self._seconds
        return due

    def again(self) -> None:
        """What was done must be done again as soon as possible."""
        self._next = 0.0


def _tidy() -> None:
    purge()
    delete_expired_stops()
    forget_old_chunks()
    scrub()
