"""The product and the demo shop in two worker processes, on PostgreSQL and Redis."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from tests import column
from tests.live import Live, serving

WAIT_SECONDS = 40


@contextmanager
def two_workers(folder: Path) -> Iterator[Live]:
    """A server for the block, with stores of its own."""
    postgres, redis = column.postgres(), column.redis()
    url = postgres.database()
    try:
        with serving(folder, WEB_CONCURRENCY="2", DATABASE_URL=url, REDIS_URL=redis.database(0)) as live:
            yield live
    finally:
        postgres.drop(url)


def pair(live: Live, without: int = 0) -> tuple[int, int]:
    """The process ids of the two workers, when both serve; none of them is `without`."""
    until(lambda: len(live.workers()) == 2 and without not in live.workers())
    first, second = live.workers()
    for each in (first, second):
        with alone(live, each):
            fetch(live, "/readyz")
    return first, second


@contextmanager
def alone(live: Live, worker: int) -> Iterator[None]:
    """In the block that worker takes all new connections: the others are halted. Whoever waits there for an answer
    of the demo's model waits long, for its shop may be asked over a connection to one of the others."""
    others = [pid for pid in live.workers() if pid != worker]
    for each in others:
        os.kill(each, signal.SIGSTOP)
    until(lambda: all(_state(each) == "T" for each in others))
    try:
        yield
    finally:
        for each in others:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGCONT)


def fetch(live: Live, path: str, **fields: str) -> str:
    """What a new connection gets, with a form if there are `fields`."""
    with requests.Session() as session:
        session.trust_env = False
        method = "POST" if fields else "GET"
        response = session.request(method, live.url + path, data=fields or None, timeout=WAIT_SECONDS)
        response.raise_for_status()
        return response.text


def until(holds: Callable[[], bool]) -> None:
    """Wait for it."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
