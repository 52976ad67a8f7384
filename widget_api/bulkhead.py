"""Bulkheads: places that all shops share, so that one slow shop cannot take them from the others."""

from __future__ import annotations

import threading
from collections import Counter


class Bulkhead:
    """A number of places, of which every shop gets some and none gets all.

    A shop gets a place while it holds fewer than `share` times as many as are free (the "dynamic threshold" of
    Choudhury and Hahne, 1998). So a shop alone may hold `share / (share + 1)` of the places, and however many shops
    are slow, a shop that holds none finds one as long as any is free.
    """

    def __init__(self, places: int, *, share: int = 1, most: int | None = None) -> None:
        """`most` is what a shop may hold at any time, whatever is free."""
        self._free = places
        self._share = share
        self._most = places if most is None else most
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, shop: str) -> bool:
        """Take a place for the shop and return True, or return False at once when it gets none."""
        with self._lock:
            if self._held[shop] >= min(self._most, self._share * self._free):
                return False
            self._held[shop] += 1
            self._free -= 1
            return True

    def give_back(self, shop: str) -> None:
        """Give back one place of the shop."""
        with self._lock:
            self._free += 1
            self._held[shop] -= 1
            if not self._held[shop]:
                del self._held[shop]
