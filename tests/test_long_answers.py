"""A long answer is told in few events to those who read it from its beginning, and goes on from there."""

from __future__ import annotations

import threading

from tests.conftest import Answer, Visitor, events, text_of
from tests.scripted import Scripted
from widget_api.turns.writer import LONG_EVENTS

WORDS = [f"word{number} " for number in range(2 * LONG_EVENTS)]
FEW = 10


def follow(visitor: Visitor, after: str = "") -> Answer:
    return visitor.get(f"/api/chat/{visitor.conversation}/stream", query_string={"after": after} if after else {})


def test_one_that_runs_is_told_shortly_and_then_word_by_word(anna: Visitor, model: Scripted) -> None:
    gate = threading.Event()
    model.will(*WORDS, gate, "the ", "end")
    anna.send("count").close()
    assert model.streaming.wait(10)
    reader = follow(anna)
    gate.set()
    said = events(reader.data)
    assert len(said) < FEW, [e.get("at") for e in said][:20]
    assert text_of(said) == "".join(WORDS) + "the end"
    first = next(number for number, event in enumerate(said) if event.get("at"))
    assert events(follow(anna, said[first]["at"]).data) == said[first + 1 :]


def test_one_that_has_just_ended_is_told_shortly_and_once(anna: Visitor, model: Scripted) -> None:
    gate = threading.Event()
    model.will(*WORDS, gate, "end")
    running = anna.send("count")
    assert model.streaming.wait(10)
    assert anna.page()["stream"]  # the page has its beginning, so its reader is owed the end
    gate.set()
    whole = events(running.data)
    said = events(follow(anna).data)
    assert len(said) < FEW
    assert text_of(said) == text_of(whole)
    assert (said[-1]["type"], said[-1]["at"]) == ("finish", whole[-1]["at"])
    assert follow(anna, said[-1]["at"]).status_code == 204
    assert follow(anna).status_code == 204
