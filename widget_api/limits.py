"""Request limits: who may do how much in which time. Moving windows, kept by the `limits` package."""

from __future__ import annotations

import time
from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from widget_api.config import ConfigError
from widget_api.problems import TooManyRequests

# Generous to addresses, for whole offices and phone networks sit behind one.
DEFAULT = {
    "messages": "20 per 10 minutes; 100 per day",  # of a session
    "address": "60 per 10 minutes",  # messages from an address
    "sessions": "30 per hour",  # begun by an address
    "reads": "600 per minute",  # every other request of an address
}


class Limits:
    """Named limits, each counted by what it is a limit of."""

    def __init__(self, rules: dict[str, list[RateLimitItem]]) -> None:
        self._rules = rules
        self._windows = MovingWindowRateLimiter(MemoryStorage())

    @classmethod
    def parse(cls, text: str) -> Limits:
        """Read `default`, `off`, or rules such as `messages=30 per hour, address=90 per hour`.

        Rules that are not named keep their default. Raises `ConfigError`.
        """
        if text == "off":
            return cls({})
        rules = dict(DEFAULT)
        for rule in text.split(",") if text != "default" else ():
            name, equals, limit = (piece.strip() for piece in rule.partition("="))
            if not equals or name not in DEFAULT:
                raise ConfigError(f"RATE_LIMITS has {rule!r}: write one of {', '.join(DEFAULT)} = a limit.")
            rules[name] = limit
        try:
            return cls({name: parse_many(limit) for name, limit in rules.items()})
        except ValueError as exc:
            raise ConfigError(f"RATE_LIMITS: {exc}: write limits as in `20 per 10 minutes`.") from exc

    def take(self, name: str, key: str) -> None:
        """Count one for `key`. Raises `TooManyRequests` with the seconds to wait."""
        for rule in self._rules.get(name, ()):
            if not self._windows.hit(rule, name, key):
                reset, _ = self._windows.get_window_stats(rule, name, key)
                seconds = max(1, round(reset - time.time()))
                raise TooManyRequests(f"Please wait {_words(seconds)} and try again.", retry_after=seconds)


def address_key(address: str) -> str:
    """The address to count by: IPv6 visitors own a whole /64, so it counts as one."""
    try:
        ip = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is None:
        return str(ip_network(f"{ip}/64", strict=False))
    return str(ip)


def _words(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 5400 else f"{round(seconds / 3600)} hours"
