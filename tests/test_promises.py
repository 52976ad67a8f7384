"""`docs/promises.md` says what was promised and tried: the page, the code and the last full run do not part ways."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.chaos import results
from tests.chaos.page import render
from tests.chaos.promises import FIGURES, KINDS, PROMISES
from tests.chaos.scenarios import SCENARIOS, Scenario
from tests.live import ROOT

TRIED = [(scenario, column) for scenario in SCENARIOS for column in scenario.columns]
AGAIN = "the page and the code have parted ways: run `make chaos`"


def test_the_page_is_what_the_last_run_and_the_code_make_of_it() -> None:
    assert results.PAGE.read_text() == render(results.kept()), AGAIN


@pytest.mark.parametrize(("scenario", "column"), TRIED, ids=lambda each: getattr(each, "name", each))
def test_every_scenario_was_tried_as_often_as_it_says(scenario: Scenario, column: str) -> None:
    found = [each for each in results.kept() if (each.scenario, each.column) == (scenario.name, column)]
    assert len(found) == 1, AGAIN
    assert set(found[0].done) == set(scenario.acts), AGAIN
    assert all(times >= scenario.times for times in found[0].done.values()), AGAIN
    assert found[0].accepted


def test_every_promise_was_kept() -> None:
    assert not [str(outcome) for outcome in results.kept() if not outcome.kept]


def test_nothing_is_recorded_that_the_code_does_not_know() -> None:
    assert {(each.scenario, each.column) for each in results.kept()} <= {
        (each.name, column) for each, column in TRIED
    }


def test_every_promise_stands_on_the_page_with_its_number() -> None:
    headings = re.findall(r"^## (\d+)\. (.+)$", results.PAGE.read_text(), re.MULTILINE)
    assert headings == [(str(number), promise.says) for number, promise in enumerate(PROMISES, 1)]


def test_every_scenario_and_every_kind_of_fault_counts_for_a_promise() -> None:
    assert {name for promise in PROMISES for name in promise.scenarios} == {each.name for each in SCENARIOS}
    assert {kind for promise in PROMISES for kind in promise.counts} == set(KINDS)
    assert {figure for promise in PROMISES for figure in promise.figures} == set(FIGURES)
    assert max(Counter(promise.says for promise in PROMISES).values()) == 1


def test_what_holds_a_promise_is_there() -> None:
    for promise in PROMISES:
        assert promise.scenarios or promise.held
        for path in promise.held:
            assert (ROOT / path).exists(), path


def test_the_page_has_no_dates_and_no_paths_of_a_machine() -> None:
    page = results.PAGE.read_text()
    assert not re.search(r"\b20\d\d-\d\d|/tmp|/home|/work", page)
