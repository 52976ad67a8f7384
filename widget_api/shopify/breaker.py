"""Circuit breakers: a shop that does not answer in time is left alone for a while, and then asked once."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from enum import Enum, auto
from typing import Final, NamedTuple

logger = logging.getLogger(__name__)

# So many calls in a row must have been too late. A shop that is slow now and then is still asked.
FAILURES: Final = 5
# Then nobody asks for so long; twice as long after each probe that is too late as well.
FIRST_PAUSE: Final = 10
LONGEST_PAUSE: Final = 80
# How long to wait for the result of another's probe.
PROBE_SECONDS: Final = 2


class Ending(Enum):
    """How a call ended."""

    ANSWERED = auto()
    LATE = auto()
    UNASKED = auto()  # nothing had to be asked, or the connection was refused at once


class Admission(NamedTuple):
    """What a breaker says to a call: it may ask the shop when there is nothing to wait for, perhaps as the probe."""

    wait_seconds: int
    is_probe: bool = False


class Breaker:
    """The breaker of one shop, in this process. Closed: everybody asks. Open: nobody does. Half open: one does."""

    def __init__(self, shop: str, clock: Callable[[], float]) -> None:
        self._shop = shop
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._pause = FIRST_PAUSE
        self._open_until = 0.0
        self._is_probed = False

    def enter(self) -> Admission:
        """Return whether the shop may be asked. Whoever may calls `leave` afterwards."""
        with self._lock:
            if self._failures < FAILURES:
                return Admission(0)
            left = self._open_until - self._clock()
            if left > 0:
                return Admission(math.ceil(left))
            if self._is_probed:
                return Admission(PROBE_SECONDS)
            self._is_probed = True
            return Admission(0, is_probe=True)

    def leave(self, ending: Ending, *, is_probe: bool) -> None:
        """Take note of how a call ended that was allowed to ask."""
        with self._lock:
            if ending is Ending.ANSWERED:
                self._close()
            elif ending is Ending.LATE:
                self._count(is_probe=is_probe)
            if is_probe:
                self._is_probed = False

    def _close(self) -> None:
        if self._failures >= FAILURES:
            logger.warning("%s answers again.", self._shop)
        self._failures = 0
        self._pause = FIRST_PAUSE

    def _count(self, *, is_probe: bool) -> None:
        self._failures += 1
        if self._failures == FAILURES or is_probe:
            self._open_until = self._clock() + self._pause
            logger.warning(
                "%s did not answer %d calls in time: it is not asked for %d s.",
                *(self._shop, self._failures, self._pause),
            )
            self._pause = min(2 * self._pause, LONGEST_PAUSE)


class Breakers:
    """The breakers of all shops."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}
        self._lock = threading.Lock()

    def of(self, shop: str) -> Breaker:
        """Return the shop's breaker."""
        with self._lock:
            if shop not in self._breakers:
                self._breakers[shop] = Breaker(shop, self._clock)
            return self._breakers[shop]
