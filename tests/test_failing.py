"""A failed answer ends in words, keeps what was said, and can be tried again."""

from __future__ import annotations

import json

import peewee
import pytest

from tests.conftest import Visitor, events, text_of
from tests.scripted import Ends, Line, Scripted
from widget_api.api.services import Services
from widget_api.llm.base import Assistant, User
from widget_api.models import Turn, transaction
from widget_api.problems import ModelCut, ModelFiltered, ModelRefused, ModelUnavailable
from widget_api.turns.prompt import NO_ANSWER


@pytest.mark.parametrize("problem", [ModelUnavailable("Try later."), ModelRefused(), RuntimeError("a bug")])
def test_the_last_event_is_the_problem_and_the_history_has_it_too(
    anna: Visitor, model: Scripted, problem: Exception
) -> None:
    model.will("so far ", problem)
    said = anna.says("hello")
    assert said[-1]["type"] == "error"
    told = json.loads(said[-1]["errorText"])
    assert {"type", "title", "status", "detail", "code"} <= set(told)
    assert "a bug" not in said[-1]["errorText"]
    answer = anna.messages()[-1]
    assert (answer["metadata"]["status"], answer["metadata"]["error"]) == ("failed", told)
    assert text_of(answer["parts"]) == "so far "


def test_a_step_that_breaks_off_is_taken_back_and_run_again_once(anna: Visitor, model: Scripted) -> None:
    model.will("wrong st", ModelCut())
    model.will("right")
    said = anna.says("hello")
    assert "reset-step" in [event["type"] for event in said]
    assert said[-1]["type"] == "finish"
    assert text_of(anna.messages()[-1]["parts"]) == "right"


def test_a_step_that_breaks_off_twice_fails_with_its_partial_kept(anna: Visitor, model: Scripted) -> None:
    model.will("one ", ModelCut())
    model.will("two ", ModelCut("Please try again."))
    said = anna.says("hello")
    assert json.loads(said[-1]["errorText"])["code"] == "model-cut"
    assert text_of(anna.messages()[-1]["parts"]) == "two "


def test_the_next_message_works_after_a_failure(anna: Visitor, model: Scripted) -> None:
    model.will(ModelRefused())
    anna.says("hello")
    assert text_of(anna.says("again")) == "You said: again"


def test_an_answer_without_a_word_says_so(anna: Visitor, model: Scripted) -> None:
    model.will()
    model.will()
    said = anna.says("hello")
    assert json.loads(said[-1]["errorText"])["code"] == "empty-answer"
    assert anna.messages()[-1]["metadata"]["status"] == "failed"


def test_an_answer_that_the_database_does_not_take_still_ends_for_its_reader_and_is_answered_later(
    anna: Visitor, model: Scripted, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise peewee.OperationalError("database or disk is full")

    monkeypatch.setattr("widget_api.turns.jobs.end", full)
    monkeypatch.setattr("widget_api.turns.journal.PATIENCE_SECONDS", 0)
    model.will("so far")
    said = anna.says("hello")
    assert said[-1]["type"] == "error"
    assert text_of(said) == "so far"
    while list(services.engine.jobs):
        pass
    monkeypatch.undo()
    model.will("at last")
    with transaction():
        Turn.update(lease_until=1).execute()
    assert text_of(events(anna.get(f"/api/chat/{anna.conversation}/stream").data)) in {"so far", "at last"}
    assert anna.messages()[-1]["metadata"]["status"] == "complete"


def test_an_answer_that_a_filter_left_without_a_word_says_so(anna: Visitor, model: Scripted) -> None:
    model.will(Ends("content-filter"))
    said = anna.says("hello")
    assert json.loads(said[-1]["errorText"])["code"] == "answer-refused"


@pytest.mark.parametrize(
    "refused", [[ModelFiltered()], ["so far ", ModelRefused()], ["I must", Ends("content-filter")]]
)
def test_a_question_that_was_refused_is_in_no_later_request(
    anna: Visitor, model: Scripted, refused: list[Line]
) -> None:
    model.will("Hello!")
    anna.says("hello")
    model.will(*refused)
    anna.says("BADWORD")
    anna.says("and socks?")
    assert [entry.text for entry in model.requests[-1].messages if hasattr(entry, "text")] == [
        "hello",
        "Hello!",
        "and socks?",
    ]


def test_a_question_that_was_not_answered_is_followed_by_words(anna: Visitor, model: Scripted) -> None:
    model.will(ModelUnavailable())
    anna.says("hello")
    anna.says("and socks?")
    assert model.requests[-1].messages == (User("hello"), Assistant(NO_ANSWER), User("and socks?"))
