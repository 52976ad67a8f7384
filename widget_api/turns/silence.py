"""How long a turn has been silent: what its limit counts, and when its shopper is told that it still works."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

# A turn that talks all the time ends after so many times the limit of its silence, and not before so many seconds.
CEILING: Final = 5
CEILING_SECONDS: Final = 900.0
# After so long without a word from the model the shopper is told that it still works.
TELL_SECONDS: Final = 10.0


class Silence:
    """When a turn last gave a sign of life, and whether it waits for the model. All times are in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.began = self._heard = clock()
        self._queued_since: float | None = None
        self._queued = 0.0  # in all, before
        self._is_asking = False
        self._has_told = False

    @property
    def seconds(self) -> float:
        """How long the turn has run."""
        return self._clock() - self.began

    def end(self) -> None:
        """The turn has given a sign of life."""
        self._heard = self._clock()
        self._has_told = False

    def ask(self) -> None:
        """The model is asked: from now on silence is its own."""
        self._is_asking = True
        self.end()

    def act(self) -> None:
        """The model is not asked any more, or not yet."""
        self._is_asking = False
        self.end()

    def queue(self, *, waits: bool) -> None:
        """The turn waits for the model, or does not wait any more. Its waiting is no silence."""
        now = self._clock()
        if self._queued_since is not None:
            self._queued += now - self._queued_since
        self._queued_since = now if waits else None
        self.end()

    def is_too_long(self, seconds: float) -> bool:
        """Return whether the turn has been silent for so long, or has run for far longer than that."""
        if self._queued_since is not None:
            return False
        now, ceiling = self._clock(), max(CEILING_SECONDS, seconds * CEILING)
        return now - self._heard > seconds or now - self.began - self._queued > ceiling

    def is_to_be_told(self) -> bool:
        """Return whether the shopper should be told now that the model still works; once in each silence."""
        is_due = self._is_asking and self._queued_since is None and self._clock() - self._heard > TELL_SECONDS
        if not is_due or self._has_told:
            return False
        self._has_told = True
        return True
