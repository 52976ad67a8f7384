"""One thread waits for all sockets and timers of a process."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from widget_api.sockets.loop import READ, WRITE, Loop, close, loop

# Only a test that fails waits so long.
PATIENCE = 20
ROOT = Path(__file__).parents[1]


@pytest.fixture
def own() -> Iterator[Loop]:
    """A loop for one test."""
    made = Loop()
    yield made
    made.close(within=0)


class Heard:
    """Remembers what it was told, and in which thread."""

    def __init__(self, number: int) -> None:
        self.said: list[Any] = []
        self.threads: set[str] = set()
        self._number = number
        self._all = threading.Event()

    def __call__(self, what: object = None) -> None:
        self.said.append(what)
        self.threads.add(threading.current_thread().name)
        if len(self.said) == self._number:
            self._all.set()

    def wait(self) -> list[Any]:
        assert self._all.wait(PATIENCE)
        return self.said


def test_calls_of_many_threads_are_made_in_one_and_keep_each_threads_order(own: Loop) -> None:
    heard = Heard(4000)

    def say(name: str) -> None:
        for number in range(1000):
            own.call_soon(partial(heard, (name, number)))

    threads = [threading.Thread(target=say, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    said = heard.wait()
    assert {name: [number for who, number in said if who == name] for name in "abcd"} == {
        name: list(range(1000)) for name in "abcd"
    }
    assert heard.threads == {"sockets"}


def test_what_a_call_asks_for_is_called_too(own: Loop) -> None:
    heard = Heard(2)

    def first() -> None:
        heard("first")
        own.call_soon(lambda: heard("second"))

    own.call_soon(first)
    assert heard.wait() == ["first", "second"]


def test_timers_are_called_in_the_order_in_which_they_are_due_and_not_before(own: Loop) -> None:
    heard, begun = Heard(4), time.monotonic()

    def ask() -> None:
        for seconds in (0.03, 0.01, 0.02, 0.01):
            own.call_later(seconds, lambda seconds=seconds: heard((seconds, time.monotonic() - begun)))  # type: ignore[misc]

    own.call_soon(ask)
    said = heard.wait()
    assert [due for due, _ in said] == [0.01, 0.01, 0.02, 0.03]
    assert all(at >= due for due, at in said)


def test_a_cancelled_timer_is_not_called(own: Loop) -> None:
    heard = Heard(1)

    def ask() -> None:
        own.call_later(0, lambda: heard("cancelled")).cancel()
        own.call_later(0.01, lambda: heard("kept"))

    own.call_soon(ask)
    assert heard.wait() == ["kept"]


def test_a_connection_is_watched_for_what_was_asked_until_it_is_forgotten(own: Loop) -> None:
    ours, theirs = socket.socketpair()
    heard = Heard(3)

    def ready(events: int) -> None:
        if events & WRITE:
            own.rewatch(ours, READ, ready)
            heard("writable")
            theirs.send(b"a")
        if events & READ:
            heard(ours.recv(1))
            own.forget(ours)
            theirs.send(b"b")
            own.call_later(0.01, lambda: heard("later"))

    with ours, theirs:
        own.call_soon(lambda: own.watch(ours, WRITE, ready))
        assert heard.wait() == ["writable", b"a", "later"]
        assert ours.recv(1) == b"b"


def test_a_call_that_fails_ends_nothing_but_itself(own: Loop, caplog: pytest.LogCaptureFixture) -> None:
    heard = Heard(3)
    ours, theirs = socket.socketpair()

    def fail(events: int = 0) -> None:
        if events:
            own.forget(ours)
        heard(None)
        raise ValueError("on purpose")

    with ours, theirs, caplog.at_level(logging.ERROR):
        theirs.send(b"a")
        own.call_soon(lambda: own.watch(ours, READ, fail))
        own.call_soon(fail)
        own.call_soon(lambda: own.call_later(0, fail))
        heard.wait()
        after = Heard(1)
        own.call_soon(lambda: after("still there"))
        after.wait()
    assert caplog.text.count("ValueError: on purpose") == 3


def test_it_ends_when_nothing_is_watched_any_more_or_the_time_is_over() -> None:
    for idle in (True, False):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ending = Loop()
            ending.call_soon(lambda: ending.watch(ours, READ, lambda _: ending.forget(ours)))  # noqa: B023
            if idle:
                theirs.send(b"a")
            ending.close(within=PATIENCE if idle else 0.01)


FORKING = """
import os
from concurrent.futures import Future
from widget_api.sockets.loop import loop

def heard():
    said = Future()
    loop().call_soon(lambda: said.set_result(os.getpid()))
    assert said.result(20) == os.getpid()
    return loop()

assert heard() is heard()
child = os.fork()
heard()
if child:
    assert os.waitpid(child, 0) == (child, 0)
os._exit(0)
"""


def test_a_process_has_one_loop_and_a_fork_its_own() -> None:
    subprocess.run([sys.executable, "-c", FORKING], check=True, timeout=60, cwd=ROOT)


def test_after_its_end_a_process_may_begin_another() -> None:
    before = loop()
    close(within=0)
    assert loop() is not before
    said = Heard(1)
    loop().call_soon(lambda: said("here"))
    assert said.wait() == ["here"]


def test_what_comes_in_a_rush_is_gathered_and_none_of_it_is_lost(own: Loop) -> None:
    ends = [socket.socketpair() for _ in range(20)]
    pieces, bytes_each = 20, 500
    heard = [bytearray() for _ in ends]
    all_heard = threading.Event()

    def read(number: int, _events: int) -> None:
        heard[number] += ends[number][1].recv(1 << 16)
        if all(len(said) == pieces * bytes_each for said in heard):
            all_heard.set()

    for number, (_, receiver) in enumerate(ends):
        receiver.setblocking(False)
        own.call_soon(partial(own.watch, receiver, READ, partial(read, number)))
    said = [bytes(each % 251 for each in range(bytes_each))] * pieces
    writers = [threading.Thread(target=lambda end=end: [end.send(piece) for piece in said]) for end, _ in ends]
    for thread in writers:
        thread.start()
    is_heard = all_heard.wait(PATIENCE)
    for thread in writers:
        thread.join()
    for sender, receiver in ends:
        sender.close()
        own.call_soon(partial(own.forget, receiver))
        own.call_soon(receiver.close)
    assert is_heard
    assert all(each == b"".join(said) for each in heard)
