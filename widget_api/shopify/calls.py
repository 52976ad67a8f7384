"""Calls: all exchanges with a shop that one request or one tool needs, under one deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from widget_api.problems import ShopBusy, ShopUnavailable
from widget_api.shopify.breaker import Admission, Breaker, Ending

TOO_LATE: Final = "The shop took too long to answer."
NOT_ASKED: Final = "The shop does not answer at the moment: try again in a moment."
# For whoever finds that too many others wait for the shop already.
RETRY_SECONDS: Final = 2


class Call:
    """A call: what it has left of its time, and what has come of it so far. Safe from any thread."""

    def __init__(self, seconds: float, refusal: ShopBusy | None = None) -> None:
        """With a `refusal` nothing is sent: every exchange raises it."""
        self.refusal = refusal
        self._deadline = time.monotonic() + seconds
        self._was_late = threading.Event()
        self._was_answered = threading.Event()

    @property
    def left(self) -> float:
        """The seconds until the deadline; not above 0 when it is over."""
        return self._deadline - time.monotonic()

    def grant(self, seconds: float) -> None:
        """Leave the call at least so many seconds from now."""
        self._deadline = max(self._deadline, time.monotonic() + seconds)

    @property
    def ending(self) -> Ending:
        """How it ended, or how it would if it ended now."""
        if self._was_late.is_set():
            return Ending.LATE
        return Ending.ANSWERED if self._was_answered.is_set() else Ending.UNASKED

    def note_answer(self) -> None:
        """An exchange was answered in time."""
        self._was_answered.set()

    def note_late(self) -> None:
        """An exchange was not answered in time."""
        self._was_late.set()


_CALL: ContextVar[Call | None] = ContextVar("call", default=None)


@contextmanager
def within(call: Call) -> Iterator[Call]:
    """Have the exchanges of this thread, and of threads that run in a copy of its context, belong to the call."""
    token = _CALL.set(call)
    try:
        yield call
    finally:
        _CALL.reset(token)


@contextmanager
def guarded(breaker: Breaker, seconds: float, *, is_admitted: bool) -> Iterator[Call]:
    """Begin a call that the breaker allows or refuses, and tell the breaker how it ended. A call that is not admitted
    for another reason is refused, too."""
    wait, is_probe = breaker.enter() if is_admitted else Admission(RETRY_SECONDS)
    if wait:
        with within(Call(seconds, ShopBusy(NOT_ASKED, retry_after=wait))) as call:
            yield call
        return
    call = Call(seconds)
    try:
        with within(call):
            yield call
    finally:
        breaker.leave(call.ending, is_probe=is_probe)


def time_left(most: float) -> float:
    """Return the seconds for the next exchange: `most`, or what the call has left. Outside of a call that is `most`.

    Raises `ShopBusy` when the shop is not to be asked, `ShopUnavailable` when the call's time is over.
    """
    call = _CALL.get()
    if call is None:
        return most
    if call.refusal:
        raise call.refusal
    if call.left <= 0:
        call.note_late()
        raise ShopUnavailable(TOO_LATE)
    return min(most, call.left)


def note(record: Callable[[Call], None]) -> None:
    """Record something of the call that is under way, if there is one."""
    if call := _CALL.get():
        record(call)
