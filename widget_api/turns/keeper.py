"""The keeper: one thread a process that renews the leases of its turns, ends those that take too long, and
settles those whose process has died."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from typing import Protocol

from widget_api.models import ACTIVE, Turn, now, snapshot, transaction
from widget_api.problems import AnswerTooLong, Problem
from widget_api.turns.job import Job
from widget_api.turns.recovery import dead, purge, settle

logger = logging.getLogger(__name__)

LEASE_MS = 15_000
RENEW_SECONDS = 5
PURGE_SECONDS = 3600


class Works(Protocol):
    """What is watched. `Engine` is one."""

    def jobs(self) -> list[Job]:
        """The turns that this process runs now."""

    def end(self, job: Job, reason: Problem | None = None) -> None:
        """End one of them."""


class Keeper:
    """Watches over the turns of one process, and over those that other processes left behind."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        # Host and process tell others whether we still live; the last word tells us from a namesake.
        self.worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    def start(self) -> None:
        """Settle what an earlier process left behind and begin to watch. Idempotent, cheap when done."""
        if self._thread:
            return
        with self._lock:
            if self._thread:
                return
            self._settle_dead()
            self._thread = threading.Thread(target=self._watch, name="keeper", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._closing.set()
        if self._thread:
            self._thread.join()

    def alive(self, turn: Turn) -> bool:
        """Whether somebody works on the active turn. Settles it when not, so that nobody waits for the watch."""
        if not dead(turn, self.worker) or any(job.turn.id == turn.id for job in self._works.jobs()):
            return True
        settle(turn)
        return False

    def _watch(self) -> None:
        seconds = 0
        while not self._closing.wait(1):
            seconds += 1
            try:
                self._round(seconds)
            except Exception:
                logger.exception("the keeper could not do its round")

    def _round(self, seconds: int) -> None:
        for job in self._works.jobs():
            if job.deadline < time.monotonic():
                self._works.end(job, AnswerTooLong("Ask for less, or try again."))
        if seconds % RENEW_SECONDS == 0:
            self._renew()
            self._settle_dead()
        if seconds % PURGE_SECONDS == 0:
            purge()

    def _renew(self) -> None:
        """One statement for all turns of this process."""
        ids = [job.turn.id for job in self._works.jobs()]
        if ids:
            with transaction():
                Turn.update(lease_until=now() + LEASE_MS).where(
                    Turn.id.in_(ids) & (Turn.worker == self.worker) & Turn.state.in_(ACTIVE)
                ).execute()

    def _settle_dead(self) -> None:
        with snapshot():
            unfinished = list(Turn.select().where(Turn.state.in_(ACTIVE)))
        for turn in unfinished:
            self.alive(turn)
