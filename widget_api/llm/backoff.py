"""How long to wait before a provider is asked again."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_SECONDS = 0.5

_RANDOM = random.SystemRandom()
_SECONDS = re.compile(r"\d{1,9}(\.\d+)?")


def backoff(retry: int) -> float:
    """Seconds before retry number `retry` (from 0): twice as long each time, and each client at its own moment."""
    longest: float = FIRST_SECONDS * 2**retry
    return _RANDOM.uniform(longest / 2, longest)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float:
    """The seconds that `Retry-After` asks for (RFC 9110, section 10.2.3), 0 where it says nothing."""
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    return max(0.0, (then.astimezone(UTC) - (now or datetime.now(UTC))).total_seconds())
