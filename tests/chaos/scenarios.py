"""What is tried, and how often."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.chaos import accidents
from tests.chaos.checks import Check, again, cut_short
from tests.chaos.points import POINTS
from tests.chaos.stage import Play

COLUMNS = {"memory": "SQLite + memory", "redis": "PostgreSQL + Redis"}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way of hurting the product.

    `acts` are done `times` each (`bounded` in the bounded form), in a seeded order, spread over as many `cells`:
    systems of their own that run side by side. `lane` says what runs beside what. `workers` of each host in the
    column with Redis; there is a host for each of `clocks`, the seconds that its time is fast.
    """

    name: str
    title: str
    acts: tuple[str, ...]
    times: int
    bounded: int
    play: Play
    columns: tuple[str, ...] = ("memory", "redis")
    checks: tuple[Check, ...] = ()
    cells: int = 1
    lane: int = 0
    workers: int = 2
    clocks: tuple[int, ...] = (0,)

    def jobs(self, rng: random.Random, scale: float, *, bounded: bool) -> list[str]:
        """All that is to be done, in the order in which it will be."""
        times = self.bounded if bounded else max(1, round(self.times * scale))
        jobs = [act for act in self.acts for _ in range(times)]
        rng.shuffle(jobs)
        return jobs


SCENARIOS = (
    Scenario(
        "points",
        "a worker ends itself, as `kill -9` would, at a named moment between two acts",
        acts=tuple(point.name for point in POINTS),
        times=20,
        bounded=1,
        play=accidents.at_points,
        cells=3,
    ),
    Scenario(
        "kills",
        "`kill -9` of a worker at a random instant",
        acts=("kill",),
        times=1000,
        bounded=12,
        lane=1,
        play=accidents.kills,
        cells=5,
    ),
    Scenario(
        "stops",
        "a worker stands still for longer than its lease and then goes on (SIGSTOP, SIGCONT)",
        acts=("stop",),
        times=10,
        bounded=1,
        lane=2,
        play=accidents.stops,
    ),
    Scenario(
        "clocks",
        "`kill -9` where one worker's clock is ten minutes fast and the other's ten minutes slow",
        acts=("kill",),
        times=40,
        bounded=4,
        lane=3,
        play=accidents.kills,
        columns=("redis",),
        workers=1,
        clocks=(600, -600),
    ),
    Scenario(
        "deploys",
        "a deploy under load, every 20 seconds (SIGHUP)",
        acts=("reload",),
        times=15,
        bounded=2,
        lane=2,
        play=accidents.deploys,
        columns=("redis",),
        checks=(cut_short,),
    ),
    Scenario(
        "restarts",
        "a deploy under load, every 20 seconds (SIGHUP, or SIGTERM and a new start)",
        acts=("reload", "restart"),
        times=8,
        bounded=1,
        lane=2,
        play=accidents.deploys,
        columns=("memory",),
        checks=(cut_short,),
    ),
    Scenario(
        "redis",
        "Redis is emptied, falls silent, or dies and comes back empty, in the middle of answers",
        acts=("flush", "pause", "kill"),
        times=50,
        bounded=2,
        lane=3,
        play=accidents.redis,
        columns=("redis",),
        checks=(cut_short,),
    ),
    Scenario(
        "postgres",
        "PostgreSQL is shut down, in order or at once, in the middle of answers, and comes back",
        acts=("fast", "immediate"),
        times=20,
        bounded=1,
        lane=3,
        play=accidents.postgres,
        columns=("redis",),
    ),
    Scenario(
        "cuts",
        "the connection breaks after a random number of bytes",
        acts=("cut",),
        times=10_000,
        bounded=300,
        play=accidents.cuts,
        checks=(again,),
    ),
    Scenario(
        "end-cuts",
        "the connection breaks within 50 ms of the end of the answer",
        acts=("cut",),
        times=1000,
        bounded=40,
        play=accidents.end_cuts,
        checks=(again,),
    ),
    Scenario(
        "copies",
        "a message comes five times at the same moment",
        acts=("message",),
        times=1000,
        bounded=25,
        play=accidents.copies,
        checks=(again,),
    ),
    Scenario(
        "crowds",
        "a hundred messages come to one conversation at the same moment",
        acts=("hundred",),
        times=10,
        bounded=1,
        play=accidents.crowds,
        checks=(again,),
    ),
)
