"""What was learnt about an address, kept for a while in the process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

MOST = 10_000


class Memory(Generic[T]):
    """One thing an address, for so long. Safe from any thread, and bounded in number and in size: the oldest entries
    go first."""

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float],
        most: int = MOST,
        *,
        size: Callable[[T], int] = lambda _: 0,
        most_size: int = 0,
    ) -> None:
        """`clock` tells the time in seconds; at most `most` things are kept, of which `size` comes to `most_size` at
        most."""
        self._size = size
        self._most_size = most_size
        self._sizes = 0
        self._seconds = seconds
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, T]] = {}

    def get(self, url: str) -> T | None:
        """What is known of `url`; None when that is nothing, or too old."""
        with self._lock:
            return self._get(url)

    def put(self, url: str, thing: T, seconds: float | None = None) -> None:
        """Remember `thing` of `url`, for another time than usual if `seconds` says so."""
        with self._lock:
            self._put(url, thing, seconds)

    def add(self, url: str, thing: T) -> bool:
        """Remember `thing` unless something is known of `url` already. Return whether it was remembered."""
        with self._lock:
            if self._get(url) is not None:
                return False
            self._put(url, thing, None)
            return True

    def drop(self, url: str) -> None:
        """Forget what is known of `url`."""
        with self._lock:
            self._drop(url)

    def _get(self, url: str) -> T | None:
        until, thing = self._kept.get(url, (0.0, None))
        return thing if thing is not None and self._clock() < until else None

    def _put(self, url: str, thing: T, seconds: float | None) -> None:
        self._drop(url)  # so that it stands behind all that was learnt earlier
        self._sizes += self._size(thing)
        while self._kept and (len(self._kept) >= self._most or self._sizes > self._most_size):
            self._drop(next(iter(self._kept)))
        self._kept[url] = (self._clock() + (self._seconds if seconds is None else seconds), thing)

    def _drop(self, url: str) -> None:
        _, thing = self._kept.pop(url, (0.0, None))
        self._sizes -= 0 if thing is None else self._size(thing)
