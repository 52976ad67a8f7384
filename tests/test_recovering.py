"""A turn whose process has died goes on in another: what was finished is kept, the rest is done again."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest

from tests.conftest import Visitor, events, text_of
from tests.live import Live, Shopper
from tests.scripted import Scripted, call
from widget_api.api.services import Services
from widget_api.llm.base import Assistant, Result
from widget_api.models import Chunk, Message, Shop, ToolCall, Turn, connected, transaction
from widget_api.shopify.tools import Outcome, Toolbox
from widget_api.streams.base import Position
from widget_api.turns import recovery, worker
from widget_api.turns.events import cut_event, encode
from widget_api.turns.recovery import is_left_behind

WRITE = {"lines": [{"variant_id": "gid://shopify/ProductVariant/1", "quantity": 2}]}


def gone() -> str:
    """The name of a process that ran here and ended."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writing, worker.name().encode())
        os._exit(0)
    os.waitpid(pid, 0)
    name = os.read(reading, 1000).decode()
    os.close(reading)
    os.close(writing)
    return name


def leave_behind(services: Services, owner: str) -> Turn:
    """The running turn, as if it were another process's: its thread waits, but nothing here knows of it."""
    services.engine._journal.commit(lambda: None)
    with transaction():
        Turn.update(worker=owner).where(Turn.ended_at.is_null()).execute()
        turn: Turn = Turn.select().where(Turn.ended_at.is_null()).get()
    services.engine.jobs._jobs.clear()
    services.log.release(turn.id)
    return turn


def dies(**also: Any) -> None:
    """The process that the running turn belongs to is no more."""
    with transaction():
        Turn.update({"worker": gone(), **also}).where(Turn.ended_at.is_null()).execute()


def half_said(anna: Visitor, model: Scripted, services: Services, *then: str, owner: str = "") -> Turn:
    """A turn that said a few words before its process died. `then` is what the next attempt will say."""
    model.streaming.clear()
    model.will("half an ", threading.Event(), "answer")
    if then:
        model.will(*then)
    anna.send("talk", id="m1").close()
    assert model.streaming.wait(10)
    return leave_behind(services, owner or gone())


def whole(anna: Visitor) -> tuple[str, str]:
    """The newest answer's text and state, when it has ended."""
    with connected():
        running = Turn.select().order_by(Turn.created_at.desc()).first().active
    if running:
        assert events(anna.get(f"/api/chat/{anna.conversation}/stream").data)
    answer = anna.messages()[-1]
    return text_of(answer["parts"]), answer["metadata"]["status"]


def test_it_goes_on_as_soon_as_somebody_looks(anna: Visitor, model: Scripted, services: Services) -> None:
    half_said(anna, model, services, "a whole answer")
    assert anna.page()["messages"][-1]["metadata"]["status"] in {"running", "complete"}
    assert whole(anna) == ("a whole answer", "complete")


def test_it_goes_on_when_nobody_looks(anna: Visitor, model: Scripted, services: Services) -> None:
    half_said(anna, model, services, "a whole answer")
    with connected():
        while Turn.select().get().active:
            pass
    assert whole(anna) == ("a whole answer", "complete")


def test_the_answer_keeps_its_id_and_a_reader_with_an_old_position_gets_it_whole(
    anna: Visitor, model: Scripted, services: Services
) -> None:
    half_said(anna, model, services, "a whole answer")
    page = anna.page()
    said = events(anna.get(f"/api/chat/{anna.conversation}/stream", query_string={"after": "1-3"}).data)
    assert (said[0]["type"], said[0]["messageId"]) == ("start", page["messages"][-1]["id"])
    assert {event["at"].split("-")[0] for event in said} == {"2"}
    assert text_of(said) == "a whole answer"


def test_sending_the_message_again_follows_the_new_attempt(
    anna: Visitor, model: Scripted, services: Services
) -> None:
    half_said(anna, model, services, "a whole answer")
    assert text_of(events(anna.send("talk", id="m1").data)) == "a whole answer"
    with connected():
        assert Turn.select().count() == 1


