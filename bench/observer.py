"""Watches a database from a process of its own: when text becomes readable there, and how often somebody writes.

    python -m bench.observer URL

It asks again every few milliseconds, so it sees a row too late by up to that long and the time its own question
takes: the lag it tells is an upper bound. It ends with SIGTERM and prints one line of JSON.
"""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg

from bench.machine import OTHERS, on
from tests.live import ROOT

INTERVAL_SECONDS = 0.002
# What the model writes into each chunk: its number and its moment.
MARK = re.compile(rb"#(\d+)@(\d+);")


class Eye(Protocol):
    """Looks at one kind of database."""

    def look(self) -> tuple[int, list[bytes]]:
        """A number that grows by one with each transaction that writes, and the events that are new."""


class SqliteEye:
    """A second connection. Its `data_version` changes when another one has committed."""

    def __init__(self, url: str) -> None:
        path = url.removeprefix("sqlite:///")
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        self._version = self._one("PRAGMA data_version")
        self._row = self._newest()
        self._writes = 0

    def look(self) -> tuple[int, list[bytes]]:
        version = self._one("PRAGMA data_version")
        if version == self._version:
            return self._writes, []
        self._version = version
        self._writes += 1
        return self._writes, self._fresh()

    def _fresh(self) -> list[bytes]:
        last = min(self._row, self._newest())  # a table that was emptied counts from the beginning
        rows = self._connection.execute("SELECT rowid, events FROM chunk WHERE rowid > ?", (last,)).fetchall()
        self._row = rows[-1][0] if rows else last
        return [events for _, events in rows]

    def _newest(self) -> int:
        return self._one("SELECT max(rowid) FROM chunk")

    def _one(self, question: str) -> int:
        return int(self._connection.execute(question).fetchone()[0] or 0)


class PostgresEye:
    """A session of its own. Only transactions that write take a transaction id."""

    WRITES = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
    TURNS = "SELECT id, attempt FROM turn WHERE ended_at IS NULL"
    FRESH = """\
SELECT known.turn, known.attempt, chunk.last_seq, chunk.events
FROM unnest(%s::text[], %s::int[], %s::int[]) AS known (turn, attempt, seq)
JOIN chunk ON chunk.turn_id = known.turn AND chunk.attempt = known.attempt AND chunk.last_seq > known.seq
ORDER BY chunk.last_seq"""
    TURNS_SECONDS = 0.05

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._seen: dict[tuple[str, int], int] = {}
        self._looked = 0.0

    def look(self) -> tuple[int, list[bytes]]:
        ((writes,),) = self._connection.execute(self.WRITES).fetchall()
        self._find_turns()
        return int(writes), self._fresh() if self._seen else []

    def _find_turns(self) -> None:
        if time.monotonic() < self._looked + self.TURNS_SECONDS:
            return
        self._looked = time.monotonic()
        running = [(str(turn), int(attempt)) for turn, attempt in self._connection.execute(self.TURNS)]
        self._seen = {key: self._seen.get(key, 0) for key in running}

    def _fresh(self) -> list[bytes]:
        turns, attempts = zip(*self._seen, strict=True)
        known = [list(turns), list(attempts), list(self._seen.values())]
        rows = self._connection.execute(self.FRESH, known).fetchall()
        self._seen |= {(turn, attempt): seq for turn, attempt, seq, _ in rows}
        return [bytes(events) for *_, events in rows]


def watch(eye: Eye) -> dict[str, Any]:
    """Watch until SIGTERM. Lags in milliseconds, and writing transactions by the second they were seen in."""
    ended = _ended()
    lags: list[int] = []
    gaps: list[int] = []
    writes: Counter[int] = Counter()
    before, _ = eye.look()
    looked = _microseconds()
    while not ended():
        count, fresh = eye.look()
        at = _microseconds()
        lags += [at - int(moment) for events in fresh for _, moment in MARK.findall(events)]
        writes[at // 1_000_000] += count - before
        gaps.append(at - looked)
        before, looked = count, at
        time.sleep(INTERVAL_SECONDS)
    return {"lags": _percentiles(lags), "error_ms": _percentiles(gaps)["p99"], "writes": writes}


def _microseconds() -> int:
    return time.monotonic_ns() // 1000


def _ended() -> Callable[[], bool]:
    signals: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: signals.append(number))
    return lambda: bool(signals)


def _percentiles(microseconds: list[int]) -> dict[str, float]:
    values = sorted(microseconds)
    found = {"count": float(len(values))}
    for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        found[name] = values[min(len(values) - 1, int(share * len(values)))] / 1000 if values else 0.0
    return found


@dataclass
class Seen:
    """What an observer has told at its end."""

    lags: dict[str, float]
    error_ms: float
    writes: dict[int, int]

    def writes_between(self, start: float, end: float) -> float | None:
        """Writing transactions a second, over the whole seconds between two moments of the monotonic clock."""
        seconds = range(int(start) + 1, int(end))
        if not seconds:
            return None
        return sum(self.writes.get(second, 0) for second in seconds) / len(seconds)


@contextmanager
def observing(url: str) -> Iterator[list[Seen]]:
    """An observer for the block; what it has seen is in the list afterwards."""
    seen: list[Seen] = []
    with on(OTHERS):
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.observer", url], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
    assert process.stdout
    try:
        if process.stdout.readline() != "watching\n":
            raise RuntimeError("the observer did not start")
        yield seen
        process.terminate()
        told = json.loads(process.stdout.read())
        writes = {int(second): count for second, count in told["writes"].items()}
        seen.append(Seen(told["lags"], told["error_ms"], writes))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def main(url: str) -> None:
    eye: Eye = SqliteEye(url) if url.startswith("sqlite:") else PostgresEye(url)
    sys.stdout.write("watching\n")
    sys.stdout.flush()
    json.dump(watch(eye), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
