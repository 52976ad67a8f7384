"""A stream that was cut goes on where it was cut: no word lost, none twice."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import Answer, Visitor, events, text_of
from tests.live import Shopper, serving
from tests.model_server import ModelServer, Say
from tests.model_wire import DONE, chunk, say
from tests.scripted import Scripted


def follow(visitor: Visitor, after: str = "", **headers: str) -> Answer:
    query = {"after": after} if after else {}
    return visitor.get(f"/api/chat/{visitor.conversation}/stream", query_string=query, headers=headers)


def test_nothing_runs_is_204(anna: Visitor) -> None:
    anna.says("hello")
    assert follow(anna).status_code == 204


def test_a_reader_without_a_position_gets_the_whole_answer_from_its_start(anna: Visitor, model: Scripted) -> None:
    gate = threading.Event()
    model.will("one ", "two ", gate, "three")
    first = anna.send("count")
    assert model.streaming.wait(10)
    second = follow(anna)
    gate.set()
    assert events(second.data) == events(first.data)


@pytest.mark.parametrize("how", ["query", "header"])
def test_a_reader_with_a_position_gets_only_what_follows(anna: Visitor, model: Scripted, how: str) -> None:
    gate = threading.Event()
    model.will("one ", "two ", gate, "three")
    running = anna.send("count")
    assert model.streaming.wait(10)
    resumed = follow(anna, "1-4") if how == "query" else follow(anna, **{"Last-Event-ID": "1-4"})
    gate.set()
    assert events(resumed.data) == events(running.data)[4:]


@pytest.mark.parametrize("after", ["7-3", "1-9999", "rubbish", "0-0"])
def test_a_position_of_another_attempt_gets_the_whole_answer(anna: Visitor, model: Scripted, after: str) -> None:
    gate = threading.Event()
    model.will("one ", gate, "two")
    running = anna.send("count")
    assert model.streaming.wait(10)
    resumed = follow(anna, after)
    gate.set()
    assert events(resumed.data) == events(running.data)


def test_the_tail_of_an_answer_that_has_just_ended_is_still_served(anna: Visitor, model: Scripted) -> None:
    model.will("one ", "two ", "three")
    whole = anna.says("count")
    tail = events(follow(anna, whole[3]["at"]).data)
    assert tail == whole[4:]


def test_a_position_of_an_earlier_answer_is_not_taken_for_one_of_the_running_answer(
    anna: Visitor, model: Scripted
) -> None:
    model.will("one ", "two ", "three ", "four")
    earlier = anna.says("count")
    gate = threading.Event()
    model.will("five ", gate, "six")
    running = anna.send("more")
    assert model.streaming.wait(10)
    resumed = follow(anna, earlier[5]["at"])
    gate.set()
    assert events(resumed.data) == events(running.data)


def test_who_read_half_an_answer_and_comes_without_a_position_after_its_end_gets_it_whole(
    anna: Visitor, model: Scripted
) -> None:
    gate = threading.Event()
    model.will("one ", gate, "two")
    running = anna.send("count")
    assert model.streaming.wait(10)
    assert text_of(anna.page()["messages"][-1]["parts"]) in {"", "one "}
    gate.set()
    whole = events(running.data)
    assert events(follow(anna).data) == whole
    assert follow(anna).status_code == 204


def test_the_page_and_the_stream_meet_without_a_gap(anna: Visitor, model: Scripted) -> None:
    gate = threading.Event()
    model.will(*(f"word{number} " for number in range(50)), gate, "end")
    running = anna.send("talk")
    assert model.streaming.wait(10)
    page = anna.page()
    rest = follow(anna, page["stream"]["last_event_id"])
    gate.set()
    whole = text_of(events(running.data))
    assert text_of(page["messages"][-1]["parts"]) + text_of(events(rest.data)) == whole


def test_a_page_before_anything_was_written_says_to_start_at_the_beginning(anna: Visitor, model: Scripted) -> None:
    gate = threading.Event()
    model.will(gate, "end")
    running = anna.send("talk")
    page = anna.page()
    assert page["messages"][-1]["metadata"]["status"] == "running"
    resumed = follow(anna, page["stream"]["last_event_id"])
    gate.set()
    so_far = text_of(page["messages"][-1]["parts"])
    assert so_far + text_of(events(resumed.data)) == text_of(events(running.data))


@pytest.fixture
def talkative() -> Iterator[ModelServer]:
    """A provider whose every answer has 3,000 pieces."""
    server = ModelServer()
    server.says(Say([*(say(f"word{number} ") for number in range(3000)), chunk({}, finish="stop"), DONE]))
    yield server
    server.close()


def test_500_random_cuts_join_to_the_stored_text(talkative: ModelServer, tmp_path: Path) -> None:
    settings = {"MODEL_API": "openai", "MODEL_BASE_URL": f"{talkative.url}/v1", "MODEL_NAME": "talkative"}
    dice = random.Random(500)
    cuts = 0
    with serving(tmp_path, **settings) as live, Shopper(live) as anna:
        while cuts < 500:
            cuts += one_answer_cut_to_pieces(anna, f"talk-{cuts}", dice)


def one_answer_cut_to_pieces(anna: Shopper, conversation: str, dice: random.Random) -> int:
    """Ask, cut the stream after a few bytes again and again, and compare. Returns the number of cuts."""
    text, position, ended, cuts = "", "", False, -1
    response = anna.send(conversation, "Talk to me.")
    while not ended:
        cuts += 1
        for event in whole_frames(response, dice.randrange(60, 3000)):
            assert event["at"] != position
            position, ended = event["at"], event["type"] == "finish"
            text += event.get("delta", "")
        response.close()
        if not ended:
            response = anna.get(f"/api/chat/{conversation}/stream", params={"after": position}, stream=True)
            assert response.status_code == 200
    stored = anna.messages(conversation)["messages"][-1]["parts"]
    assert text == text_of(stored[1:])
    assert text.endswith("word2999 ")
    return cuts


def whole_frames(response: requests.Response, most: int) -> list[dict[str, Any]]:
    """The events that arrived whole within the first `most` bytes."""
    received = b""
    for piece in response.iter_content(64):
        received += piece
        if len(received) >= most:
            break
    complete, _, _ = received.rpartition(b"\n\n")
    return events(complete)
