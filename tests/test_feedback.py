"""A shopper says what an answer was worth, once, again, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Answer, Visitor
from widget_api.api.messages import COMMENT_CHARACTERS
from widget_api.models import Message, connected


def rate(visitor: Visitor, answer: str, **body: Any) -> Answer:
    return visitor.request("PUT", f"/api/messages/{answer}/feedback", json=body)


@pytest.fixture
def answer(anna: Visitor) -> str:
    return str(anna.says("hello")[0]["messageId"])


def stored(answer: str) -> tuple[str, str]:
    with connected():
        found = Message.get(Message.id == answer)
    return found.rating, found.comment


def test_a_word_is_kept_and_shown_in_the_history(anna: Visitor, answer: str) -> None:
    assert rate(anna, answer, rating="up").json == {"rating": "up", "comment": ""}
    assert anna.messages()[-1]["metadata"]["rating"] == "up"
    assert "rating" not in anna.messages()[0]["metadata"]


def test_a_later_word_replaces_the_earlier(anna: Visitor, answer: str) -> None:
    rate(anna, answer, rating="down", comment="Wrong size.")
    assert stored(answer) == ("down", "Wrong size.")
    rate(anna, answer, rating="up")
    assert stored(answer) == ("up", "")


def test_a_word_can_be_taken_back(anna: Visitor, answer: str) -> None:
    rate(anna, answer, rating="down", comment="Wrong size.")
    for _ in range(2):
        assert anna.request("DELETE", f"/api/messages/{answer}/feedback").status_code == 204
    assert stored(answer) == ("", "")
    assert "rating" not in anna.messages()[-1]["metadata"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rating": "sideways"},
        {"rating": "up", "stars": 5},
        {"rating": "up", "comment": "x" * (COMMENT_CHARACTERS + 1)},
    ],
    ids=lambda body: str(body)[:40],
)
def test_what_is_no_rating_is_refused_and_changes_nothing(anna: Visitor, answer: str, body: dict[str, Any]) -> None:
    rate(anna, answer, rating="down", comment="Wrong size.")
    assert rate(anna, answer, **body).status_code == 422
    assert stored(answer) == ("down", "Wrong size.")


def test_only_ones_own_answers_can_be_rated(anna: Visitor, ben: Visitor, answer: str) -> None:
    assert rate(ben, answer, rating="down").status_code == 404
    assert rate(anna, anna.messages()[0]["id"], rating="up").status_code == 404
    assert rate(anna, "never-was", rating="up").status_code == 404
    assert stored(answer) == ("", "")


def test_it_goes_with_the_session(anna: Visitor, answer: str) -> None:
    rate(anna, answer, rating="up")
    assert anna.request("DELETE", "/api/session").status_code == 204
    with connected():
        assert not Message.select().where(Message.rating != "").exists()


def test_the_merchant_reads_it_on_the_command_line(app: Flask, anna: Visitor, ben: Visitor, answer: str) -> None:
    rate(anna, answer, rating="down", comment="Größe fehlt.")
    rate(ben, ben.says("hi")[0]["messageId"], rating="up")
    run = app.test_cli_runner()
    said = run.invoke(args=["conversations", "feedback", anna.shop])
    assert said.exit_code == 0, said.output
    mine = [json.loads(line) for line in said.output.splitlines()]
    assert [(each["rating"], each["comment"]) for each in mine if each["question"] == "hello"] == [
        ("down", "Größe fehlt.")
    ]
    assert mine[-1]["answer"] == "You said: hello"
    assert run.invoke(args=["conversations", "feedback", "nowhere.myshopify.com"]).exit_code != 0
