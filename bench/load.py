"""Load: many streams at one target, spoken by the program in C, and what it timed."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from bench.machine import OTHERS, on
from bench.targets import Chat


@dataclass(frozen=True)
class Speech:
    """What the model is asked to say: chunks a second, how many, how long, and what comes before and after."""

    rate: int = 50
    chunks: int = 300
    bytes: int = 64
    wait: int | None = None  # milliseconds before the first chunk; one interval unless said
    hold: int = 0  # milliseconds before the end

    def __str__(self) -> str:
        wait = "" if self.wait is None else f" w{self.wait}"
        return f"bench r{self.rate} n{self.chunks} b{self.bytes}{wait} h{self.hold}"


@dataclass(frozen=True)
class Times:
    """Percentiles of times, in milliseconds."""

    count: int
    p50: float
    p90: float
    p99: float
    max: float

    @classmethod
    def of(cls, told: dict[str, int]) -> Times:
        microseconds = (told.get(name, 0) for name in ("p50", "p90", "p99", "max"))
        return cls(told["count"], *(value / 1000 for value in microseconds))


@dataclass(frozen=True)
class Outcome:
    """What came of a load."""

    streams: int
    failed: int
    chunks: int
    lost: int
    duplicated: int
    resent: int
    bytes: int
    added: Times  # what the target added to each chunk
    first: Times  # from connecting to the first event
    again: Times  # the same after coming back
    whole: Times  # from connecting to the mark at which the client hangs up

    @classmethod
    def of(cls, told: dict[str, Any]) -> Outcome:
        counts = (told[name] for name in ("streams", "failed", "chunks", "lost", "duplicated", "resent", "bytes"))
        return cls(*counts, *(Times.of(told[name]) for name in ("added", "first", "again", "whole")))

    @property
    def clean(self) -> bool:
        """Nothing failed, nothing is missing, nothing came twice."""
        return not (self.failed or self.lost or self.duplicated)


class Run:
    """A load under way."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines = self._told()

    def _told(self) -> Iterator[dict[str, Any]]:
        assert self._process.stdout
        for line in self._process.stdout:
            yield json.loads(line)
        raise RuntimeError(f"the load ended with {self._process.wait()}")

    def opened(self) -> float:
        """Wait until every stream has brought its first event; the moment on the monotonic clock."""
        told = next(self._lines)
        if told["event"] != "open" or told["failed"]:
            raise RuntimeError(f"not all streams opened: {told}")
        return time.monotonic()

    def end(self) -> Outcome:
        """Wait for the end."""
        told: dict[str, Any] = {}
        while told.get("event") != "end":
            told = next(self._lines)
        self._process.wait()
        return Outcome.of(told)


class Load:
    """The program in C and a place for its plans."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._plans = count()

    def run(self, port: int, chats: Iterable[Chat], **options: int) -> Outcome:
        """Open the streams, read them to their end."""
        with self.running(port, chats, **options) as run:
            return run.end()

    @contextmanager
    def running(self, port: int, chats: Iterable[Chat], **options: int) -> Iterator[Run]:
        """The same, with a look at what goes on in between. `options` are the program's own."""
        plan = self._folder / f"plan-{next(self._plans)}"
        with plan.open("wb") as file:
            for chat in chats:
                file.write(b"%d %d\n" % (len(chat.begin), len(chat.resume)) + chat.begin + chat.resume)
        words = [f"{name}={value}" for name, value in options.items()]
        with on(OTHERS):
            process = subprocess.Popen(
                [self._program, str(port), str(plan), *words], stdout=subprocess.PIPE, text=True
            )
        try:
            yield Run(process)
        finally:
            process.kill()
            process.wait()
            assert process.stdout
            process.stdout.close()
