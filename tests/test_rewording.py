"""The newest question can be asked in other words; what was said before stays and can be looked at."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.conftest import Answer, Visitor, chat_body, events, text_of
from tests.scripted import Scripted


def reword(visitor: Visitor, text: str, id: str = "m1") -> Answer:
    """As the AI SDK does it: the message keeps its id, and `messageId` says that it is replaced."""
    return visitor.post("/api/chat", json=chat_body(visitor.conversation, text, id=id) | {"messageId": id})


def texts(visitor: Visitor) -> list[str]:
    return [text_of(message["parts"]) for message in visitor.messages()]


def versions(visitor: Visitor, answer: str = "") -> list[tuple[str, str]]:
    """What was asked and answered, version by version."""
    answer = answer or visitor.messages()[-1]["id"]
    found: list[dict[str, Any]] = visitor.get(f"/api/messages/{answer}/versions").json["versions"]
    return [tuple(text_of(pair[side]["parts"]) for side in ("question", "answer")) for pair in found]  # type: ignore[misc]


def test_the_new_wording_and_its_answer_take_the_places_of_the_old(anna: Visitor, model: Scripted) -> None:
    anna.says("hello")
    anna.says("a hat", id="m1")
    assert text_of(events(reword(anna, "two hats").data)) == "You said: two hats"
    assert texts(anna) == ["hello", "You said: hello", "two hats", "You said: two hats"]
    assert anna.messages()[2]["id"] == "m1"
    assert "a hat" not in str(model.requests[-1].messages)


def test_every_version_is_kept_in_its_order(anna: Visitor, model: Scripted) -> None:
    model.will("one")
    anna.says("a hat", id="m1")
    model.will("two")
    assert anna.regenerate().data
    model.will("three")
    assert reword(anna, "two hats").data
    model.will("four")
    assert reword(anna, "a hat").data
    assert versions(anna) == [("a hat", "one"), ("a hat", "two"), ("two hats", "three"), ("a hat", "four")]
    assert anna.messages()[-1]["metadata"]["version"] == 4
    anna.says("and socks")
    assert versions(anna, anna.messages()[1]["id"])[-1] == ("a hat", "four")
    assert versions(anna) == [("and socks", "You said: and socks")]
    assert "version" not in anna.messages()[-1]["metadata"]


def test_an_earlier_version_leads_to_the_same_versions(anna: Visitor) -> None:
    first = anna.says("a hat", id="m1")[0]["messageId"]
    assert reword(anna, "two hats").data
    assert versions(anna, first) == versions(anna)


def test_a_repeated_request_attaches_to_its_turn(anna: Visitor, model: Scripted) -> None:
    anna.says("a hat", id="m1")
    one, two = (events(reword(anna, "two hats").data) for _ in range(2))
    assert one == two
    assert len(model.requests) == 2


def test_a_wording_that_was_never_accepted_is_sent(anna: Visitor) -> None:
    assert text_of(events(reword(anna, "hello").data)) == "You said: hello"
    assert texts(anna) == ["hello", "You said: hello"]


def test_the_title_follows_the_first_question_until_it_is_renamed(anna: Visitor) -> None:
    path = f"/api/conversations/{anna.conversation}"
    anna.says("a hat", id="m1")
    assert reword(anna, "two hats").data
    assert anna.get(path).json["title"] == "two hats"
    anna.request("PATCH", path, json={"title": "Headwear"})
    assert reword(anna, "three hats").data
    assert anna.get(path).json["title"] == "Headwear"


@pytest.mark.parametrize("word", ["hat", "answer"])
def test_what_was_replaced_is_not_found_by_search(anna: Visitor, model: Scripted, word: str) -> None:
    model.will("an answer")
    anna.says("a hat", id="m1")
    anna.request("PATCH", f"/api/conversations/{anna.conversation}", json={"title": "x"})
    assert anna.get("/api/conversations", query_string={"q": word}).json["conversations"]
    model.will("of socks")
    assert reword(anna, "socks").data
    assert not anna.get("/api/conversations", query_string={"q": word}).json["conversations"]


def test_an_earlier_question_stays_as_it_is(anna: Visitor) -> None:
    anna.says("one", id="m1")
    anna.says("two", id="m2")
    refused = reword(anna, "three")
    assert (refused.status_code, refused.json["code"]) == (422, "message-mismatch")
    assert texts(anna) == ["one", "You said: one", "two", "You said: two"]


def test_not_while_the_answer_is_being_written(anna: Visitor, model: Scripted) -> None:
    gate = threading.Event()
    model.will("half ", gate, "whole")
    running = anna.send("one", id="m1")
    assert model.streaming.wait(10)
    refused = reword(anna, "two")
    assert (refused.status_code, refused.json["code"]) == (409, "turn-running")
    gate.set()
    assert text_of(events(running.data)) == "half whole"


def test_a_stopped_answer_stays_as_a_version(anna: Visitor, model: Scripted) -> None:
    model.will("half ", threading.Event(), "whole")
    anna.send("one", id="m1").close()
    assert model.streaming.wait(10)
    assert anna.post(f"/api/chat/{anna.conversation}/stop").json["status"] == "stopped"
    assert reword(anna, "two").data
    assert versions(anna) == [("one", "half "), ("two", "You said: two")]


def test_versions_are_their_sessions_own(anna: Visitor, ben: Visitor) -> None:
    answer = anna.says("a hat")[0]["messageId"]
    assert ben.get(f"/api/messages/{answer}/versions").status_code == 404
    question = anna.messages()[0]["id"]
    assert anna.get(f"/api/messages/{question}/versions").status_code == 404
    anna.request("DELETE", f"/api/conversations/{anna.conversation}")
    assert anna.get(f"/api/messages/{answer}/versions").status_code == 404
