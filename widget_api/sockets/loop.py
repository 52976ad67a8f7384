"""An event loop: one thread a process that waits for all its sockets and timers at once."""

from __future__ import annotations

import heapq
import itertools
import logging
import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

logger = logging.getLogger(__name__)

# To wake up costs more than most of what it wakes up for: where that happens so often, the loop lets things come
# together for a moment that nobody sees.
BUSY_A_SECOND = 1000
MOMENT_SECONDS = 0.004
COUNT_SECONDS = 0.1

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Timer:
    """A call that is due some time from now, unless it is cancelled before."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], object]) -> None:
        self.call: Callable[[], object] | None = call

    def cancel(self) -> None:
        self.call = None


class Loop:
    """Calls back when sockets are ready and when time has come, all in one thread: no call may block."""

    def __init__(self) -> None:
        self._soon: deque[Callable[[], object]] = deque()
        self._timers: list[tuple[float, int, Timer]] = []  # a heap: when, a number that tells equals apart, what
        self._numbers = itertools.count()
        self._asleep = False  # who wants to be heard must ring
        self.now = time.monotonic()  # at most as long ago as the loop has been asleep since
        self._calls, self._count_until = 0, 0.0  # for sockets that were ready
        self._busy = False
        self._ear, self._bell = os.pipe()
        self._closing = self._over = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._ear, READ, lambda _: os.read(self._ear, 4096))
        for end in (self._ear, self._bell):
            os.set_blocking(end, False)
        self._thread = threading.Thread(target=self._run, name="sockets", daemon=True)
        self._thread.start()

    # from any thread

    def call_soon(self, call: Callable[[], object]) -> None:
        """Have `call` called in the loop's thread. Calls keep their order."""
        self._soon.append(call)
        if self._asleep:
            with suppress(BlockingIOError):  # it has been rung often enough
                os.write(self._bell, b"!")

    def close(self, within: float) -> None:
        """End the loop when nothing is watched any more, `within` seconds from now at the latest."""
        self.call_soon(lambda: self._close(within))
        self._thread.join()
        self._selector.close()
        os.close(self._ear)
        os.close(self._bell)

    # in the loop's thread

    def watch(self, connection: socket.socket, events: int, call: Callable[[int], object]) -> None:
        """Call `call(events)` whenever the connection is ready for any of the `events`, until it is forgotten."""
        self._selector.register(connection, events, call)

    def rewatch(self, connection: socket.socket, events: int, call: Callable[[int], object]) -> None:
        """The same for other events of a connection that is watched."""
        self._selector.modify(connection, events, call)

    def forget(self, connection: socket.socket) -> None:
        """Watch it no more; to be said before it is closed."""
        self._selector.unregister(connection)

    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer:
        """Have `call` called so many seconds from now."""
        timer = Timer(call)
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._numbers), timer))
        return timer

    # within

    def _run(self) -> None:
        while not self._over:
            ready = self._selector.select(self._patience())
            self._asleep = False
            self.now = time.monotonic()
            self._calls += len(ready)
            for key, events in ready:
                self._call(key.data, events)
            while self._timers and self._timers[0][0] <= self.now:
                _, _, timer = heapq.heappop(self._timers)
                if timer.call:
                    self._call(timer.call)
            for _ in range(len(self._soon)):
                self._call(self._soon.popleft())
            if self._closing and len(self._selector.get_map()) == 1:  # its own bell
                self._over = True
            self._gather()

    def _gather(self) -> None:
        if self.now >= self._count_until:
            self._busy = self._calls > BUSY_A_SECOND * COUNT_SECONDS
            self._calls, self._count_until = 0, self.now + COUNT_SECONDS
        if self._busy:
            time.sleep(MOMENT_SECONDS)

    def _patience(self) -> float | None:
        """How long there is nothing to do but wait for sockets."""
        self._asleep = True  # before the look at `_soon`: what comes after it rings
        if self._soon:
            return 0
        return max(0.0, self._timers[0][0] - self.now) if self._timers else None

    def _call(self, call: Callable[..., object], *arguments: object) -> None:
        """What goes wrong with one connection is nothing to the others."""
        try:
            call(*arguments)
        except Exception:
            logger.exception("a callback of the sockets' loop failed")

    def _close(self, within: float) -> None:
        def end() -> None:
            self._over = True

        self._closing = True
        self.call_later(within, end)


_loops: dict[int, Loop] = {}
_making = threading.Lock()


def loop() -> Loop:
    """The loop of this process, which is not that of the process it was forked from."""
    with _making:
        found = _loops.get(os.getpid())
        if found is None:
            _loops.clear()
            found = _loops[os.getpid()] = Loop()
        return found


def close(within: float) -> None:
    """End the loop of this process, if it has one; see `Loop.close`."""
    with _making:
        ending = _loops.pop(os.getpid(), None)
    if ending:
        ending.close(within)
