"""Group commit: many turns share a transaction, and one's failure is not its neighbours'."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import peewee
import pytest

from tests.conftest import Visitor, text_of
from tests.scripted import Scripted
from widget_api.api.services import Services
from widget_api.models import Chunk, Conversation, Session, Turn, connected, transaction
from widget_api.streams.base import Position
from widget_api.turns import journal as module
from widget_api.turns.events import folded
from widget_api.turns.journal import Journal


@pytest.fixture
def journal(services: Services, anna: Visitor, model: Scripted) -> Journal:
    """A journal of its own beside a running turn to write for, whose own events are written already."""
    model.will(threading.Event())
    anna.send("hello")
    assert model.streaming.wait(10)
    services.engine._journal.commit(lambda: None)
    return Journal()


def turn() -> Turn:
    with connected():
        return Turn.select().get()


def chunks() -> list[tuple[int, bytes]]:
    with connected():
        return [(row.last_seq, bytes(row.events)) for row in Chunk.select().where(Chunk.attempt == 1)]


def test_what_was_recorded_is_written_in_order_with_the_next_commit(journal: Journal) -> None:
    before = len(chunks())
    for seq in range(100, 150):
        journal.record(turn().id, Position(1, seq), b'{"n":%d}' % seq)
    journal.commit(lambda: None)
    lines = b"\n".join(events for _, events in chunks()[before:]).split(b"\n")
    assert lines == [b'{"n":%d}' % seq for seq in range(100, 150)]
    assert chunks()[-1][0] == 149
    journal.close()


def test_a_commit_returns_what_its_action_returned_and_raises_what_it_raised(journal: Journal) -> None:
    assert journal.commit(lambda: 42) == 42
    with pytest.raises(ZeroDivisionError):
        journal.commit(lambda: 1 // 0)
    journal.close()


def test_a_failed_action_leaves_nothing_and_takes_nobody_with_it(journal: Journal, anna: Visitor) -> None:
    entered, gate = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        gate.wait(10)

    def fail() -> None:
        Conversation.create(id="half", session=anna.session)
        raise LookupError

    def succeed() -> None:
        Conversation.create(id="whole", session=anna.session)

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(journal.commit, hold)
        assert entered.wait(10)
        waiting = [pool.submit(journal.commit, action) for action in (fail, succeed)]
        gate.set()
        first.result()
        assert isinstance(waiting[0].exception(), LookupError)
        waiting[1].result()
    with connected():
        ids = {row.id for row in Conversation.select()}
    assert "whole" in ids
    assert "half" not in ids
    journal.close()


def test_actions_of_many_turns_share_transactions(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = []
    entered, gate = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        gate.wait(10)

    def counted() -> object:
        commits.append(1)
        return transaction()

    monkeypatch.setattr(module, "transaction", counted)
    with ThreadPoolExecutor(50) as pool:
        first = pool.submit(journal.commit, hold)
        assert entered.wait(10)
        rest = [pool.submit(journal.commit, lambda: None) for _ in range(40)]
        while len(journal._actions) < 40:
            pass
        gate.set()
        first.result()
        for each in rest:
            each.result()
    assert len(commits) < 10
    journal.close()


def test_a_turn_that_has_ended_gets_nothing_more(journal: Journal) -> None:
    running = turn()
    with transaction():
        Turn.update(state="complete").execute()
    before = chunks()
    journal.record(running.id, Position(1, 500), b"{}")
    journal.commit(lambda: None)
    assert chunks() == before
    journal.close()


def test_closing_writes_what_is_left(journal: Journal) -> None:
    journal.record(turn().id, Position(1, 700), b'{"type":"last"}')
    journal.close()
    assert chunks()[-1] == (700, b'{"type":"last"}')
    assert journal.commit(lambda: "still works") == "still works"


def test_the_partial_answer_of_the_page_is_the_sum_of_its_chunks(
    anna: Visitor, model: Scripted, services: Services
) -> None:
    gate = threading.Event()
    model.will("one ", "two ", gate)
    running = anna.send("count")
    assert model.streaming.wait(10)
    services.engine._journal.commit(lambda: None)  # what was said so far is written by now
    page = anna.page()
    assert text_of(page["messages"][-1]["parts"]) == "one two "
    assert page["messages"][-1]["parts"] == folded(events for _, events in chunks()).parts
    gate.set()
    assert running.data
    with connected():
        assert Session.select().count() == 1


def test_the_events_of_an_ended_answer_are_kept_for_a_while_and_then_erased(
    anna: Visitor, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna.says("count")
    (_, ended), *_ = services.engine.jobs.ended
    with connected():
        assert Chunk.select().count() > 0
        assert ended == Turn.select().get().id
    services.engine._keeper._forget()
    assert chunks()
    monkeypatch.setattr("widget_api.turns.keeper.CHUNKS_SECONDS", -1)
    services.engine._keeper._forget()
    assert not chunks()
    assert anna.messages()[-1]["parts"]


def test_a_database_that_is_away_for_a_moment_loses_nothing_and_doubles_nothing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit is made, but the way back is lost: the worst of all moments."""
    tries = []

    @contextmanager
    def lost() -> Iterator[None]:
        with transaction():
            yield
        tries.append(1)
        if len(tries) < 3:
            raise peewee.OperationalError("the server closed the connection")

    before = len(chunks())
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(module, "transaction", lost)
    for seq in range(100, 110):
        journal.record(turn().id, Position(1, seq), b'{"n":%d}' % seq)
    done: list[int] = []
    journal.commit(lambda: done.append(1), patient=True)
    journal.record(turn().id, Position(1, 110), b'{"n":110}')
    with pytest.raises(peewee.OperationalError):
        tries.clear()
        journal.commit(lambda: None)
    journal.commit(lambda: None, patient=True)
    lines = b"\n".join(events for _, events in chunks()[before:]).split(b"\n")
    assert lines == [b'{"n":%d}' % seq for seq in range(100, 111)]
    assert done
    journal.close()
