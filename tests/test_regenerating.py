"""Another answer replaces the newest one; the earlier one leaves the history."""

from __future__ import annotations

import threading

from tests.conftest import Visitor, events, text_of
from tests.scripted import Scripted
from widget_api.models import Message, connected
from widget_api.problems import ModelUnavailable


def test_the_new_answer_takes_the_old_ones_place(anna: Visitor, model: Scripted) -> None:
    model.will("first")
    old = anna.says("hello")
    model.will("second")
    new = events(anna.regenerate(old[0]["messageId"]).data)
    question, answer = anna.messages()
    assert text_of(question["parts"]) == "hello"
    assert (answer["id"], text_of(answer["parts"])) == (new[0]["messageId"], "second")
    with connected():
        assert Message.select().where(Message.replaced).count() == 1


def test_the_model_does_not_see_the_answer_that_is_replaced(anna: Visitor, model: Scripted) -> None:
    model.will("a wrong answer")
    anna.says("hello")
    assert anna.regenerate().data
    assert "a wrong answer" not in str(model.requests[-1].messages)


def test_a_repeated_request_attaches_to_the_turn_that_replaces_it(anna: Visitor, model: Scripted) -> None:
    model.will("first")
    old = anna.says("hello")[0]["messageId"]
    model.will("second")
    one = events(anna.regenerate(old).data)
    two = events(anna.regenerate(old).data)
    assert one == two
    assert len(model.requests) == 2


def test_a_failed_answer_can_be_asked_for_again(anna: Visitor, model: Scripted) -> None:
    model.will(ModelUnavailable("Please try again."))
    failed = anna.says("hello")
    assert failed[-1]["type"] == "error"
    assert text_of(events(anna.regenerate().data)) == "You said: hello"
    assert [m["metadata"]["status"] for m in anna.messages()] == ["complete", "complete"]


def test_only_the_newest_answer_can_be_replaced(anna: Visitor) -> None:
    first = anna.says("one")[0]["messageId"]
    anna.says("two")
    assert anna.regenerate(first).status_code == 404
    assert len(anna.messages()) == 4


def test_nothing_can_be_replaced_before_there_is_an_answer(anna: Visitor) -> None:
    assert anna.regenerate().status_code == 404


def test_a_running_answer_is_not_replaced(anna: Visitor, model: Scripted) -> None:
    gate = threading.Event()
    model.will(gate, "done")
    running = anna.send("one")
    assert anna.regenerate().status_code == 409
    gate.set()
    assert running.data
