"""A model that answers so many at once is asked in order of arrival, and everybody is told how many are before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from queue import SimpleQueue

import pytest

from tests.model_server import Hold, ModelServer, Say, model_server
from tests.model_wire import DONE, QUESTION, STOP, Ear, say
from widget_api import llm
from widget_api.llm import openai
from widget_api.llm.base import Assistant, Call, Result, Step
from widget_api.llm.provider import Fallback, Provider
from widget_api.llm.queue import Queue, Queues
from widget_api.problems import ModelRefused

PATIENCE = 20


class Counter:
    """A queue with one place, before which shoppers stand in threads of their own."""

    def __init__(self) -> None:
        self.queue = Queue(1)
        self._served = SimpleQueue[str]()

    def comes(self, name: str, *, continues: bool = False) -> Shopper:
        """Let a shopper come who waits."""
        shopper = Shopper(self, name, continues=continues)
        assert shopper.ear.queued.wait(PATIENCE)
        return shopper

    def first(self) -> Shopper:
        """Let a shopper come who is served at once."""
        shopper = Shopper(self, "first")
        assert self.served() == "first"
        return shopper

    def serve(self, name: str) -> None:
        self._served.put(name)

    def served(self) -> str:
        """Wait for the next who gets the place."""
        return self._served.get(timeout=PATIENCE)


class Shopper:
    """Holds the place, once it is there, until the test lets it go."""

    def __init__(self, counter: Counter, name: str, *, continues: bool = False) -> None:
        self.ear = Ear()
        self.go = threading.Event()
        self.got: list[bool] = []
        self._counter = counter
        self._name = name
        self._continues = continues
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with self._counter.queue.place(self.ear, continues=self._continues) as has_place:
            self.got.append(has_place)
            if has_place:
                self._counter.serve(self._name)
                self.go.wait(PATIENCE)

    def leaves(self) -> None:
        self.go.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


def test_they_are_served_in_order_and_know_their_place() -> None:
    counter = Counter()
    first = counter.first()
    others = [counter.comes(name) for name in "bcd"]
    served = ["first"]
    for shopper in (first, *others):
        shopper.leaves()
        served += [counter.served()] if len(served) < 4 else []
    assert served == ["first", "b", "c", "d"]
    assert first.ear.places == []
    assert [shopper.ear.places[0] for shopper in others] == [1, 2, 3]
    assert [shopper.ear.places[-1] for shopper in others] == [0, 0, 0]
    for shopper in others:
        assert shopper.ear.places == sorted(shopper.ear.places, reverse=True)


def test_who_goes_on_with_an_answer_goes_before_who_begins_one() -> None:
    counter = Counter()
    first = counter.first()
    new, begun = counter.comes("new"), counter.comes("begun", continues=True)
    first.leaves()
    assert counter.served() == "begun"
    begun.leaves()
    assert counter.served() == "new"
    new.leaves()


def test_who_is_stopped_leaves_the_queue_and_those_behind_move_up() -> None:
    counter = Counter()
    first = counter.first()
    second, third = counter.comes("second"), counter.comes("third")
    second.ear.stop()
    second.leaves()
    assert second.got == [False]
    first.leaves()
    assert counter.served() == "third"
    third.leaves()


def test_who_is_served_and_stopped_keeps_the_place_until_it_ends() -> None:
    counter = Counter()
    first = counter.first()
    second, third = counter.comes("second"), counter.comes("third")
    first.leaves()
    assert counter.served() == "second"
    second.ear.stop()
    assert third.got == []
    second.leaves()
    assert counter.served() == "third"
    third.leaves()


def test_without_a_limit_nobody_waits() -> None:
    queue = Queue()
    with ExitStack() as places:
        for _ in range(100):
            ear = Ear()
            assert places.enter_context(queue.place(ear))
            assert ear.places == []


def test_many_at_once_never_have_more_places_than_there_are() -> None:
    queue = Queue(3)
    inside, most = set[int](), list[int]()

    def take(number: int) -> None:
        for _ in range(20):
            with queue.place(Ear(), continues=number % 3 == 0) as has_place:
                assert has_place
                inside.add(number)
                most.append(len(inside))
                inside.discard(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(most) == 240
    assert max(most) <= 3


def test_a_place_is_given_back_when_a_step_fails() -> None:
    queue = Queue(1)
    with pytest.raises(ValueError, match="oops"), queue.place(Ear()):
        raise ValueError("oops")
    with queue.place(Ear()) as has_place:
        assert has_place


def test_models_of_one_server_share_its_places_and_others_do_not() -> None:
    queues = Queues(2)
    assert queues.at("https://a.example") is queues.at("https://a.example")
    assert queues.at("https://a.example") is not queues.at("https://b.example")


# Before a provider


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


class Asking:
    """A step in a thread of its own."""

    def __init__(self, model: Provider, ear: Ear, question: llm.base.Request = QUESTION) -> None:
        self.steps: list[Step] = []
        self.thread = threading.Thread(target=lambda: self.steps.append(model.stream(question, ear)))
        self.thread.start()

    def ends(self) -> bool:
        self.thread.join(PATIENCE)
        return not self.thread.is_alive()


def test_a_provider_is_asked_by_as_many_as_it_has_places(server: ModelServer) -> None:
    ready = threading.Event()
    server.says(Say([say("One"), ready, STOP + DONE]), Say([say("Two") + STOP + DONE]))
    model = Provider(openai, name="m", base_url=server.url, queue=Queue(1))
    ears = [Ear(), Ear()]
    first = Asking(model, ears[0])
    assert ears[0].spoken.wait(PATIENCE)
    second = Asking(model, ears[1])
    assert ears[1].queued.wait(PATIENCE)
    assert (len(server.asked), ears[1].places) == (1, [1])
    ready.set()
    assert first.ends()
    assert second.ends()
    assert ([ear.words for ear in ears], ears[1].places) == (["One", "Two"], [1, 0])


def test_a_stopped_turn_leaves_the_queue_without_having_asked(server: ModelServer) -> None:
    server.says(Say([say("One"), Hold()]))
    model = Provider(openai, name="m", base_url=server.url, queue=Queue(1))
    ears = [Ear(), Ear()]
    first = Asking(model, ears[0])
    assert ears[0].spoken.wait(PATIENCE)
    second = Asking(model, ears[1])
    assert ears[1].queued.wait(PATIENCE)
    ears[1].stop()
    assert second.ends()
    assert (len(server.asked), second.steps) == (1, [Step("other", model="m")])
    ears[0].stop()
    assert first.ends()


def test_a_step_after_a_tools_result_goes_first(server: ModelServer) -> None:
    ready = threading.Event()
    server.says(Say([say("One"), ready, STOP + DONE]), Say([say("Two") + STOP + DONE]), Say([say("3") + STOP + DONE]))
    model = Provider(openai, name="m", base_url=server.url, queue=Queue(1))
    ears = [Ear(), Ear(), Ear()]
    first = Asking(model, ears[0])
    assert ears[0].spoken.wait(PATIENCE)
    new = Asking(model, ears[1])
    assert ears[1].queued.wait(PATIENCE)
    done = (Assistant("", (Call("a", "get_cart", {}),)), Result("a", "get_cart", {}))
    going_on = Asking(model, ears[2], replace(QUESTION, messages=(*QUESTION.messages, *done)))
    assert ears[2].queued.wait(PATIENCE)
    ready.set()
    assert first.ends()
    assert going_on.ends()
    assert new.ends()
    assert [ear.words for ear in ears] == ["One", "3", "Two"]


def test_a_refused_step_gives_its_place_to_the_next(server: ModelServer) -> None:
    server.says(Say(status=400), Say([say("Good") + STOP + DONE]))
    model = Provider(openai, name="m", base_url=server.url, queue=Queue(1))
    with pytest.raises(ModelRefused):
        model.stream(QUESTION, Ear())
    model.stream(QUESTION, ear := Ear())
    assert ear.words == "Good"


def test_a_fallback_elsewhere_has_places_of_its_own(server: ModelServer) -> None:
    queues = Queues(1)
    here, there = queues.at(server.url), queues.at("https://b.example")
    server.says(Say(status=401), Say([say("Good") + STOP + DONE]))
    first = Provider(openai, name="a", base_url=server.url, queue=here)
    second = Provider(openai, name="b", base_url=server.url, queue=there)
    Fallback(first, second).stream(QUESTION, ear := Ear())
    assert ear.words == "Good"
