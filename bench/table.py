"""The promises of speed: what is compared with what, how far it may go, and whether it went."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.readings import Readings
from bench.stores import LAG_STREAMS
from bench.targets import Nginx, Node, Ours, OursOnRedis

Measure = Callable[[Readings, str], float | None]


def against(figure: str, peer: str) -> Measure:
    """The figure of a column divided by the peer's."""
    return lambda readings, column: readings.ratio(figure, column, peer)


def lag(readings: Readings, column: str) -> float | None:
    """The worst of all loads."""
    found = [readings.median(f"lag p99 at {streams}", column) for streams in LAG_STREAMS]
    return max((value for value in found if value is not None), default=None)


def page(readings: Readings, column: str) -> float | None:
    long, short = (readings.median(f"page of {messages}", column) for messages in (10_000, 100))
    return long / short if long and short else None


def commits(readings: Readings, column: str) -> float | None:
    return readings.median("commits at 200", column)


@dataclass(frozen=True)
class Row:
    """One promise: its measure in each column, the limits, and what lies beyond them."""

    name: str
    measure: Measure
    limits: Mapping[str, float]
    beyond: float | None
    at_least: bool = False
    unit: str = ""

    def keeps(self, value: float, limit: float) -> bool:
        return value >= limit if self.at_least else value <= limit

    def verdict(self, readings: Readings, column: str) -> str:
        value = self.measure(readings, column)
        if value is None:
            return "not measured"
        if self.beyond is not None and self.keeps(value, self.beyond):
            return "met, and beyond"
        return "met" if self.keeps(value, self.limits[column]) else "**not met**"


def _limits(memory: float, redis: float) -> dict[str, float]:
    return {Ours.name: memory, OursOnRedis.name: redis}


ROWS = (
    Row(
        "CPU per chunk at 60 streams, ours / Node stack",
        against("cpu at 60", Node.name),
        _limits(0.30, 0.40),
        beyond=0.12,
    ),
    Row("CPU per chunk, ours / nginx", against("cpu at 60", Nginx.name), _limits(5, 7), beyond=2),
    Row(
        "added latency p99 at 10 streams, ours / Node stack",
        against("p99 at 10", Node.name),
        _limits(0.20, 0.30),
        beyond=0.07,
    ),
    Row("memory per open stream, ours / Node stack", against("memory", Node.name), _limits(0.15, 0.20), beyond=0.02),
    Row(
        "streams at 50 chunks/s with p99 added < 50 ms, per core, ours / Node stack",
        against("most streams", Node.name),
        _limits(4, 3),
        beyond=10,
        at_least=True,
    ),
    Row(
        "reconnect to first byte p99 at 50 streams, ours / Node stack",
        against("again p99", Node.name),
        _limits(0.25, 0.5),
        beyond=0.1,
    ),
    Row("text in the database after being generated, p99", lag, _limits(100, 100), beyond=50, unit=" ms"),
    Row(
        "first page of a 10,000-message conversation / of a 100-message one, server time",
        page,
        _limits(1.5, 1.5),
        beyond=1.1,
    ),
    Row("journal transactions a second at 200 streams, a worker", commits, _limits(10, 10), beyond=None),
)
