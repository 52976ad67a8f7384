"""Stop ends the answer from anywhere and keeps what was said."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tests.conftest import Visitor, events, text_of
from tests.scripted import Scripted, call
from widget_api.api.services import Services
from widget_api.models import Turn, transaction
from widget_api.shopify.tools import Outcome, Toolbox


def test_the_partial_answer_is_kept_and_nothing_comes_after(anna: Visitor, model: Scripted) -> None:
    model.will("kept ", threading.Event(), "never said")
    running = anna.send("talk")
    assert model.streaming.wait(10)
    assert anna.post(f"/api/chat/{anna.conversation}/stop").json == {"status": "stopped"}
    said = events(running.data)
    assert text_of(said) == "kept "
    assert [event["type"] for event in said[-3:]] == ["text-end", "finish-step", "abort"]
    answer = anna.messages()[-1]
    assert (text_of(answer["parts"]), answer["metadata"]["status"]) == ("kept ", "stopped")
    assert answer["parts"][-1]["state"] == "done"


def test_stop_is_idempotent_and_says_how_the_answer_ended(anna: Visitor) -> None:
    anna.says("hello")
    for _ in range(2):
        assert anna.post(f"/api/chat/{anna.conversation}/stop").json == {"status": "complete"}


def test_a_stop_before_the_first_word_leaves_an_empty_answer(anna: Visitor, model: Scripted) -> None:
    model.will(threading.Event(), "never said")
    running = anna.send("talk")
    assert model.streaming.wait(10)
    anna.post(f"/api/chat/{anna.conversation}/stop")
    assert events(running.data)[-1]["type"] == "abort"
    assert text_of(anna.messages()[-1]["parts"]) == ""


def test_the_next_message_works_after_a_stop(anna: Visitor, model: Scripted) -> None:
    model.will("half ", threading.Event())
    running = anna.send("talk")
    assert model.streaming.wait(10)
    anna.post(f"/api/chat/{anna.conversation}/stop")
    assert running.data
    assert text_of(anna.says("again")) == "You said: again"


def test_a_shopper_cannot_stop_anothers_answer(anna: Visitor, ben: Visitor, model: Scripted) -> None:
    gate = threading.Event()
    model.will(gate, "whole")
    running = anna.send("talk")
    assert ben.post(f"/api/chat/{anna.conversation}/stop").status_code == 404
    gate.set()
    assert "whole" in running.text


def test_leaving_is_not_stopping(anna: Visitor, model: Scripted) -> None:
    gate = threading.Event()
    model.will("one ", gate, "two")
    running = anna.send("talk")
    assert model.streaming.wait(10)
    running.close()
    resumed = anna.get(f"/api/chat/{anna.conversation}/stream")
    gate.set()
    assert text_of(events(resumed.data)) == "one two"
    assert text_of(anna.messages()[-1]["parts"]) == "one two"


def test_deleting_the_conversation_stops_its_answer(anna: Visitor, model: Scripted) -> None:
    model.will("half ", threading.Event(), "never")
    running = anna.send("talk")
    assert model.streaming.wait(10)
    assert anna.request("DELETE", f"/api/conversations/{anna.conversation}").status_code == 204
    assert events(running.data)[-1]["type"] == "abort"


def test_an_answer_that_waits_for_the_shop_is_stopped_without_waiting_for_it(
    anna: Visitor, model: Scripted, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, gate = threading.Event(), threading.Event()

    def slow_shop(*_: object) -> Outcome:
        asked.set()
        gate.wait(30)
        return Outcome({"products": []})

    monkeypatch.setattr(Toolbox, "run", slow_shop)
    model.will("Let me look. ", call("search_catalog", {"query": "hats"}))
    running = anna.send("hats?")
    assert asked.wait(10)
    assert anna.post(f"/api/chat/{anna.conversation}/stop").json == {"status": "stopped"}
    assert events(running.data)[-1]["type"] == "abort"
    text, tool = [part for part in anna.messages()[-1]["parts"] if part["type"] != "step-start"]
    assert (text["text"], tool["state"]) == ("Let me look. ", "output-error")
    gate.set()
    while list(services.engine.jobs):
        pass
    assert anna.messages()[-1]["metadata"]["status"] == "stopped"


def test_a_turn_that_is_ended_for_its_thread_while_the_thread_comes_back_ends_once(
    anna: Visitor, model: Scripted, services: Services
) -> None:
    model.will("so far ", threading.Event())
    running = anna.send("talk")
    assert model.streaming.wait(10)
    (job,) = services.engine.jobs
    job.writer.close_parts()
    job.writer.end({"type": "abort"})
    anna.post(f"/api/chat/{anna.conversation}/stop")
    kinds = [event["type"] for event in events(running.data)]
    assert kinds[-3:] == ["text-end", "finish-step", "abort"]
    assert (kinds.count("text-end"), kinds.count("abort")) == (1, 1)


def test_a_stop_that_comes_before_the_first_breath_is_heard(
    anna: Visitor, model: Scripted, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = services.engine.jobs.begin

    def begin_stopped(*job: Any) -> None:
        with transaction():
            Turn.update(stop_requested=True).execute()
        begin(*job)

    model.will("never said")
    monkeypatch.setattr(services.engine.jobs, "begin", begin_stopped)
    assert [event["type"] for event in anna.says("talk")] == ["abort"]
    assert anna.messages()[-1]["metadata"]["status"] == "stopped"


def test_an_answer_that_takes_too_long_is_ended_in_words(anna: Visitor, model: Scripted, services: Services) -> None:
    model.will("so far ", threading.Event(), "never")
    running = anna.send("talk")
    assert model.streaming.wait(10)
    (job,) = services.engine.jobs
    job.deadline = 0
    said = events(running.data)
    assert json.loads(said[-1]["errorText"])["code"] == "answer-too-long"
    answer = anna.messages()[-1]
    assert (text_of(answer["parts"]), answer["metadata"]["status"]) == ("so far ", "failed")
