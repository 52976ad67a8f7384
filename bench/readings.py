"""What was measured, round by round, and what a part of the bench works with."""

from __future__ import annotations

import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from bench.load import Load, Outcome
from bench.targets import TITLES, Fleet, Surroundings


@dataclass
class Readings:
    """Figure by figure, target by target, one value a round."""

    machine: list[str] = field(default_factory=list)
    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    curves: dict[str, list[tuple[int, float]]] = field(default_factory=dict)  # streams and p99, of each search
    missing: dict[str, str] = field(default_factory=dict)  # why a target did not run
    faults: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, figure: str, target: str, value: float) -> None:
        self.values.setdefault(figure, {}).setdefault(target, []).append(value)
        click.echo(f"  {figure:<24} {TITLES.get(target, target):<32} {value:12.3f}")

    def of(self, figure: str, target: str) -> list[float]:
        """The values of all rounds; empty when it was not measured."""
        return self.values.get(figure, {}).get(target, [])

    def median(self, figure: str, target: str) -> float | None:
        values = self.of(figure, target)
        return statistics.median(values) if values else None

    def ratio(self, figure: str, target: str, peer: str) -> float | None:
        """The median of the rounds' ratios: both sides of a round were measured within a minute."""
        pairs = zip(self.of(figure, target), self.of(figure, peer), strict=False)
        ratios = [ours / theirs for ours, theirs in pairs if theirs]
        return statistics.median(ratios) if ratios else None

    def check(self, target: str, outcome: Outcome) -> None:
        """Remember what was lost, for the page says so."""
        faults = {name: getattr(outcome, name) for name in ("failed", "lost", "duplicated")}
        if not outcome.clean:
            click.echo(f"  {TITLES[target]}: {faults}", err=True)
        self.faults[target].update(faults)
        self.faults[target]["streams"] += outcome.streams
        self.faults[target]["chunks"] += outcome.chunks

    def save(self, path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(vars(self), indent=1, sort_keys=True) + "\n")

    @classmethod
    def read(cls, path: Path) -> Readings:
        kept: dict[str, Any] = json.loads(path.read_text())
        kept["faults"] = defaultdict(Counter, {name: Counter(counts) for name, counts in kept["faults"].items()})
        return cls(**kept)


@dataclass
class Bench:
    """One run of the bench."""

    around: Surroundings
    load: Load
    readings: Readings
    quick: bool = False

    @property
    def rounds(self) -> Iterator[int]:
        for number in range(1 if self.quick else 3):
            click.echo(f" round {number + 1}")
            yield number

    def fleet(self) -> Fleet:
        """Targets for a block; who cannot run is remembered with the reason."""
        return Fleet(self.around, self.readings.missing)
