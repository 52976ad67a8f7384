"""Stop ends the answer from anywhere and keeps what was said."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tests.conftest import Answer, Visitor, chat_body, events, text_of
from tests.scripted import Scripted, call
from widget_api.api.services import Services
from widget_api.limits import Limits
from widget_api.models import PendingStop, Turn, connected, transaction
from widget_api.shopify.tools import Outcome, Toolbox
from widget_api.turns.stops import MOST_PENDING, delete_expired_stops


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
    assert [event["type"] for event in anna.says("talk")] == ["start", "abort"]
    assert anna.messages()[-1]["metadata"]["status"] == "stopped"


def test_an_answer_that_takes_too_long_is_ended_in_words(anna: Visitor, model: Scripted, services: Services) -> None:
    model.will("so far ", threading.Event(), "never")
    running = anna.send("talk")
    assert model.streaming.wait(10)
    (job,) = services.engine.jobs
    job.writer.silence._heard = float("-inf")
    said = events(running.data)
    assert json.loads(said[-1]["errorText"])["code"] == "answer-too-long"
    answer = anna.messages()[-1]
    assert (text_of(answer["parts"]), answer["metadata"]["status"]) == ("so far ", "failed")


# A stop that names the question


def stop(visitor: Visitor, message: str = "m1", **wanted: Any) -> Answer:
    return visitor.post(f"/api/chat/{visitor.conversation}/stop", json={"message_id": message, **wanted})


def remembered() -> int:
    with connected():
        return int(PendingStop.select().count())


def test_a_stop_that_overtakes_its_question_stops_it_when_it_arrives(anna: Visitor, model: Scripted) -> None:
    model.will("never said")
    assert stop(anna).json == {"status": "stopped"}
    assert [event["type"] for event in anna.says("talk", id="m1")] == ["start", "abort"]
    question, answer = anna.messages()
    assert (question["id"], text_of(question["parts"])) == ("m1", "talk")
    assert (answer["parts"], answer["metadata"]["status"]) == ([], "stopped")
    assert (model.requests, remembered()) == ([], 0)
    assert text_of(anna.says("again")) == "never said"


def test_a_stop_that_overtakes_its_question_leaves_the_answer_before_alone(anna: Visitor, model: Scripted) -> None:
    gate = threading.Event()
    model.will("half ", gate, "and half")
    running = anna.send("first", id="m1")
    assert model.streaming.wait(10)
    assert stop(anna, "m2").json == {"status": "stopped"}
    gate.set()
    assert text_of(events(running.data)) == "half and half"
    assert events(anna.send("second", id="m2").data)[-1]["type"] == "abort"
    assert [message["metadata"]["status"] for message in anna.messages()[1::2]] == ["complete", "stopped"]


def test_a_stop_is_kept_for_a_question_that_is_refused_at_first(anna: Visitor, model: Scripted) -> None:
    model.will("half ", threading.Event())
    running = anna.send("first", id="m1")
    assert model.streaming.wait(10)
    stop(anna, "m2")
    assert anna.send("second", id="m2").status_code == 409
    assert stop(anna, "m1").json == {"status": "stopped"}
    assert running.data
    assert events(anna.send("second", id="m2").data)[-1]["type"] == "abort"


def test_a_question_that_is_repeated_after_its_stop_tells_the_same_end(anna: Visitor) -> None:
    stop(anna)
    first, second = (anna.says("talk", id="m1") for _ in range(2))
    assert [event["type"] for event in first] == [event["type"] for event in second] == ["start", "abort"]
    assert len(anna.messages()) == 2


def test_the_stop_of_an_answer_that_has_ended_changes_nothing(anna: Visitor, model: Scripted) -> None:
    anna.says("first", id="m1")
    gate = threading.Event()
    model.will("half ", gate, "and half")
    running = anna.send("second", id="m2")
    assert model.streaming.wait(10)
    for _ in range(2):
        assert stop(anna, "m1").json == {"status": "complete"}
    gate.set()
    assert text_of(events(running.data)) == "half and half"
    assert stop(anna, "m2").json == {"status": "complete"}
    assert remembered() == 0


def test_a_stop_names_the_version_of_the_answer_that_is_still_to_come(anna: Visitor, model: Scripted) -> None:
    anna.says("first", id="m1")
    assert stop(anna, version=2).json == {"status": "stopped"}
    assert anna.regenerate().text.count('"type":"abort"') == 1
    assert stop(anna, version=1).json == {"status": "complete"}
    assert stop(anna, version=3).json == {"status": "stopped"}
    reworded = chat_body(anna.conversation, "in other words", id="m1") | {"messageId": "m1"}
    assert events(anna.post("/api/chat", json=reworded).data)[-1]["type"] == "abort"
    question, answer = anna.messages()
    assert text_of(question["parts"]) == "in other words"
    assert (answer["metadata"]["version"], answer["metadata"]["status"]) == (3, "stopped")
    assert len(model.requests) == 1


def test_an_answer_that_was_taken_back_is_not_stopped_again(anna: Visitor, model: Scripted) -> None:
    anna.says("first", id="m1")
    gate = threading.Event()
    model.will("another ", gate, "one")
    running = anna.regenerate()
    assert model.streaming.wait(10)
    assert stop(anna, version=1).json == {"status": "complete"}
    gate.set()
    assert text_of(events(running.data)) == "another one"


@pytest.mark.parametrize("name", ["ben", "cleo"])
def test_a_stop_for_a_message_of_the_same_name_is_for_ones_own(
    anna: Visitor, name: str, request: pytest.FixtureRequest
) -> None:
    other: Visitor = request.getfixturevalue(name)
    other.conversation = anna.conversation
    assert stop(other).json == {"status": "stopped"}
    assert text_of(anna.says("talk", id="m1")) == "You said: talk"
    assert stop(anna).json == {"status": "complete"}
    assert other.says("talk", id="m1")[-1]["type"] == "abort"


def test_a_stop_is_for_the_conversation_that_it_names(anna: Visitor) -> None:
    stop(anna)
    first, anna.conversation = anna.conversation, "another"
    assert text_of(anna.says("talk", id="m1")) == "You said: talk"
    anna.conversation = first
    assert (stop(anna).status_code, stop(anna).json["code"]) == (404, "message-not-found")


def test_an_answers_id_names_no_question(anna: Visitor) -> None:
    anna.says("talk")
    refused = stop(anna, anna.messages()[-1]["id"])
    assert (refused.status_code, refused.json["code"]) == (404, "message-not-found")


def test_a_deleted_conversation_takes_no_stop(anna: Visitor) -> None:
    anna.says("talk", id="m1")
    anna.request("DELETE", f"/api/conversations/{anna.conversation}")
    for message in ("m1", "m2"):
        assert stop(anna, message).status_code == 404
    assert remembered() == 0


def test_a_session_remembers_few_stops_and_the_newest_of_them(anna: Visitor, ben: Visitor) -> None:
    stop(ben, "m0")
    for number in range(MOST_PENDING + 3):
        stop(anna, f"m{number}")
        stop(anna, "m0")  # again: it is the newest once more
    assert remembered() == MOST_PENDING + 1
    assert text_of(anna.says("talk", id="m3")) == "You said: talk"
    for message in ("m0", f"m{MOST_PENDING + 2}"):
        assert anna.says("talk", id=message)[-1]["type"] == "abort"


def test_stops_that_must_be_remembered_are_limited_and_cost_no_message_its_place(
    anna: Visitor, services: Services, model: Scripted
) -> None:
    services.limits = Limits.parse("messages=2 per hour")
    assert [stop(anna, f"m{number}").status_code for number in range(3)] == [200, 200, 429]
    model.will("half ", threading.Event())
    running = anna.send("talk", id="m9")
    assert model.streaming.wait(10)
    assert stop(anna, "m9").json == {"status": "stopped"}, "what runs can always be stopped"
    assert events(running.data)[-1]["type"] == "abort"
    assert anna.says("talk", id="m0")[-1]["type"] == "abort"


def test_a_stop_expires_and_is_swept_away(anna: Visitor, ben: Visitor) -> None:
    stop(anna)
    with transaction():
        PendingStop.update(expires_at=1).execute()
    stop(ben)
    assert text_of(anna.says("talk", id="m1")) == "You said: talk"
    delete_expired_stops()
    assert remembered() == 1


def test_who_is_forgotten_leaves_no_stop(anna: Visitor) -> None:
    stop(anna)
    assert anna.request("DELETE", "/api/session").status_code == 204
    assert (remembered(), stop(anna).status_code) == (0, 401)


@pytest.mark.parametrize(
    "body",
    [
        {"message_id": ""},
        {"message_id": "a b"},
        {"message_id": "x" * 65},
        {"message_id": 7},
        {"message_id": "m1", "version": 0},
        {"message_id": "m1", "version": 10**9},
        {"message_id": "m1", "version": True},
        {"version": 2},
        {"message": "m1"},
        [],
        "m1",
    ],
    ids=str,
)
def test_a_stop_that_cannot_be_understood_is_refused_in_words(anna: Visitor, body: Any) -> None:
    refused = anna.post(f"/api/chat/{anna.conversation}/stop", json=body)
    assert (refused.status_code, refused.json["code"], remembered()) == (422, "invalid-body", 0)
    assert refused.json["detail"]


@pytest.mark.parametrize("body", [None, b"", b"{}"], ids=str)
def test_a_stop_without_a_name_is_for_the_newest_answer(anna: Visitor, body: bytes | None) -> None:
    path = f"/api/chat/{anna.conversation}/stop"
    assert anna.post(path, data=body, content_type="application/json").status_code == 404
    anna.says("talk")
    assert anna.post(path, data=body, content_type="application/json").json == {"status": "complete"}
