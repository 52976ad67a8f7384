"""Another process follows the turns of this one, through the real database and, in the second column, Redis."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.conftest import Answer, Visitor, events, text_of
from tests.logs import follow, read, settle
from tests.scripted import Scripted
from widget_api.api.services import Services
from widget_api.config import Config
from widget_api.models import Turn, connected
from widget_api.streams.base import LogMissing, Position
from widget_api.streams.shared import SharedStreamLog, build
from widget_api.turns.written import WrittenLog


@pytest.fixture
def elsewhere(config: Config, anna: Visitor) -> Iterator[SharedStreamLog]:
    """The log of a process that runs no turns."""
    assert anna.session
    log = build(config.redis_url, WrittenLog())
    yield log
    log.shutdown()


def newest() -> str:
    with connected():
        return str(Turn.select().order_by(Turn.created_at.desc()).get().id)


def words(stream: bytes) -> str:
    return text_of(events(stream))


def begun(anna: Visitor, model: Scripted, *lines: str | threading.Event) -> Answer:
    model.will(*lines)
    running = anna.send("count")
    assert model.streaming.wait(30)
    return running


def test_a_running_turn_is_followed_elsewhere(anna: Visitor, model: Scripted, elsewhere: SharedStreamLog) -> None:
    gate = threading.Event()
    running = begun(anna, model, "one ", "two ", gate, "three")
    follower = follow(elsewhere, newest())
    gate.set()
    there, here = read(follower), running.data
    assert follower.whole
    assert events(there) == events(here)
    assert words(there) == "one two three"


def test_a_reader_who_was_here_goes_on_elsewhere(anna: Visitor, model: Scripted, elsewhere: SharedStreamLog) -> None:
    gate = threading.Event()
    running = begun(anna, model, "one ", "two ", gate, "three")
    turn = newest()
    first = follow(elsewhere, turn)
    seen = next(iter(first))
    while "two" not in words(seen):
        seen += next(iter(first))
    at = Position.parse(events(seen)[-1]["at"])
    again = follow(elsewhere, turn, at)
    gate.set()
    assert events(seen) + events(read(again)) == events(running.data)


def test_a_turn_that_has_ended_a_moment_ago_is_served_elsewhere(anna: Visitor, elsewhere: SharedStreamLog) -> None:
    said = anna.says("hello")
    turn = newest()
    follower = follow(elsewhere, turn)
    assert events(read(follower)) == said
    assert follower.whole
    last = Position.parse(said[-1]["at"])
    assert last
    assert elsewhere.tells(turn, Position(last.attempt, last.seq - 1))
    assert not elsewhere.tells(turn, last)


def test_of_a_turn_that_is_forgotten_nothing_is_served_elsewhere(
    anna: Visitor, services: Services, elsewhere: SharedStreamLog
) -> None:
    anna.says("hello")
    turn = newest()
    assert anna.request("DELETE", "/api/session").status_code == 204
    settle(services.log)
    with pytest.raises(LogMissing):
        follow(elsewhere, turn)
    assert not elsewhere.tells(turn, None)
