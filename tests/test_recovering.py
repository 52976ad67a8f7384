"""Turns that died with their process end as interrupted, with their partial kept and a retry offered."""

from __future__ import annotations

import os
import threading

from flask import Flask

from tests.conftest import Visitor, events, text_of
from tests.live import Live, Shopper
from tests.scripted import Scripted
from widget_api.api.services import Services
from widget_api.models import Chunk, Message, Turn, connected, transaction
from widget_api.streams.base import Position
from widget_api.turns.recovery import dead


def leave_behind(anna: Visitor, model: Scripted, services: Services, worker: str) -> Turn:
    """A turn half said, whose process is gone: its thread still waits, but it no longer owns the turn."""
    gate = threading.Event()
    model.will("half an ", gate, "answer")
    anna.send("talk", id="m1")
    assert model.streaming.wait(10)
    services.engine._journal.commit(lambda: None)
    with transaction():
        Turn.update(worker=worker).execute()
        turn = Turn.select().get()
    services.engine._jobs.clear()
    services.log.discard(turn.id)
    return turn


def gone() -> str:
    """The name of a process that ran on this host and ended."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return f"{os.uname().nodename}:{pid}:abcd"


def test_the_partial_is_kept_and_the_state_says_interrupted(
    anna: Visitor, model: Scripted, services: Services
) -> None:
    leave_behind(anna, model, services, gone())
    answer = anna.messages()[-1]
    assert (text_of(answer["parts"]), answer["metadata"]["status"]) == ("half an ", "interrupted")
    assert answer["metadata"]["error"]["code"] == "answer-interrupted"
    assert "stream" not in anna.page()
    with connected():
        assert Chunk.select().count() == 0


def test_nobody_waits_for_its_stream(anna: Visitor, model: Scripted, services: Services) -> None:
    leave_behind(anna, model, services, gone())
    assert anna.get(f"/api/chat/{anna.conversation}/stream").status_code == 204


def test_it_can_be_tried_again(anna: Visitor, model: Scripted, services: Services) -> None:
    leave_behind(anna, model, services, gone())
    assert text_of(events(anna.regenerate().data)) == "You said: talk"


def test_the_next_message_is_accepted(anna: Visitor, model: Scripted, services: Services) -> None:
    leave_behind(anna, model, services, gone())
    assert text_of(anna.says("again")) == "You said: again"


def test_sending_it_again_tells_how_it_ended(anna: Visitor, model: Scripted, services: Services) -> None:
    leave_behind(anna, model, services, gone())
    said = events(anna.send("talk", id="m1").data)
    assert (text_of(said), said[-1]["type"]) == ("half an ", "error")


def test_a_turn_of_a_living_process_is_left_alone(anna: Visitor, model: Scripted, services: Services) -> None:
    turn = leave_behind(anna, model, services, f"{os.uname().nodename}:{os.getppid()}:abcd")
    assert not dead(turn, services.engine._keeper.worker)
    assert anna.messages()[-1]["metadata"]["status"] == "running"


def test_a_turn_of_another_process_is_not_followed_here_but_soon_had(
    anna: Visitor, model: Scripted, services: Services
) -> None:
    leave_behind(anna, model, services, f"{os.uname().nodename}:{os.getppid()}:abcd")
    for answer in (anna.get(f"/api/chat/{anna.conversation}/stream"), anna.send("talk", id="m1")):
        assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (503, "busy", "1")


def test_a_turn_whose_lease_ran_out_is_settled(anna: Visitor, model: Scripted, services: Services) -> None:
    turn = leave_behind(anna, model, services, "another-host:1:abcd")
    assert not dead(turn, services.engine._keeper.worker)
    with transaction():
        Turn.update(lease_until=1).execute()
    assert anna.messages()[-1]["metadata"]["status"] == "interrupted"


def test_a_stale_thread_writes_nothing_more(anna: Visitor, model: Scripted, services: Services, app: Flask) -> None:
    del app
    turn = leave_behind(anna, model, services, gone())
    anna.messages()
    services.engine._journal.record(turn.id, Position(turn.attempt, 99), b"{}")
    services.engine._journal.commit(lambda: None)
    with connected():
        assert Chunk.select().count() == 0
        assert Message.select().where(Message.status == "interrupted").count() == 1


def test_a_killed_server_keeps_what_was_said_and_goes_on_after_its_restart(live: Live) -> None:
    with Shopper(live) as anna:
        stream = anna.send("killed", "What do you have for cold feet, cold hands and cold ears?")
        seen = b""
        for piece in stream.iter_content(64):
            seen += piece
            if seen.count(b"text-delta") >= 20:
                break
        live.kill()
        stream.close()
        live.start()
        answer = anna.messages("killed")["messages"][-1]
        assert answer["metadata"]["status"] == "interrupted"
        said = text_of(events(seen[: seen.rindex(b"\n\n")]))
        kept = text_of([part for part in answer["parts"] if part["type"] == "text"])
        assert kept[:20] == said[:20]
        again = anna.post("/api/chat", json={"id": "killed", "trigger": "regenerate-message"})
        assert events(again.content)[-1]["type"] == "finish"
