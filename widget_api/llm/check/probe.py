"""One request to a model, and what was heard of its answer: the deltas, their times, and the fault it ended with."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from widget_api.llm.answer import Broken
from widget_api.llm.base import ContextExceeded, Model, Request, Step
from widget_api.problems import Problem


class Probe:
    """A sink that notes what arrives, and when, in seconds since it was made."""

    def __init__(self, is_enough: Callable[[Probe], bool], clock: Callable[[], float] = time.monotonic) -> None:
        """`is_enough(probe)` says, whenever something has arrived, whether what is there will do."""
        self.words = ""
        self.called: list[str] = []  # the tools, as soon as they are named
        self.first_word: float | None = None
        self.moments: list[float] = []  # when something arrived; what came together is one
        self.enough = threading.Event()
        self.stopped = False
        self.stopped_at = 0.0
        self.is_late = False  # stopped because its time was over
        self._is_enough = is_enough
        self._clock = clock
        self._start = clock()
        self._is_new = False
        self._lock = threading.Lock()
        self._closers: list[Callable[[], None]] = []

    @property
    def seconds(self) -> float:
        """Return how long ago the probe was made."""
        return self._clock() - self._start

    def text(self, delta: str) -> None:
        if self.first_word is None:
            self.first_word = self.seconds
        self.words += delta
        self._is_new = True

    def tool_input_start(self, call_id: str, name: str) -> None:  # noqa: ARG002  # a sink's signature
        self.called.append(name)
        self._is_new = True

    def tool_input_delta(self, call_id: str, delta: str) -> None:  # noqa: ARG002  # a sink's signature
        self._is_new = True

    def waiting(self, ahead: int) -> None:
        """Take no notice: the time is counted all the same."""

    def reset_step(self) -> None:
        """Forget what was said."""
        self.words = ""

    def flush(self) -> None:
        if self._is_new:
            self._is_new = False
            self.moments.append(self.seconds)
            if self._is_enough(self):
                self.enough.set()

    def on_stop(self, close: Callable[[], None]) -> None:
        with self._lock:
            self._closers.append(close)
            stopped = self.stopped
        if stopped:
            close()

    def stop_in_time(self, seconds: float) -> None:
        """End the answer, as a shopper's stop does, when it is enough or after so many seconds."""
        is_enough = self.enough.wait(seconds)
        with self._lock:
            self.is_late = not is_enough
            self.stopped = True
            self.stopped_at = self.seconds
            closers = list(self._closers)
        for close in closers:
            close()


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of one answer. `step` is None when it failed; then `reason` has the provider's own words."""

    words: str
    called: tuple[str, ...]
    moments: tuple[float, ...]
    first_word: float | None
    seconds: float
    step: Step | None = None
    reason: str = ""
    status: int = 0  # as of HTTP, 0 where there was none
    exceeded: ContextExceeded | None = None
    is_late: bool = False  # it was stopped because its time was over
    stop_seconds: float | None = None  # how long the stop took; None if it was not stopped


def ask(
    model: Model, request: Request, seconds: float, is_enough: Callable[[Probe], bool] = lambda _: False
) -> Heard:
    """Ask the model for one step. Stop it when its time is over, or as soon as what has arrived is enough.

    Returns what was heard, and raises nothing that is the model's fault.
    """
    probe = Probe(is_enough)
    stopper = threading.Thread(target=probe.stop_in_time, args=(seconds,), name="model check", daemon=True)
    stopper.start()
    try:
        return _listen(model, request, probe)
    finally:
        probe.enough.set()
        stopper.join()


def _listen(model: Model, request: Request, probe: Probe) -> Heard:
    try:
        step = model.stream(request, probe)
    except ContextExceeded as exc:
        return _heard(probe, reason=str(exc), status=400, exceeded=exc)
    except Problem as exc:
        broken = _cause(exc)
        return _heard(probe, reason=str(broken or exc), status=broken.status if broken else 0)
    return _heard(probe, step=step)


def _heard(
    probe: Probe,
    *,
    step: Step | None = None,
    reason: str = "",
    status: int = 0,
    exceeded: ContextExceeded | None = None,
) -> Heard:
    return Heard(
        words=probe.words,
        called=tuple(probe.called),
        moments=tuple(probe.moments),
        first_word=probe.first_word,
        seconds=probe.seconds,
        step=step,
        reason=reason,
        status=status,
        exceeded=exceeded,
        is_late=probe.is_late,
        stop_seconds=probe.seconds - probe.stopped_at if probe.stopped else None,
    )


def _cause(problem: BaseException) -> Broken | None:
    """Return what the problem was made of: the problem itself has words for shoppers only."""
    cause: BaseException | None = problem
    while cause:
        if isinstance(cause, Broken):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None
