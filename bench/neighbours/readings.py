"""Readings: the times, errors and memory of each run, with and without an attack."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Reading:
    """One run of all shoppers: seconds they waited, the errors they met, the most a worker held in megabytes."""

    first_event: list[float]
    history: list[float]
    health: list[float]
    errors: list[str]
    megabytes: list[float]
    answers: dict[str, int] = field(default_factory=dict)  # what the attacker was told, and how often

    def percentile(self, name: str, share: float) -> float | None:
        """Return this percentile in milliseconds, or None when nothing was timed."""
        values = sorted(getattr(self, name))
        return values[min(len(values) - 1, int(share * len(values)))] * 1000 if values else None


@dataclass
class Readings:
    """All runs: for each column and attack the quiet run and the one under attack."""

    machine: list[str]
    runs: dict[str, dict[str, tuple[Reading, Reading]]] = field(default_factory=dict)

    def add(self, column: str, attack: str, quiet: Reading, during: Reading) -> None:
        self.runs.setdefault(column, {})[attack] = quiet, during

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        rounded = json.loads(json.dumps(asdict(self)), parse_float=lambda text: round(float(text), 4))
        path.write_text(json.dumps(rounded) + "\n")

    @classmethod
    def read(cls, path: Path) -> Readings:
        kept = json.loads(path.read_text())
        runs = {
            column: {attack: (Reading(**quiet), Reading(**during)) for attack, (quiet, during) in attacks.items()}
            for column, attacks in kept["runs"].items()
        }
        return cls(kept["machine"], runs)
