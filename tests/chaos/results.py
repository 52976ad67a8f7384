"""The outcomes of the last full run, kept beside the code, and the page that is written from them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tests.chaos.helper import ROOT
from tests.chaos.outcome import Outcome
from tests.chaos.page import render
from tests.chaos.scenarios import SCENARIOS

FILE = Path(__file__).with_name("results.json")
PAGE = ROOT / "docs" / "promises.md"


def kept() -> list[Outcome]:
    """What was recorded."""
    return [Outcome(**each) for each in json.loads(FILE.read_text())] if FILE.exists() else []


def record(outcomes: Iterable[Outcome]) -> None:
    """Keep these in place of earlier ones of the same scenarios, and write the page."""
    known = {(each.scenario, each.column): each for each in (*kept(), *outcomes)}
    both = [
        known[key]
        for scenario in SCENARIOS
        for column in scenario.columns
        if (key := (scenario.name, column)) in known
    ]
    FILE.write_text(json.dumps([_kept(each) for each in both], indent=1) + "\n")
    PAGE.write_text(render(both))


def _kept(outcome: Outcome) -> dict[str, object]:
    """Without what is true only on the machine and the day it was played."""
    return {name: value for name, value in outcome.to_dict().items() if name not in {"examples", "seconds"}}
