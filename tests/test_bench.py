"""The bench: its programs compile without a warning, a tiny run gives all figures, its page has the promised rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from bench import page
from bench.load import Load, Outcome, Speech
from bench.observer import observing
from bench.programs import Missing, Model, compiled, running_model
from bench.readings import Readings
from bench.search import CLOSE, most
from bench.table import ROWS
from bench.targets import Nginx, Ours, Surroundings
from tests.servers import PostgresServer, RedisServer, require

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with both programs, compiled: a warning is an error."""
    require("gcc")
    folder = tmp_path_factory.mktemp("bench")
    compiled("model", folder)
    compiled("client", folder)
    return folder


@pytest.fixture
def model(programs: Path) -> Iterator[Model]:
    with running_model(programs / "model") as model:
        yield model


@pytest.fixture
def ours(model: Model, tmp_path: Path) -> Iterator[Ours]:
    """The product as the bench serves it; this column needs no other server."""
    target = Ours(_around(model, tmp_path))
    target.start()
    yield target
    target.stop()


def _around(model: Model, folder: Path) -> Surroundings:
    return Surroundings(model, folder, cast(RedisServer, None), cast(PostgresServer, None))


def test_a_tiny_load_yields_complete_figures(programs: Path, ours: Ours, tmp_path: Path) -> None:
    chats = ours.chats([str(Speech(chunks=20))] * 2)
    cpu = ours.cpu()
    outcome = Load(programs / "client", tmp_path).run(ours.port, chats, chunks=20, ramp=20)
    assert (outcome.streams, outcome.chunks, outcome.clean) == (2, 40, True)
    assert outcome.added.count == 40
    assert 0 < outcome.added.p50 <= outcome.added.p99 <= outcome.added.max
    assert (outcome.first.count, outcome.again.count, outcome.resent) == (2, 0, 0)
    assert cpu.seconds > 0


def test_a_client_that_is_cut_comes_back_for_what_is_missing(programs: Path, ours: Ours, tmp_path: Path) -> None:
    chats = ours.chats([str(Speech(chunks=30))] * 2)
    outcome = Load(programs / "client", tmp_path).run(ours.port, chats, chunks=30, drop=10, back=50)
    assert (outcome.chunks, outcome.clean, outcome.resent) == (60, True, 0)
    assert outcome.again.count == 2


def test_the_observer_sees_text_and_commits_in_the_database(programs: Path, ours: Ours, tmp_path: Path) -> None:
    with observing(ours.database_url) as seen:
        Load(programs / "client", tmp_path).run(ours.port, ours.chats([str(Speech(chunks=50))]), chunks=50)
    (told,) = seen
    assert 0 < told.lags["count"] <= 50
    assert sum(told.writes.values()) > 2


def test_the_client_notices_what_is_missing(programs: Path, model: Model, tmp_path: Path) -> None:
    outcome = _asked_directly(programs, model, tmp_path, chunks=5, expected=8)
    assert (outcome.chunks, outcome.lost, outcome.clean) == (5, 3, False)


def test_the_model_says_what_it_is_asked_to(programs: Path, model: Model, tmp_path: Path) -> None:
    assert _asked_directly(programs, model, tmp_path, chunks=5, expected=5).clean
    assert model.served()["chunks"] == 5


def _asked_directly(programs: Path, model: Model, tmp_path: Path, *, chunks: int, expected: int) -> Outcome:
    chats = Nginx(_around(model, tmp_path)).chats([str(Speech(rate=1000, chunks=chunks))])
    return Load(programs / "client", tmp_path).run(model.port, chats, chunks=expected)


def test_without_a_compiler_the_bench_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="install gcc"):
        compiled("model", tmp_path)


@pytest.mark.parametrize("limit", [1, 7, 118, 400, 1599])
@pytest.mark.parametrize("guess", [1, 50, 300, 5000])
def test_the_search_ends_close_below_what_fits(limit: int, guess: int) -> None:
    found = most(lambda streams: streams <= limit, guess, step=1.4, cap=1600)
    assert limit / CLOSE - 1 <= found <= limit


def test_the_search_ends_at_its_cap_when_everything_fits() -> None:
    assert most(lambda _: True, 300, step=1.4, cap=1600) == 1600


def test_the_page_has_exactly_the_promised_rows() -> None:
    section = PAGE.read_text().partition("## What was promised")[2].partition("\n## ")[0]
    lines = [line.split(" | ")[0].removeprefix("| ") for line in section.splitlines() if line.startswith("| ")]
    assert lines[2:] == [row.name for row in ROWS]


def test_a_page_without_readings_says_that_nothing_was_measured() -> None:
    text = page.text(Readings())
    assert text.count("not measured") == 2 * len(ROWS)
