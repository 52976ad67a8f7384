"""The places for streams: so many a process, and few for each answer and each address."""

from __future__ import annotations

import threading
from collections.abc import Callable

from widget_api.addresses import scopes
from widget_api.problems import Busy, TooManyRequests
from widget_api.streams.readers import Reader, Readers, Scope

# A quarter of all places, and of an address's, is for those who send. Readers of one answer cannot take it.
KEPT_FOR_SENDS = 4
READ_AGAIN_SECONDS = 5

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


class Places:
    """A number of places, taken and given back. Refuses at once when all are taken."""

    def __init__(self, number: int, readers: Readers | None = None, at_address: int | None = None) -> None:
        """`at_address` is how many an address may have, in all processes; None for any number."""
        self._left = number
        self._kept = number // KEPT_FOR_SENDS
        self._at_address = at_address
        self._readers = readers or Readers()
        self._lock = threading.Lock()

    def take(self, address: str, *, sends: bool) -> Place:
        """Take a place, for somebody at that address (its key) who `sends` a message or only reads an answer.

        Raises `Busy` when all are taken, and `TooManyRequests` when the address has as many as it may have.
        """
        with self._lock:
            if self._left <= (0 if sends else self._kept):
                raise Busy("Please try again in a moment.", retry_after=2)
            self._left -= 1
        reader = None
        try:
            reader = self._readers.enter(self._scopes(address, sends=sends))
        finally:
            if reader is None:
                self._free()
        if reader is None:
            raise TooManyRequests(_FULL, retry_after=READ_AGAIN_SECONDS)
        return Place(self._free, self._readers, reader)

    def _scopes(self, address: str, *, sends: bool) -> list[Scope]:
        if self._at_address is None:
            return []
        kept = 0 if sends else self._at_address // KEPT_FOR_SENDS
        return [Scope(key, (self._at_address - kept) * times) for key, times in scopes(address)]

    def _free(self) -> None:
        with self._lock:
            self._left += 1

    def close(self) -> None:
        """Close what has been opened."""
        self._readers.close()
