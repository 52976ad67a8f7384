"""Moving windows in the memory of this process, for `limits`: their upkeep costs the same however many there are."""

from __future__ import annotations

import threading
import time
from array import array
from bisect import bisect_left
from collections import ChainMap, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from limits.storage import MovingWindowSupport, Storage

# Of the windows of one length. Beyond these the one that has been quiet for longest is forgotten.
MOST_KEYS = 100_000
MOST_HITS = 1_000_000
# Each hit looks at so many old windows, which is more than it can add.
LOOKED_AT = 2


@dataclass(slots=True)
class _Shelf:
    """The windows of one length in seconds, those that were hit last at the end."""

    length: int
    windows: OrderedDict[str, array[float]] = field(default_factory=OrderedDict)
    hits: int = 0

    def current(self, key: str, now: float) -> array[float]:
        """Return the hits of the key that still count."""
        window = self.windows.get(key)
        if window is None:
            return array("d")
        old = bisect_left(window, now - self.length)
        del window[:old]
        self.hits -= old
        return window

    def add(self, key: str, window: array[float], now: float, amount: int) -> None:
        window.extend([now] * amount)
        self.windows[key] = window
        self.windows.move_to_end(key)
        self.hits += amount

    def tidy(self, now: float, most_keys: int, most_hits: int) -> None:
        """Forget some of what does not count any more, and what is too much."""
        for _ in range(LOOKED_AT):
            oldest = next(iter(self.windows.values()), None)
            if oldest is None or (oldest and oldest[-1] >= now - self.length):
                break
            self._forget_oldest()
        while len(self.windows) > most_keys or (self.hits > most_hits and len(self.windows) > 1):
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, window = self.windows.popitem(last=False)
        self.hits -= len(window)

    def drop(self, key: str) -> None:
        self.hits -= len(self.windows.pop(key, ()))


class Windows(Storage, MovingWindowSupport):
    """A storage for `MovingWindowRateLimiter`. Safe from any thread."""

    STORAGE_SCHEME = None

    def __init__(self, most_keys: int = MOST_KEYS, most_hits: int = MOST_HITS) -> None:
        super().__init__()
        self._most = (most_keys, most_hits)
        self._shelves: dict[int, _Shelf] = {}
        self._lock = threading.Lock()

    @property
    def events(self) -> Mapping[str, array[float]]:
        """The hits of each key that is remembered."""
        return ChainMap(*(shelf.windows for shelf in self._shelves.values()))

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` hits. Returns False, and counts none, when they would be too many in `expiry` seconds."""
        now = time.monotonic()
        with self._lock:
            shelf = self._shelves.setdefault(expiry, _Shelf(expiry))
            window = shelf.current(key, now)
            if len(window) + amount > limit:
                return False
            shelf.add(key, window, now, amount)
            shelf.tidy(now, *self._most)
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002 - the interface
        """Return when the oldest hit that counts was made, in seconds since 1970, and how many count."""
        now = time.monotonic()
        with self._lock:
            shelf = self._shelves.get(expiry)
            window = shelf.current(key, now) if shelf else array("d")
            return time.time() - (now - window[0] if window else 0.0), len(window)

    def clear(self, key: str) -> None:
        with self._lock:
            for shelf in self._shelves.values():
                shelf.drop(key)

    def reset(self) -> int:
        with self._lock:
            count = sum(len(shelf.windows) for shelf in self._shelves.values())
            self._shelves.clear()
            return count

    def check(self) -> bool:
        return True

    # of other strategies

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise NotImplementedError

    def get(self, key: str) -> int:
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        raise NotImplementedError
