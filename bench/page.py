"""docs/performance.md: the readings as tables, each beside what was promised."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.growth import MESSAGES, TOKENS
from bench.readings import Readings
from bench.stores import LAG_STREAMS
from bench.table import ROWS, Row
from bench.targets import COLUMNS, TITLES, Nginx, Node

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
PLOTS = ROOT / "docs" / "performance"
READINGS = PLOTS / "readings.json"
NOTES = Path(__file__).with_name("notes.md")

OURS = [column.name for column in COLUMNS]
ALL = [Nginx.name, Node.name, *OURS]


def write(readings: Readings) -> None:
    """Write the page."""
    PAGE.write_text(text(readings))


def text(readings: Readings) -> str:
    """The page."""
    sections = (
        _head(readings),
        _promises(readings),
        _streams(readings),
        _stores(readings),
        _growth(readings),
        _faults(readings),
        NOTES.read_text().strip(),
    )
    return "\n\n".join(sections) + "\n"


def _head(readings: Readings) -> str:
    rounds = len(readings.of("cpu at 60", Node.name))
    figures = [readings.values.get(f"strangers at {streams}", {}) for streams in (60, 10)]
    strangers = [value for targets in figures for values in targets.values() for value in values]
    share = f"{statistics.median(strangers):.0%}" if strangers else "an unknown part"
    return f"""\
# Performance

Written by `make bench` ([how each figure is measured](../bench/README.md)); every reading stands in
[readings.json](performance/readings.json). All targets were measured side by side, in turn, in one run on one
machine. Ratios count, absolute times do not travel. Figures are medians of {rounds} rounds (idle streams: one).

Machine: {", ".join(readings.machine)}.
The target has one core, both workers of the second column share it; load, model and stores have the others.
Everything is on loopback. Strangers used {share} of the measured core meanwhile."""


def _promises(readings: Readings) -> str:
    heads = ["figure"]
    for column in COLUMNS:
        heads += [column.title, "target", ""]
    rows = [_promise(readings, row) for row in ROWS]
    return "## What was promised\n\n" + table([*heads, "beyond"], rows)


def _promise(readings: Readings, row: Row) -> list[str]:
    sign = "≥" if row.at_least else "≤"
    cells = [row.name]
    for column in OURS:
        value = row.measure(readings, column)
        cells += [number(value, row.unit), f"{sign} {row.limits[column]:g}{row.unit}", row.verdict(readings, column)]
    return [*cells, "" if row.beyond is None else f"{row.beyond:g}{row.unit}"]


def _streams(readings: Readings) -> str:
    rows = [
        ("CPU per chunk, 60 streams", "cpu at 60", " µs"),
        ("CPU per chunk, 10 streams", "cpu at 10", " µs"),
        ("Redis' CPU per chunk, 60 streams", "Redis cpu at 60", " µs"),
        ("PostgreSQL's CPU per chunk, 60 streams", "PostgreSQL cpu at 60", " µs"),
        ("added latency p50, 60 streams", "p50 at 60", " ms"),
        ("added latency p99, 60 streams", "p99 at 60", " ms"),
        ("added latency p50, 10 streams", "p50 at 10", " ms"),
        ("added latency p99, 10 streams", "p99 at 10", " ms"),
        ("first event p99, 60 streams that begin within a second", "first at 60", " ms"),
        ("most streams with p99 < 50 ms", "most streams", ""),
        ("memory of the fresh process", "memory base", " MB"),
        ("memory per open stream", "memory", " KB"),
        ("reconnect to first event p50, 50 streams", "again p50", " ms"),
        ("reconnect to first event p99, 50 streams", "again p99", " ms"),
        ("chunks that came again after 50 reconnects", "resent", ""),
    ]
    return f"""\
## Streams

50 chunks a second of 64 bytes each. CPU is that of all the target's processes, from before the first request until
after the last byte, starts and ends included.

{_by_target(readings, rows, ALL)}

![CPU per chunk](performance/cpu.svg)
![Added latency](performance/latency.svg)
![Memory per open stream](performance/memory.svg)
![Latency against the number of streams](performance/streams.svg)"""


def _stores(readings: Readings) -> str:
    rows: list[tuple[str, str, str]] = []
    for streams in LAG_STREAMS:
        rows += [
            (f"text readable in the database, p50, {streams} streams", f"lag p50 at {streams}", " ms"),
            (f"text readable in the database, p99, {streams} streams", f"lag p99 at {streams}", " ms"),
            (f"of which the observer's own delay, at most, {streams} streams", f"lag error at {streams}", " ms"),
            (f"writing transactions a second and worker, {streams} streams", f"commits at {streams}", ""),
        ]
    rows += [(f"first page of {messages:,} messages", f"page of {messages}", " ms") for messages in (100, 10_000)]
    return f"## Stores\n\n{_by_target(readings, rows, OURS)}"


def _growth(readings: Readings) -> str:
    rows = [(f"CPU per token in a reply of {tokens:,}", f"token of {tokens}", " µs") for tokens in TOKENS]
    rows += [
        (f"CPU of a short turn after {messages:,} messages", f"turn after {messages}", " ms") for messages in MESSAGES
    ]
    rows += [
        (f"its first event, p50, after {messages:,} messages", f"first after {messages}", " ms")
        for messages in MESSAGES
    ]
    rows += [
        ("memory per idle stream, 2,000 open", "idle memory", " KB"),
        ("CPU a second of 1,000 idle streams", "idle cpu", " ms"),
        ("added latency p99 of 10 streams, alone", "p99 alone", " ms"),
        ("added latency p99 of 10 streams, among 2,000 idle ones", "p99 among idle", " ms"),
        ("a chunk's bytes as first sent, 32 of them text", "written in events of", ""),
        ("replay of a running answer of 20,000 chunks: first event p99", "replay running first p99", " ms"),
        ("replay of a running answer of 20,000 chunks: all of it p50", "replay running whole p50", " ms"),
        ("replay of a running answer of 20,000 chunks: bytes", "replay running bytes", ""),
        ("the same when it has ended: first event p99", "replay ended first p99", " ms"),
        ("the same when it has ended: all of it p50", "replay ended whole p50", " ms"),
        ("the same when it has ended: bytes", "replay ended bytes", ""),
    ]
    return f"""\
## What grows with what

{_by_target(readings, rows, OURS)}

![CPU per token against the reply's length](performance/replies.svg)"""


def _faults(readings: Readings) -> str:
    heads = ["target", "streams", "chunks", "streams that failed", "chunks lost", "chunks doubled"]
    names = ("streams", "chunks", "failed", "lost", "duplicated")
    rows = [
        [TITLES[target], *(f"{readings.faults[target][name]:,}" for name in names)]
        for target in ALL
        if target in readings.faults
    ]
    away = [f"{TITLES[target]} was not measured: {reason}" for target, reason in readings.missing.items()]
    intro = "Counted in all rounds but those of the search, which overloads on purpose."
    return "\n\n".join(["## Nothing lost", intro, table(heads, rows), *away])


def _by_target(readings: Readings, rows: Iterable[tuple[str, str, str]], targets: Sequence[str]) -> str:
    """A row for each figure that was measured, a column for each target."""
    lines = [
        [title, *(number(readings.median(figure, target), unit) for target in targets)]
        for title, figure, unit in rows
        if figure in readings.values
    ]
    return table(["", *(TITLES[target] for target in targets)], lines)


def number(value: float | None, unit: str = "") -> str:
    """Three digits are all that such figures are worth."""
    if value is None:
        return "-"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}{unit}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    rule = ["---", *("---:" for _ in heads[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))
