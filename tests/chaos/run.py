"""Runs scenarios, one after the other, and judges them by their ledgers."""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.checks import END_SECONDS, faults
from tests.chaos.evidence import Evidence
from tests.chaos.helper import helper
from tests.chaos.ledger import Ledger, entries
from tests.chaos.outcome import Outcome
from tests.chaos.scenarios import Scenario
from tests.chaos.stage import Stage
from tests.chaos.system import System, clock, system
from tests.servers import PostgresServer, RedisServer, postgres_server, redis_server

# How long the shop takes at most to change a cart.
SLOW_SECONDS = 0.1
# A system takes seconds to start, which a short run has better use for.
CELLS_BOUNDED = 2
# Shoppers of different cells have different numbers.
NUMBERS_A_CELL = 10_000


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is made. `keep` leaves the ledgers and logs where they are, not only those of broken scenarios."""

    seed: int
    scale: float = 1.0
    bounded: bool = False
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Stores:
    """The servers of the second column; None in the first."""

    redis: RedisServer | None = None
    postgres: PostgresServer | None = None

    def settings(self, scenario: Scenario) -> dict[str, str]:
        """What the product is told of them, for a system of its own."""
        if not (self.redis and self.postgres):
            return {}
        return {
            "REDIS_URL": self.redis.url,
            "DATABASE_URL": self.postgres.database(),
            "WEB_CONCURRENCY": str(scenario.workers),
        }


@contextmanager
def stores(column: str) -> Iterator[Stores]:
    """The column's servers for the block."""
    if column == "memory":
        yield Stores()
        return
    with redis_server() as redis, postgres_server() as postgres:
        yield Stores(redis, postgres)


def play(scenario: Scenario, column: str, options: Options, servers: Stores) -> Outcome:
    """Play a scenario and judge it."""
    folder = Path(tempfile.mkdtemp(prefix=f"chaos-{scenario.name}-"))
    keep = options.keep
    try:
        outcome = _judged(scenario, column, options, servers, folder)
        if keep or not outcome.kept:
            keep = True
            outcome.examples.append(f"ledgers and logs: {folder}")
        return outcome
    finally:
        if not keep:
            shutil.rmtree(folder)


def _judged(scenario: Scenario, column: str, options: Options, servers: Stores, folder: Path) -> Outcome:
    begun = time.monotonic()
    stages = asyncio.run(_play(scenario, options, servers, folder, random.Random(f"{options.seed} {column}")))
    evidence = Evidence(*(entries(folder / name) for name in ("shoppers", "model", "shop", "turns")))
    return Outcome.of(
        evidence,
        faults(evidence, *scenario.checks),
        scenario=scenario.name,
        column=column,
        seed=options.seed,
        done=dict(sorted(sum((stage.done for stage in stages), Counter[str]()).items())),
        missed=dict(sum((stage.missed for stage in stages), Counter[str]())),
        seconds=round(time.monotonic() - begun, 1),
    )


async def _play(
    scenario: Scenario, options: Options, servers: Stores, folder: Path, rng: random.Random
) -> list[Stage]:
    jobs = scenario.jobs(rng, options.scale, bounded=options.bounded)
    with ExitStack() as stack:
        model = stack.enter_context(helper("model", str(folder / "model")))
        shop = stack.enter_context(helper("shop", str(folder / "shop"), str(SLOW_SECONDS)))
        ledger = Ledger(folder / "shoppers")
        own = tuple(clock(seconds, folder) for seconds in scenario.clocks)
        stages = []
        for cell in range(min(scenario.cells, CELLS_BOUNDED if options.bounded else len(jobs))):
            settings = servers.settings(scenario)
            stage = Stage(
                stack.enter_context(system(folder / f"cell{cell}", model, shop, settings, own)),
                random.Random(rng.getrandbits(64)),
                ledger,
                itertools.count(cell * NUMBERS_A_CELL),
                options.bounded,
                servers.redis,
                servers.postgres,
            )
            stages.append(stage)
        cells = len(stages)
        await asyncio.gather(*(scenario.play(stage, jobs[cell::cells]) for cell, stage in enumerate(stages)))
        await asyncio.gather(*(_settle(stage.system) for stage in stages))
        for stage in stages:
            await stage.tell_all()
            for said in stage.system.crashes():
                ledger.write("crashed", said=said)
        turns = Ledger(folder / "turns")
        for turn in (turn for stage in stages for turn in stage.system.turns()):
            turns.write("turn", **turn)
        return stages


async def _settle(over: System) -> None:
    """Wait until no turn runs, for as long as one may take."""
    deadline = time.monotonic() + END_SECONDS + 5
    while time.monotonic() < deadline and over.running():
        await asyncio.sleep(0.2)
