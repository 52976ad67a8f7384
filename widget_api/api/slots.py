"""Slots: how many requests may do the same costly work at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

from widget_api.problems import Busy


class Slots:
    """A number of slots, taken and given back. Refuses at once when all are taken."""

    def __init__(self, number: int) -> None:
        self._free = threading.Semaphore(number)

    def take(self) -> Callable[[], None]:
        """Take a slot; call what is returned, once or more, to give it back. Raises `Busy`."""
        if not self._free.acquire(blocking=False):
            raise Busy("Please try again in a moment.", retry_after=2)
        given_back = threading.Lock()

        def give_back() -> None:
            if given_back.acquire(blocking=False):
                self._free.release()

        return give_back