def test_after_two_takeovers_it_is_interrupted_with_its_partial_kept_and_can_be_tried_again(
    anna: Visitor, model: Scripted, services: Services
) -> None:
    half_said(anna, model, services, owner=worker.name())
    for number in range(2):
        model.will(f"half {number} ", threading.Event())
        model.streaming.clear()
        dies()
        assert model.streaming.wait(10)
        leave_behind(services, worker.name())
    dies()
    answer = anna.messages()[-1]
    assert (text_of(answer["parts"]), answer["metadata"]["status"]) == ("half 1 ", "interrupted")
    assert answer["metadata"]["error"]["code"] == "answer-interrupted"
    model.will("at last")
    assert text_of(events(anna.regenerate().data)) == "at last"


def test_a_turn_that_was_given_up_is_not_counted_as_a_crash(
    anna: Visitor, model: Scripted, services: Services
) -> None:
    half_said(anna, model, services, owner=worker.name())
    for number in range(5):
        model.will(f"half {number} ", threading.Event())
        model.streaming.clear()
        dies(worker="")
        assert model.streaming.wait(10)
        leave_behind(services, worker.name())
    model.will("at last")
    dies(worker="")
    assert whole(anna) == ("at last", "complete")


def test_a_process_that_ends_gives_its_turns_up_together_and_takes_none_back(
    anna: Visitor, model: Scripted, services: Services
) -> None:
    for number in range(5):
        model.streaming.clear()
        model.will("half an ", threading.Event(), "answer")
        anna.conversation = f"c{number}"
        anna.send("talk", id=f"m{number}").close()
        assert model.streaming.wait(10)
    services.engine.jobs.close(grace=0)
    with connected():
        left = [(turn.worker, turn.attempt, turn.state) for turn in Turn.select()]
        assert left == [("", 1, "running")] * 5
        services.engine.jobs.take_over(Turn.select().get())
        assert {turn.attempt for turn in Turn.select()} == {1}


def test_a_turn_that_the_shopper_had_stopped_is_stopped(anna: Visitor, model: Scripted, services: Services) -> None:
    half_said(anna, model, services, owner=worker.name())
    dies(stop_requested=True)
    assert whole(anna) == ("half an ", "stopped")


def test_a_turn_of_a_shop_that_is_gone_is_interrupted(anna: Visitor, model: Scripted, services: Services) -> None:
    turn = half_said(anna, model, services, owner=worker.name())
    with transaction():
        Shop.update(active=False).execute()
    services.engine.jobs.take_over(turn)
    with connected():
        assert Message.get_by_id(turn.answer_id).status == "interrupted"


def test_a_turn_of_a_living_process_is_left_alone_and_followed(
    anna: Visitor, model: Scripted, services: Services
) -> None:
    turn = half_said(anna, model, services, owner=worker.name())
    assert not is_left_behind(turn, leases=True)
    page = anna.page()
    assert page["messages"][-1]["metadata"]["status"] == "running"
    assert text_of(page["messages"][-1]["parts"]) == "half an "
    with anna.get(f"/api/chat/{anna.conversation}/stream") as response:
        seen = b""
        for piece in response.iter_encoded():
            seen += piece
            if b"half an " in seen:
                break


