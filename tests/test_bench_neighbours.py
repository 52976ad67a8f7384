"""The neighbours bench: a tiny run yields every figure, and its page marks what misses a target."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.neighbours import page
from bench.neighbours.__main__ import measure
from bench.neighbours.readings import Reading, Readings
from bench.neighbours.site import running_site
from bench.targets import Ours
from tests.servers import require

pytestmark = pytest.mark.xdist_group("deploy")


def test_shoppers_are_served_and_timed_while_a_visitor_attacks(tmp_path: Path) -> None:
    require("nginx", "openssl", "curl")
    with running_site(Ours.name, tmp_path) as site:
        quiet, during = measure(site, "marks", seconds=4, shoppers=2)
    for reading in (quiet, during):
        assert reading.errors == []
        assert reading.first_event
        assert len(reading.history) == len(reading.first_event)
        assert reading.health
        assert 20 < reading.megabytes[0] < 1000
    assert during.answers["422"] > 0
    assert not quiet.answers


def reading(*milliseconds: float, errors: int = 0, megabytes: float = 90) -> Reading:
    seconds = [each / 1000 for each in milliseconds]
    return Reading(seconds, seconds, seconds, ["refused"] * errors, [megabytes], {"429": 7})


def test_the_page_compares_each_attack_with_the_quiet_run_before_it() -> None:
    readings = Readings(["2 cores"])
    readings.add(Ours.name, "marks", reading(100, 100), reading(110, 150))
    row = next(line for line in page.text(readings).splitlines() if line.startswith("| marks"))
    assert row == ("| marks | 150 ms | 100 ms | 1.5 | 150 ms | 100 ms | 1.5 | 150 ms | 0 | 90 MB | 429: 7 |")


def test_the_page_marks_each_figure_that_misses_its_target() -> None:
    cells = page.cells(reading(100), reading(1100, errors=2, megabytes=401))
    assert cells == [
        "1100 ms",
        "100 ms",
        "**11.0**",
        "1100 ms",
        "100 ms",
        "**11.0**",
        "**1100 ms**",
        "**2**",
        "**401 MB**",
        "429: 7",
    ]
    assert "**not measured**" in page.cells(reading(100), Reading([], [], [], [], [90]))


def test_readings_are_the_same_after_they_were_saved(tmp_path: Path) -> None:
    readings = Readings(["2 cores"])
    readings.add(Ours.name, "fat", reading(1), reading(2.5))
    readings.save(tmp_path / "readings.json")
    assert Readings.read(tmp_path / "readings.json") == readings
