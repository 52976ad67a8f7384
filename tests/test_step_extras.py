"""A step's opaque state is kept with its turn: for later steps, later turns, other workers, and nobody else."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Visitor, events
from tests.scripted import Scripted, call
from tests.test_recovering import gone, leave_behind, whole
from tests.test_sharing import link, opened
from widget_api.api.services import Services
from widget_api.llm.base import Assistant, Extra, Request, Sink, Step, Usage
from widget_api.models import Conversation, Message, StepExtra, Turn, connected, rows, transaction
from widget_api.shopify.tools import Outcome, Toolbox
from widget_api.turns import extras, recovery

SECRET = "canary-signature"


class Signing(Scripted):
    """A scripted model that signs each of its steps."""

    def __init__(self, sign: Callable[[int], dict[str, Any]] = lambda number: {"sig": f"{SECRET}-{number}"}) -> None:
        super().__init__()
        self._sign = sign

    def stream(self, request: Request, into: Sink) -> Step:
        step = super().stream(request, into)
        extra = Extra("signing", self._sign(len(self.requests)))
        return Step(step.finish_reason, step.calls, step.usage, step.model, extra)


@pytest.fixture
def model() -> Signing:
    return Signing()


@pytest.fixture(autouse=True)
def shop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Toolbox, "run", lambda *_: Outcome({"products": []}))


def signed(request: Request) -> list[Any]:
    return [entry.extra and entry.extra.data for entry in request.messages if isinstance(entry, Assistant)]


def kept() -> list[tuple[int, str, Any]]:
    with connected():
        return [(row.step, row.model, row.data) for row in StepExtra.select().order_by(StepExtra.step)]


def searched(anna: Visitor, model: Signing, text: str = "hats?") -> list[dict[str, Any]]:
    model.will("Let me look. ", call("search_catalog", {"query": "hats"}))
    model.will("Here they are.")
    return anna.says(text)


def test_the_next_step_and_the_next_turn_have_it(anna: Visitor, model: Signing) -> None:
    searched(anna, model)
    anna.says("thanks")
    one, two = {"sig": f"{SECRET}-1"}, {"sig": f"{SECRET}-2"}
    assert [signed(request) for request in model.requests] == [[], [one], [one, two]]
    assert [data for _, _, data in kept()].count(one) == 1


def test_it_is_written_with_the_calls_and_another_worker_has_it(
    anna: Visitor, model: Signing, services: Services
) -> None:
    model.will("Let me look. ", call("search_catalog", {"query": "hats"}))
    model.will("I have ", threading.Event())
    anna.send("hats?").close()
    assert model.streaming.wait(10)
    assert kept() == [(1, "signing", {"sig": f"{SECRET}-1"})]
    leave_behind(services, gone())
    model.will("Here they are.")
    assert whole(anna) == ("Let me look. Here they are.", "complete")
    assert signed(model.requests[-1]) == [{"sig": f"{SECRET}-1"}]


def test_a_worker_that_goes_on_with_the_calls_has_it_for_them(
    anna: Visitor, model: Signing, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    halted, gate = threading.Event(), threading.Event()

    def halt(*_: object) -> Outcome:
        halted.set()
        gate.wait(30)
        return Outcome({"late": True})

    monkeypatch.setattr(Toolbox, "run", halt)
    model.will(call("search_catalog", {"query": "hats"}))
    anna.send("hats?").close()
    assert halted.wait(10)
    leave_behind(services, gone())
    monkeypatch.setattr(Toolbox, "run", lambda *_: Outcome({"products": []}))
    model.will("Here they are.")
    assert whole(anna)[1] == "complete"
    gate.set()
    assert signed(model.requests[-1]) == [{"sig": f"{SECRET}-1"}]


def test_nobody_is_shown_it(anna: Visitor, model: Signing, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        said = searched(anna, model)
    conversation = f"/api/conversations/{anna.conversation}"
    shown = [json.dumps(said), json.dumps(anna.messages()), caplog.text]
    shown += [anna.get(f"{conversation}/export?format={kind}").text for kind in ("json", "markdown")]
    shown.append(opened(anna, link(anna)).text)
    assert not [each for each in shown if SECRET in each]
    assert kept()


def test_it_goes_with_its_conversation(anna: Visitor, model: Signing) -> None:
    searched(anna, model)
    assert kept()
    assert anna.request("DELETE", f"/api/conversations/{anna.conversation}").status_code == 204
    with transaction():
        Conversation.update(deleted_at=1).execute()
    recovery.purge()
    assert kept() == []


def test_it_goes_with_its_session(anna: Visitor, model: Signing) -> None:
    searched(anna, model)
    assert anna.request("DELETE", "/api/session").status_code == 204
    assert kept() == []


def test_a_turn_keeps_only_so_much(
    anna: Visitor, caplog: pytest.LogCaptureFixture, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "TURN_BYTES", 250)
    services.shops.model_of_all = model = Signing(lambda _: {"sig": "x" * 100})
    for number in range(3):
        model.will(call("search_catalog", {"query": f"hats {number}"}, f"c{number}"))
    model.will("Here they are.")
    anna.says("hats?")
    assert [bool(each) for each in signed(model.requests[-1])] == [True, True, False]
    assert [step for step, *_ in kept()] == [1, 2]
    assert "250 bytes" in caplog.text


@pytest.mark.parametrize(("size", "is_kept"), [(100, True), (extras.WORDS_BYTES, False)])
def test_an_answer_without_calls_keeps_a_signature_and_no_thoughts(
    anna: Visitor, services: Services, size: int, is_kept: bool
) -> None:
    services.shops.model_of_all = Signing(lambda _: {"sig": "x" * size})
    anna.says("hello")
    assert bool(kept()) is is_kept


def test_earlier_turns_are_read_only_so_far(anna: Visitor, model: Signing, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        searched(anna, model, f"hats {number}?")
    with connected():
        answers = [pk for (pk,) in rows(Message.select(Message.pk).where(Message.role == "assistant"))]
        assert sorted(extras.of_answers(answers)) == sorted(answers)
        monkeypatch.setattr(extras, "HISTORY_BYTES", 60)
        found = extras.of_answers(answers)
    assert list(found) == [max(answers)]
    assert extras.of_answers([]) == {}


def test_cached_tokens_are_counted_over_the_turn(anna: Visitor, services: Services) -> None:
    class Counting(Scripted):
        def stream(self, request: Request, into: Sink) -> Step:
            step = super().stream(request, into)
            return Step(step.finish_reason, step.calls, Usage(100, 5, 90), step.model)

    services.shops.model_of_all = model = Counting()
    model.will(call("search_catalog", {"query": "hats"}))
    model.will("Here they are.")
    assert events(anna.send("hats?").data)
    with connected():
        turn = Turn.select().get()
    assert (turn.input_tokens, turn.output_tokens, turn.cached_tokens) == (200, 10, 180)