def test_a_turn_whose_lease_ran_out_by_the_databases_clock_is_taken_over(
    anna: Visitor, model: Scripted, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = half_said(anna, model, services, "a whole answer", owner="elsewhere:1:1:abcd")
    monkeypatch.setattr("time.time_ns", lambda: 10**18)
    assert not is_left_behind(turn, leases=True)
    with transaction():
        Turn.update(lease_until=1).execute()
    assert not is_left_behind(turn, leases=False)
    monkeypatch.undo()
    assert whole(anna) == ("a whole answer", "complete")


def test_only_the_first_of_two_takes_a_turn_over(anna: Visitor, model: Scripted, services: Services) -> None:
    turn = half_said(anna, model, services, owner="elsewhere:1:1:abcd")
    assert recovery.take(turn, "first", whole=False)
    assert recovery.take(turn, "second", whole=False) is None


def test_a_turn_that_another_process_takes_while_it_is_looked_at_is_left_to_it(
    anna: Visitor, model: Scripted, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = half_said(anna, model, services, owner="elsewhere:1:1:abcd")
    looking = threading.current_thread()

    def died(_: str) -> bool:
        if threading.current_thread() is not looking:
            return False
        return recovery.take(turn, "faster", whole=False) is not None

    monkeypatch.setattr(recovery, "gone", died)
    assert recovery.left_behind([], leases=True) == []
    with connected():
        assert Turn.get_by_id(turn.id).worker == "faster"


def test_what_cut_an_answer_short_is_known_after_a_crash_at_its_very_end(
    anna: Visitor, model: Scripted, services: Services
) -> None:
    turn = half_said(anna, model, services, owner="elsewhere:1:1:abcd")
    said = [{"type": "text-end", "id": "text-1"}, cut_event("length"), {"type": "finish-step"}]
    with transaction():
        Chunk.add(turn=turn.id, attempt=turn.attempt, last_seq=99, events=b"\n".join(map(encode, said)))
    dies()
    assert whole(anna) == ("half an ", "complete")
    assert anna.messages()[-1]["metadata"]["cut"] == "length"


def test_a_stale_attempt_writes_nothing_more(anna: Visitor, model: Scripted, services: Services) -> None:
    stale = half_said(anna, model, services, "a whole answer")
    assert whole(anna) == ("a whole answer", "complete")
    with connected():
        before = [Chunk.select().count(), Message.select().count()]
    services.engine._journal.record(stale.id, Position(stale.attempt, 99), b"{}")
    services.engine._journal.commit(lambda: None)
    assert not services.engine._journal.commit(
        lambda: recovery.end(stale, "failed", [], (100, {"type": "abort"}), error=None)
    )
    with pytest.raises(recovery.Superseded):
        services.engine._journal.commit(lambda: recovery.hold(stale))
    with connected():
        assert [Chunk.select().count(), Message.select().count()] == before
    assert whole(anna) == ("a whole answer", "complete")


# steps and their tool calls


class Tools:
    """Stands in for the shop. A call whose name is in `halts` never comes back."""

    def __init__(self) -> None:
        self.run: list[tuple[str, Any]] = []
        self.settled: list[tuple[str, Any]] = []
        self.halted = threading.Event()
        self.halts: set[str] = set()
        self.gate = threading.Event()

    def answer(self, name: str, input: dict[str, Any]) -> Outcome:
        self.run.append((name, input))
        if name in self.halts:
            self.halts.clear()
            self.halted.set()
            self.gate.wait(30)
        return Outcome({"made": name}, events=(("data-cart", {"status": "none", "cart": None}),))

    def settle(self, name: str, input: dict[str, Any]) -> Outcome:
        self.settled.append((name, input))
        return Outcome({"settled": name})


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Tools()
    monkeypatch.setattr(Toolbox, "run", made.answer)
    monkeypatch.setattr(Toolbox, "settle", made.settle)
    yield made
    made.gate.set()


def dies_in(anna: Visitor, services: Services, tools: Tools, name: str) -> Turn:
    """The process dies while the shop works on that call."""
    tools.halts.add(name)
    anna.send("please").close()
    assert tools.halted.wait(10)
    return leave_behind(services, gone())


def tool_parts(anna: Visitor) -> list[dict[str, Any]]:
    return [part for part in anna.messages()[-1]["parts"] if part["type"].startswith("tool-")]


def test_finished_steps_are_kept_and_only_the_unfinished_one_is_asked_again(
    anna: Visitor, model: Scripted, services: Services, tools: Tools
) -> None:
    model.will("Let me look. ", call("search_catalog", {"query": "hats"}))
    model.will("I have ", threading.Event())
    anna.send("hats?").close()
    assert model.streaming.wait(10)
    leave_behind(services, gone())
    model.will("Here they are.")
    assert whole(anna) == ("Let me look. Here they are.", "complete")
    assert tools.run == [("search_catalog", {"query": "hats"})]
    said, answered = model.requests[-1].messages[-2:]
    assert isinstance(said, Assistant)
    assert (said.text, said.calls[0].name) == ("Let me look. ", "search_catalog")
    assert isinstance(answered, Result)
    assert answered.output == {"made": "search_catalog"}
    kinds = [part["type"] for part in anna.messages()[-1]["parts"]]
    assert kinds == ["step-start", "text", "tool-search_catalog", "data-cart", "step-start", "text"]


def test_a_read_is_made_again_and_the_model_is_not_asked_again_for_it(
    anna: Visitor, model: Scripted, services: Services, tools: Tools
) -> None:
    model.will("Let me look. ", call("search_catalog", {"query": "hats"}))
    dies_in(anna, services, tools, "search_catalog")
    model.will("Here they are.")
    assert whole(anna) == ("Let me look. Here they are.", "complete")
    assert tools.run == [("search_catalog", {"query": "hats"})] * 2
    assert len(model.requests) == 2
    assert len(tool_parts(anna)) == 1


def test_a_change_of_the_cart_that_was_begun_is_looked_for_and_never_made_again(
    anna: Visitor, model: Scripted, services: Services, tools: Tools
) -> None:
    model.will(call("update_cart", WRITE))
    dies_in(anna, services, tools, "update_cart")
    model.will("It is in your cart.")
    assert whole(anna) == ("It is in your cart.", "complete")
    assert tools.run == [("update_cart", WRITE)]
    assert tools.settled == [("update_cart", WRITE)]
    assert tool_parts(anna)[0]["output"] == {"settled": "update_cart"}


def test_a_change_that_was_only_intended_is_made(
    anna: Visitor, model: Scripted, services: Services, tools: Tools
) -> None:
    model.will(call("search_catalog", {"query": "hats"}, "a"), call("update_cart", WRITE, "b"))
    dies_in(anna, services, tools, "search_catalog")
    model.will("Done.")
    assert whole(anna) == ("Done.", "complete")
    assert [name for name, _ in tools.run] == ["search_catalog", "search_catalog", "update_cart"]
    assert tools.settled == []


def test_a_change_that_was_done_is_shown_as_it_was(
    anna: Visitor, model: Scripted, services: Services, tools: Tools
) -> None:
    model.will(call("update_cart", WRITE, "a"), call("search_catalog", {"query": "hats"}, "b"))
    dies_in(anna, services, tools, "search_catalog")
    model.will("Done.")
    assert whole(anna) == ("Done.", "complete")
    assert [name for name, _ in tools.run] == ["update_cart", "search_catalog", "search_catalog"]
    assert tools.settled == []
    assert [part["output"] for part in tool_parts(anna)] == [{"made": "update_cart"}, {"made": "search_catalog"}]
    kinds = [part["type"] for part in anna.messages()[-1]["parts"]]
    assert kinds.count("data-cart") == 2


def test_a_stale_attempt_does_not_begin_a_change(
    anna: Visitor, model: Scripted, services: Services, tools: Tools
) -> None:
    model.will(call("search_catalog", {"query": "hats"}, "a"), call("update_cart", WRITE, "b"))
    dies_in(anna, services, tools, "search_catalog")
    model.will("Done.")
    assert whole(anna) == ("Done.", "complete")
    tools.gate.set()  # the halted thread comes back, too late
    for thread in threading.enumerate():
        if thread.name.startswith("turn-"):
            thread.join(10)
    assert [name for name, _ in tools.run].count("update_cart") == 1
    with connected():
        assert {row.state for row in ToolCall.select()} == {"done"}
    assert whole(anna) == ("Done.", "complete")


def test_an_answer_that_was_complete_is_only_ended(
    anna: Visitor, model: Scripted, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished, gate = threading.Event(), threading.Event()

    def halt(*_: object) -> None:
        finished.set()
        gate.wait(30)

    finish = type(services.engine.jobs)._finish
    monkeypatch.setattr(type(services.engine.jobs), "_finish", halt)
    model.will("All of it.")
    anna.send("talk").close()
    assert finished.wait(10)
    leave_behind(services, gone())
    monkeypatch.setattr(type(services.engine.jobs), "_finish", finish)
    assert whole(anna) == ("All of it.", "complete")
    assert len(model.requests) == 1
    gate.set()


def test_a_killed_server_goes_on_with_the_answer_after_its_restart(live: Live) -> None:
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
        said = events(anna.get("/api/chat/killed/stream").content)
        assert said[-1]["type"] == "finish"
        answer = anna.messages("killed")["messages"][-1]
        assert answer["metadata"]["status"] == "complete"
        assert text_of([part for part in answer["parts"] if part["type"] == "text"]) == text_of(said)
