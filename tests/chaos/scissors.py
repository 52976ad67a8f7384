"""How the connections of shoppers are cut."""

from __future__ import annotations

import asyncio
import random
from typing import Protocol


class Scissors(Protocol):
    """What cuts connections; each says when, or None."""

    def at_byte(self) -> int | None: ...  # of the answer's body
    def after_request(self) -> float | None: ...  # seconds, whatever has come by then
    def after_last_word(self) -> float | None: ...  # seconds
    def cut(self) -> None: ...  # it was


class Blunt:
    """Cuts nothing."""

    def at_byte(self) -> int | None:
        return None

    def after_request(self) -> float | None:
        return None

    def after_last_word(self) -> float | None:
        return None

    def cut(self) -> None:
        """Never."""


class Anywhere(Blunt):
    """Cuts each connection somewhere, until enough have been cut."""

    def __init__(self, cuts: int, rng: random.Random) -> None:
        self.done = 0
        self.enough = asyncio.Event()
        self._cuts, self._rng = cuts, rng

    def at_byte(self) -> int | None:
        return None if self.enough.is_set() else self._rng.randrange(1, 2500)

    def after_request(self) -> float | None:
        hasty = not self.enough.is_set() and self._rng.random() < 0.1
        return self._rng.uniform(0, 0.05) if hasty else None

    def cut(self) -> None:
        self.done += 1
        if self.done >= self._cuts:
            self.enough.set()


class NearEnd(Anywhere):
    """Cuts within 50 ms after the last word."""

    def at_byte(self) -> int | None:
        return None

    def after_request(self) -> float | None:
        return None

    def after_last_word(self) -> float | None:
        return None if self.enough.is_set() else self._rng.uniform(0, 0.05)
