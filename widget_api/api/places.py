"""The places for streams: so many a process, and few for each answer and each address."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from widget_api.addresses import scopes
from widget_api.problems import Busy, TooManyRequests
from widget_api.streams.readers import Reader, Readers, Scope

# A quarter of all places, and of an address's, is for those who send. Readers of one answer cannot take it.
KEPT_FOR_SENDS = 4
READ_AGAIN_SECONDS = 5
# The last eighth of the places is for shops that have less than half, if others have asked within these seconds.
SHORT = 8
ASKED_SECONDS = 600

_FULL = "Too many answers are being read from this network: please try again in a moment."


class Place:
    """A place that was taken. Giving it back more than once is giving it back."""

    def __init__(self, free: Callable[[], None], readers: Readers, reader: Reader) -> None:
        self._free: Callable[[], None] | None = free
        self._readers = readers
        self._reader = reader
        self._lock = threading.Lock()

    def read(self, turn: str, send_away: Callable[[], None]) -> None:
        """Read that turn in it. `send_away` is called when the turn has too many newer readers."""
        self._readers.sit(self._reader, turn, send_away)

    def give_back(self) -> None:
        """Leave it to others. Never waits."""
        with self._lock:
            free, self._free = self._free, None
        if free:
            self._readers.leave(self._reader)
            free()


class Shares:
    """What each shop has of the places. Where several shops ask, none has more than half while others are short."""

    def __init__(self, number: int) -> None:
        self._half, self._short = number // 2, number // SHORT
        self.taken: Counter[int] = Counter()
        self._asked: dict[int, float] = {}  # when each shop last asked, the last one at the end

    def has_all(self, shop: int, left: int) -> bool:
        """Return whether the shop, which asks, has all that it may have of the places with so many left."""
        now = time.monotonic()
        self._asked.pop(shop, None)
        self._asked[shop] = now
        while self._asked[oldest := next(iter(self._asked))] < now - ASKED_SECONDS:
            del self._asked[oldest]
            if not self.taken[oldest]:
                del self.taken[oldest]
        return len(self._asked) > 1 and left <= self._short and self.taken[shop] >= self._half


class Places:
    """A number of places, taken and given back. Refuses at once when all are taken."""

    def __init__(self, number: int, readers: Readers | None = None, at_address: int | None = None) -> None:
        """`at_address` is how many an address may have, in all processes; None for any number."""
        self._left = number
        self._kept = number // KEPT_FOR_SENDS
        self._shops = Shares(number)
        self._at_address = at_address
        self._readers = readers or Readers()
        self._lock = threading.Lock()

    def take(self, address: str, *, sends: bool, shop: int = 0) -> Place:
        """Take a place, for somebody at that address (its key) who `sends` a message or only reads an answer.

        Raises `Busy` when all are taken, or the shop has its share, and `TooManyRequests` when the address has as
        many as it may have.
        """
        with self._lock:
            has_share = self._shops.has_all(shop, self._left)
            if has_share or self._left <= (0 if sends else self._kept):
                raise Busy("Please try again in a moment.", retry_after=2)
            self._left -= 1
            self._shops.taken[shop] += 1
        reader = None
        try:
            reader = self._readers.enter(self._scopes(address, sends=sends))
        finally:
            if reader is None:
                self._free(shop)
        if reader is None:
            raise TooManyRequests(_FULL, retry_after=READ_AGAIN_SECONDS)
        return Place(partial(self._free, shop), self._readers, reader)

    def _scopes(self, address: str, *, sends: bool) -> list[Scope]:
        if self._at_address is None:
            return []
        kept = 0 if sends else self._at_address // KEPT_FOR_SENDS
        return [Scope(key, (self._at_address - kept) * times) for key, times in scopes(address)]

    def _free(self, shop: int) -> None:
        with self._lock:
            self._left += 1
            self._shops.taken[shop] -= 1

    def close(self) -> None:
        """Close what has been opened."""
        self._readers.close()
