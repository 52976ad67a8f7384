"""What was learnt about an address, kept for a while in the process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memory(Generic[T]):
    """One thing an address, for so long. Safe from any thread; as many entries as there are shops."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        """`clock` tells the time in seconds."""
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, T]] = {}

    def get(self, url: str) -> T | None:
        """What is known of `url`; None when that is nothing, or too old."""
        with self._lock:
            until, thing = self._kept.get(url, (0.0, None))
            return thing if thing is not None and self._clock() < until else None

    def put(self, url: str, thing: T) -> None:
        """Remember `thing` of `url`."""
        with self._lock:
            self._kept[url] = (self._clock() + self._seconds, thing)

    def drop(self, url: str) -> None:
        """Forget what is known of `url`."""
        with self._lock:
            self._kept.pop(url, None)
