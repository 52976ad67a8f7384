"""Shops that want to be asked later: how they say so, and for how long."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Any, Final

from widget_api.problems import ShopUnavailable
from widget_api.shopify.http import Reply
from widget_api.shopify.refusals import UNAUTHORIZED
from widget_api.shopify.words import words

# A shopper is waiting: a longer pause than this is the shopper's to decide on.
SHORT_PAUSE: Final = 2.0
DEFAULT_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 3600.0
# A date of HTTP has 29.
DATE_CHARACTERS: Final = 100

_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def is_to_be_repeated(reply: Reply, message: dict[str, Any], *, changes: bool) -> bool:
    """Return whether the shop wants the request once more: it is asked too much, or is busy and says for how long.

    UCP lets a shop fetch our profile in the meantime ("Fetching", 503). What changes something is sent again only
    when the shop counts requests, which it does before it acts.
    """
    if _is_rate_limit(reply, message):
        return True
    return not changes and _is_busy(reply, message) and (_named_pause(reply, message) is not None)


def busy_problem(reply: Reply, message: dict[str, Any]) -> ShopUnavailable | None:
    """Return the problem when the shop has no time, with the pause that it named; None when it has."""
    if _is_rate_limit(reply, message):
        return too_many(pause_of(reply, message))
    if _is_busy(reply, message):
        named = _named_pause(reply, message)
        return ShopUnavailable(retry_after=None if named is None else max(1, round(named)))
    return None


def _is_rate_limit(reply: Reply, message: dict[str, Any]) -> bool:
    """Look at the status and at the words: Shopify sends either, the words also with status 200."""
    error = _error(message)
    said = words(error.get("message")) if error.get("code") == UNAUTHORIZED else ""
    return reply.status == 429 or "rate limit" in said.lower()


def _is_busy(reply: Reply, message: dict[str, Any]) -> bool:
    """Look at the status, and for a pause in an error that is not about the request itself."""
    error = _error(message)
    return reply.status == 503 or (error.get("code") == UNAUTHORIZED and _pause_in(error) is not None)


def too_many(pause: float) -> ShopUnavailable:
    """Return the problem of a shop that is asked too much; `pause` is in seconds."""
    return ShopUnavailable("The shop is asked too much at the moment.", retry_after=max(1, round(pause)))


def pause_of(reply: Reply, message: dict[str, Any]) -> float:
    """Return the seconds to wait: those that the shop named, or the usual."""
    named = _named_pause(reply, message)
    return DEFAULT_PAUSE if named is None else named


def _named_pause(reply: Reply, message: dict[str, Any]) -> float | None:
    """Return the seconds that the shop named, in the header or in the error's data, or None."""
    named = _pause_in(_error(message))
    if named is None:
        named = _retry_after(reply)
    return None if named is None else float(min(max(named, 0.0), LONGEST_PAUSE))


def _pause_in(error: dict[str, Any]) -> float | None:
    data = error.get("data")
    named = data.get("retry_after") if isinstance(data, dict) else None
    if isinstance(named, str) and _SECONDS.fullmatch(named):
        return float(named)
    return None if isinstance(named, bool) or not isinstance(named, int | float) else named


def _error(message: dict[str, Any]) -> dict[str, Any]:
    error = message.get("error")
    return error if isinstance(error, dict) else {}


def _retry_after(reply: Reply) -> float | None:
    """Read the header's seconds or date (RFC 9110, section 10.2.3)."""
    text = reply.header("Retry-After").strip()[:DATE_CHARACTERS]
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        now = parsedate_to_datetime(reply.header("Date")[:DATE_CHARACTERS])
        return (parsedate_to_datetime(text) - now).total_seconds()
    except (ValueError, TypeError):
        return None
