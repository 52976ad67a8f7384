"""Whether a model answers, for the log and for `/readyz`: said once in a while, and without a provider's words."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

# The same trouble is logged again after so long.
REMIND_SECONDS: Final = 600.0

# In words that anybody may read.
_REASONS: Final = {
    401: "the provider refuses the key",
    402: "the provider asks for payment",
    403: "the provider refuses access",
    404: "the provider does not know the model",
    410: "the provider has retired the model",
    429: "the provider wants fewer requests",
}


def reason_for(status: int) -> str:
    """Return in words why a provider that answers with this HTTP status (0 for none) does not answer shoppers."""
    if status in _REASONS:
        return f"{_REASONS[status]} ({status})"
    if not status:
        return "the provider cannot be reached, or breaks off"
    return f"the provider {'fails' if status >= 500 else 'refuses every request'} ({status})"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a model does not answer, and since when."""

    reason: str
    since: datetime


class Condition:
    """What is known of one model: its trouble, None while it answers. Safe for any number of threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.trouble: Trouble | None = None
        self._clock = clock
        self._logged = ("", float("-inf"))
        self._lock = threading.Lock()

    def succeed(self) -> None:
        """The model has answered."""
        self.trouble = None

    def fail(self, reason: str) -> bool:
        """Note that the model does not answer. Returns whether the log should say so now."""
        with self._lock:
            since = self.trouble.since if self.trouble else datetime.now(UTC)
            self.trouble = Trouble(reason, since)
            logged, at = self._logged
            is_due = reason != logged or self._clock() - at >= REMIND_SECONDS
            if is_due:
                self._logged = (reason, self._clock())
            return is_due
