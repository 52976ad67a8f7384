"""Results: one file a model, in the order of the cases, and what has become worse since the kept one."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.evals.cases import Case
from bench.evals.run import Verdict

FOLDER: Final = Path(__file__).with_name("results")
# A run that is worse than the kept one is written there, and not kept.
WORSE: Final = ".worse.json"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How often a case was run and passed, and the faults of the runs that did not, each once."""

    kind: str
    language: str
    passed: int
    of: int
    faults: list[str] = field(default_factory=list)
    turns: list[dict[str, Any]] = field(default_factory=list)  # of the last run

    @property
    def holds(self) -> bool:
        """Whether every run has passed (pass^k): a shopper meets one run, not the mean."""
        return self.passed == self.of


@dataclass(frozen=True, slots=True)
class Results:
    """A model's results by the names of the cases."""

    model: str
    date: str
    commit: str
    repeat: int
    cases: dict[str, CaseResult]

    @classmethod
    def read(cls, path: Path) -> Results | None:
        """Return the results of a file, or None where there is none."""
        if not path.exists():
            return None
        raw = json.loads(path.read_text("utf-8"))
        return cls(**{**raw, "cases": {name: CaseResult(**each) for name, each in raw["cases"].items()}})

    def write(self, path: Path) -> None:
        """Write the file, the same for the same results."""
        raw = {
            "model": self.model,
            "date": self.date,
            "commit": self.commit,
            "repeat": self.repeat,
            "cases": {name: _plain(each) for name, each in self.cases.items()},
        }
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{json.dumps(raw, indent=1, ensure_ascii=False)}\n", "utf-8")

    def says_the_same_as(self, other: Results) -> bool:
        """Return whether both differ in nothing but when they were made and how long the answers took."""
        return (self.model, self.repeat, _untimed(self)) == (other.model, other.repeat, _untimed(other))


@dataclass(frozen=True, slots=True)
class Comparison:
    """The names of the cases that hold no longer, and of those that hold now and did not."""

    worse: tuple[str, ...] = ()
    better: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = [
            f"{len(names)} {word}: {', '.join(names)}"
            for word, names in (("worse", self.worse), ("better", self.better))
            if names
        ]
        return "; ".join(told) or "nothing worse, nothing better"


def result_of(case: Case, verdicts: Sequence[Verdict]) -> CaseResult:
    """Return what the runs of a case come to."""
    faults = dict.fromkeys(fault for verdict in verdicts for fault in verdict.faults)
    turns = [
        {
            "ended": exchange.answer.ending == "finish",
            "seconds": exchange.answer.seconds,
            "input": exchange.answer.input_tokens,
            "output": exchange.answer.output_tokens,
            "cached": exchange.answer.cached_tokens,
        }
        for exchange in verdicts[-1].exchanges
    ]
    passed = sum(not verdict.faults for verdict in verdicts)
    return CaseResult(
        case.kind, case.language, passed, len(verdicts), [_without_ports(each) for each in faults], turns
    )


def compare(kept: Results | None, found: Mapping[str, CaseResult]) -> Comparison:
    """Return what has changed in the cases that both have."""
    before = kept.cases if kept else {}
    both = [name for name in found if name in before]
    return Comparison(
        tuple(name for name in both if before[name].holds and not found[name].holds),
        tuple(name for name in both if found[name].holds and not before[name].holds),
    )


def file_of(model: str, folder: Path = FOLDER) -> Path:
    """Return where a model's results are kept."""
    return folder / f"{re.sub(r'[^a-z0-9.-]+', '-', model.lower()).strip('-.') or 'model'}.json"


def all_kept(folder: Path = FOLDER) -> list[Results]:
    """Return the kept results of all models, the demo's assistant first."""
    paths: Iterable[Path] = (path for path in sorted(folder.glob("*.json")) if not path.name.endswith(WORSE))
    found = [results for path in paths if (results := Results.read(path))]
    return sorted(found, key=lambda results: results.model != "demo")


def now() -> tuple[str, str]:
    """Return today's date and the commit that is checked out."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=FOLDER.parent
    )
    return datetime.now(UTC).date().isoformat(), commit.stdout.strip()


def _untimed(results: Results) -> list[tuple[str, CaseResult]]:
    return [
        (name, replace(each, turns=[{**turn, "seconds": 0.0} for turn in each.turns]))
        for name, each in results.cases.items()
    ]


def _plain(result: CaseResult) -> dict[str, Any]:
    return {name: getattr(result, name) for name in ("kind", "language", "passed", "of", "faults", "turns")}


def _without_ports(fault: str) -> str:
    """Return the fault without what is different in every run."""
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1", fault)
