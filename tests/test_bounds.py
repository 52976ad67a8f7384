"""What a process keeps, and what it does at once, is bounded whatever visitors and shops do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ANNAS_SHOP, Visitor
from tests.scripted import Scripted, call
from widget_api import cli
from widget_api.models import Chunk, Conversation, Message, ToolCall, Turn, connected, now, transaction
from widget_api.shopify.http import Http
from widget_api.shopify.memory import Memory
from widget_api.shopify.passages import Page, Passage
from widget_api.streams.base import Position
from widget_api.streams.memory import MemoryStreamLog
from widget_api.turns import recovery
from widget_api.turns.recovery import forget_chunks, forget_old_chunks, left_behind, purge

# Caches


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.text(max_size=12)), max_size=40))
def test_a_memory_is_bounded_in_size_and_keeps_the_newest(put: list[tuple[str, str]]) -> None:
    memory: Memory[str] = Memory(60, lambda: 0.0, 4, size=len, most_size=20)
    for url, thing in put:
        memory.put(url, thing)
        assert memory.get(url) == thing
        kept = [found for each in "abcdef" if (found := memory.get(each)) is not None]
        assert len(kept) <= 4
        assert sum(map(len, kept)) <= 20


def test_pages_of_shops_are_counted_by_their_size() -> None:
    http = Http()
    page = Page("https://a.example", "Shipping", (Passage("When", "x" * 3_000_000),))
    for number in range(5):
        http.pages.put(str(number), page)
    assert [number for number in range(5) if http.pages.get(str(number))] == [3, 4]


# Logs


def closed_logs(log: MemoryStreamLog, number: int, size: int) -> list[str]:
    """Write so many logs of that size and return those that are kept."""
    for turn in map(str, range(number)):
        log.open(turn, 1)
        log.append(turn, Position(1, 1), b"x" * size)
        log.close(turn)
    log.open("the next", 1)
    return [turn for turn in map(str, range(number)) if log.position(turn)]


def test_closed_logs_are_kept_up_to_so_many_bytes() -> None:
    assert closed_logs(MemoryStreamLog(100), 8, 30) == ["5", "6", "7"]


def test_running_logs_are_kept_whatever_they_have() -> None:
    log = MemoryStreamLog(100)
    log.open("running", 1)
    log.append("running", Position(1, 1), b"x" * 1000)
    assert closed_logs(log, 3, 60) == ["2"]
    assert log.position("running") == Position(1, 1)


def test_a_log_that_was_let_go_is_read_from_the_database(anna: Visitor, app: Flask) -> None:
    services = app.extensions["widget"]
    said = anna.says("hello")
    services.log._local._kept_bytes = 0
    services.log._local.open("another", 1)
    with connected():
        assert services.log._local.position(Turn.get().id) is None
    tail = anna.get(f"/api/chat/{anna.conversation}/stream", query_string={"after": said[1]["at"]})
    assert [json.loads(line[6:])["type"] for line in tail.text.splitlines() if line.startswith("data: {")] == [
        each["type"] for each in said[2:]
    ]


# Rows


def test_what_tools_answered_is_kept_in_the_message_alone(anna: Visitor, model: Scripted) -> None:
    model.will(call("get_cart", {}))
    model.will("It is empty.")
    anna.says("my cart?")
    with connected():
        turn, row = Turn.get(), ToolCall.get()
        assert row.output
        forget_chunks([turn.id])
        assert (ToolCall.get().output, ToolCall.get().state) == (None, row.state)
    assert any("output" in part for part in anna.messages()[-1]["parts"])


def add_turns(anna: Visitor, number: int, **fields: Any) -> None:
    """Add so many turns, each in a conversation of its own."""
    with transaction():
        for each in range(number):
            thread = Conversation.add(id=f"c-{each}", session=anna.session, title="x")
            row = {"session": anna.session, "conversation": thread, "parts": []}
            question = Message.add(id=f"q-{each}", role="user", **row)
            answer = Message.add(id=f"a-{each}", role="assistant", **row)
            turn = {"conversation": thread, "question": question, "answer": answer, "attempt": 1, "lease_until": 0}
            Turn.add(id=f"t-{each}", worker="gone", **turn, created_at=each, **fields)
            Chunk.add(turn=f"t-{each}", attempt=1, last_seq=1, events=b"{}")


def test_orphaned_turns_are_taken_over_some_at_a_time_the_oldest_first(anna: Visitor) -> None:
    anna.says("hello")
    add_turns(anna, 7)
    found = [turn.id for turn in left_behind(["t-1"], leases=True, most=3)]
    assert found == ["t-0", "t-2", "t-3"]
    assert len(left_behind([], leases=True)) == 7


def test_events_of_old_turns_are_erased_to_the_last(anna: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "AT_ONCE", 3)
    anna.says("hello")
    add_turns(anna, 8, state="complete", ended_at=now() - 24 * 3600 * 1000)
    forget_old_chunks()
    with connected():
        assert not Chunk.select().where(Chunk.turn.startswith("t-")).exists()
        assert Chunk.select().exists()


def test_deleted_conversations_are_erased_to_the_last(anna: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "AT_ONCE", 3)
    anna.says("hello")
    add_turns(anna, 8, state="complete", ended_at=now())
    with transaction():
        Conversation.update(deleted_at=1).where(Conversation.id.startswith("c-")).execute()
    assert purge() == 8
    with connected():
        assert Conversation.select().count() == 1


def test_ratings_are_told_page_by_page(anna: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "RATED_AT_ONCE", 3)
    anna.says("hello")
    add_turns(anna, 8, state="complete", ended_at=now())
    with transaction():
        Message.update(rating="up", comment=Message.id).where(Message.id.startswith("a-")).execute()
    said = app.test_cli_runner().invoke(args=["conversations", "feedback", ANNAS_SHOP]).output
    assert [json.loads(line)["comment"] for line in said.splitlines()] == [f"a-{each}" for each in range(7, -1, -1)]


def test_to_be_forgotten_ends_the_logs_of_recent_turns_alone(anna: Visitor, app: Flask) -> None:
    anna.says("hello")
    add_turns(anna, 5, state="complete", ended_at=1)
    discarded: list[str] = []
    app.extensions["widget"].engine.discard = discarded.extend
    assert anna.request("DELETE", "/api/session").status_code == 204
    assert len(discarded) == 1
    with connected():
        assert not Turn.select().exists()


def test_the_size_of_closed_logs_is_kept_right_whatever_happens_to_them() -> None:
    log = MemoryStreamLog()
    for turn in "abc":
        log.open(turn, 1)
        log.append(turn, Position(1, 1), b"xx")
        log.close(turn)
        log.close(turn)
    assert log._closed_bytes == 6
    log.discard("a")
    log.open("b", 2)
    assert log._closed_bytes == 2
    log.append("b", Position(2, 1), b"xxxx")
    log.close("b")
    assert log._closed_bytes == 6
    log.discard("b")
    log.discard("c")
    log.discard("never")
    assert (log._closed_bytes, log._logs) == (0, {})
