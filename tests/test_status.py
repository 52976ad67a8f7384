"""A shopper who waits is told why: what the tools do, who comes first, and that the model still thinks."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.conftest import Visitor, events, text_of
from tests.scripted import Scripted
from widget_api.api.services import Services
from widget_api.turns import writer
from widget_api.turns.writer import Writer, queue_text


def the_writer(services: Services) -> Writer:
    (job,) = services.engine.jobs
    return job.writer


def remind(services: Services) -> None:
    services.engine._keeper._remind()


def hear(anna: Visitor, gate: threading.Event) -> tuple[list[Any], str]:
    """Have the model go on. Returns the statuses that were told, and the words of the answer."""
    gate.set()
    said = events(anna.get(f"/api/chat/{anna.conversation}/stream").data)
    assert all(each["transient"] for each in said if each["type"] == "data-status")
    return [each["data"] for each in said if each["type"] == "data-status"], text_of(said)


@pytest.fixture
def gate(anna: Visitor, model: Scripted) -> threading.Event:
    """The model is asked, and is silent until then."""
    gate = threading.Event()
    model.will(gate, "Yes.")
    anna.send("hats?").close()
    assert model.streaming.wait(10)
    return gate


def test_a_long_silence_is_explained_once(
    anna: Visitor, services: Services, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    remind(services)
    monkeypatch.setattr(writer, "QUIET_SECONDS", -1)
    remind(services)
    remind(services)
    assert hear(anna, gate) == ([{"text": "Still thinking", "code": "thinking"}], "Yes.")
    assert [part["type"] for part in anna.messages()[-1]["parts"]] == ["step-start", "text"]


def test_another_silence_is_explained_again(
    anna: Visitor, services: Services, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "QUIET_SECONDS", -1)
    remind(services)
    the_writer(services).status("Searching the catalogue", "search_catalog")
    remind(services)
    told, _ = hear(anna, gate)
    assert [each["code"] for each in told] == ["thinking", "search_catalog", "thinking"]


def test_who_waits_for_others_is_not_told_that_the_model_thinks(
    anna: Visitor, services: Services, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "QUIET_SECONDS", -1)
    the_writer(services).waiting(2)
    remind(services)
    the_writer(services).waiting(0)
    remind(services)
    told, _ = hear(anna, gate)
    assert told[0] == {"text": "2 shoppers before you", "code": "queued", "ahead": 2}
    assert [(each["code"], each.get("ahead")) for each in told[1:]] == [("queued", 0), ("thinking", None)]


@pytest.mark.parametrize(
    ("ahead", "text"), [(0, "You are next"), (1, "1 shopper before you"), (3, "3 shoppers before you")]
)
def test_the_queue_is_told_in_words(ahead: int, text: str) -> None:
    assert queue_text(ahead) == text
