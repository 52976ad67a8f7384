"""Request limits: who may do how much in which time, and how much at once.

Moving windows, kept by the `limits` package in this process, or in Redis, where all processes count together.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from widget_api.addresses import address_key, scopes
from widget_api.config import ConfigError
from widget_api.problems import TooManyRequests
from widget_api.windows import Windows

__all__ = ("AT_ONCE", "DEFAULT", "Limits", "address_key")

logger = logging.getLogger(__name__)

# A request waits so long for Redis, and after that none does for a while: the windows of this process stand in.
REDIS_SECONDS = 0.25
RETRY_SECONDS = 2
MOST_AT_ONCE = 20_000

# Generous to addresses, for whole offices and phone networks sit behind one.
DEFAULT = {
    "messages": "20 per 10 minutes; 100 per day",  # of a session
    "address": "60 per 10 minutes",  # messages from an address
    "sessions": "30 per hour",  # begun by an address
    "reads": "600 per minute",  # every other request of an address
    "shop": "60 per minute",  # requests of a session that ask its shop
    "shop-address": "300 per minute",  # requests of an address that ask a shop
    "exports": "6 per minute",  # files and links that a session makes of whole conversations
    "follows": "60 per minute",  # times that a session comes to read an answer that runs
}
# What is counted while it lasts.
AT_ONCE = {
    "turns": 2,  # running answers of a session
    "readers": 4,  # of one answer, all of them the session's
    "address-readers": 20,  # readers at an address
}


class _InRedis(RedisStorage):
    """Windows in Redis, and by its clock: those of the processes that count together may differ."""

    SCRIPT_ACQUIRE_MOVING_WINDOW = (
        b"local now = redis.call('TIME')\n"
        b"ARGV[1] = now[1] + now[2] / 1000000\n" + RedisStorage.SCRIPT_ACQUIRE_MOVING_WINDOW
    )

    def __init__(self, url: str) -> None:
        patience: dict[str, Any] = {
            "socket_timeout": REDIS_SECONDS,
            "socket_connect_timeout": REDIS_SECONDS,
            "retry": None,
        }
        super().__init__(url, key_prefix="chat:limits", wrap_exceptions=True, protocol=2, **patience)

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        seconds, microseconds = self.storage.time()
        now = seconds + microseconds / 1_000_000
        found = self.lua_moving_window([self.prefixed_key(key)], [now - expiry, limit])
        oldest, count = found or (now, 0)
        return float(oldest) - now + time.time(), int(count)


class Limits:
    """Named limits, each counted by what it is a limit of."""

    def __init__(
        self, rules: dict[str, list[RateLimitItem]], redis_url: str = "", at_once: Mapping[str, int] | None = None
    ) -> None:
        """`at_once` has the numbers of `AT_ONCE`; what is not in it has no limit."""
        self._rules = rules
        self._at_once = at_once or {}
        self._own = MovingWindowRateLimiter(Windows())
        self._redis = _InRedis(redis_url) if redis_url else None
        self._shared = MovingWindowRateLimiter(self._redis) if self._redis else None
        self._shared_from = 0.0  # on the monotonic clock: when Redis may be asked again

    @classmethod
    def parse(cls, text: str, redis_url: str = "") -> Limits:
        """Read `default`, `off`, or rules such as `messages=30 per hour, readers=8`.

        Rules that are not named keep their default. Opens no connection. Raises `ConfigError`.
        """
        if text == "off":
            return cls({})
        rules, at_once = dict(DEFAULT), dict(AT_ONCE)
        for rule in text.split(",") if text != "default" else ():
            name, equals, limit = (piece.strip() for piece in rule.partition("="))
            if equals and name in DEFAULT:
                rules[name] = limit
            elif equals and name in AT_ONCE:
                at_once[name] = _number(name, limit)
            else:
                raise ConfigError(
                    f"RATE_LIMITS has {rule!r}: write one of {', '.join([*DEFAULT, *AT_ONCE])} = a limit."
                )
        try:
            return cls({name: parse_many(limit) for name, limit in rules.items()}, redis_url, at_once)
        except ValueError as exc:
            raise ConfigError(f"RATE_LIMITS: {exc}: write limits as in `20 per 10 minutes`.") from exc

    def at_once(self, name: str) -> int | None:
        """Return how many there may be at the same time; None when there is no limit."""
        return self._at_once.get(name)

    def take(self, name: str, key: str, use: str = "") -> None:
        """Count one for `key`, and for the networks around it where it is an address. Each `use` is counted apart.

        Raises `TooManyRequests` with the seconds to wait.
        """
        for scope, times in scopes(key):
            for rule in self._rules.get(name, ()):
                wait = self._wait(_widened(rule, times), name, f"{use}:{scope}" if use else scope)
                if wait:
                    raise TooManyRequests(f"Please wait {_words(wait)} and try again.", retry_after=wait)

    def charge(self, name: str, key: str, amount: int) -> None:
        """Count so many more for `key`, or as many as there is room for: what was done is not refused afterwards."""
        for scope, times in scopes(key):
            for rule in self._rules.get(name, ()):
                left = amount
                while left and self._wait(_widened(rule, times), name, scope, cost=left):
                    left //= 2

    def _wait(self, rule: RateLimitItem, *key: str, cost: int = 1) -> int:
        """Count `cost`. Returns the seconds to wait where it is too much."""
        if self._shared and time.monotonic() >= self._shared_from:
            try:
                return _hit(self._shared, rule, *key, cost=cost)
            except StorageError as exc:
                logger.warning("Redis is away, this process counts by itself: %s", exc)
                self._shared_from = time.monotonic() + RETRY_SECONDS
        return _hit(self._own, rule, *key, cost=cost)

    def close(self) -> None:
        """Close what has been opened. Whoever takes after that opens it again."""
        if self._redis:
            self._redis.storage.close()


def _hit(windows: MovingWindowRateLimiter, rule: RateLimitItem, *key: str, cost: int) -> int:
    if windows.hit(rule, *key, cost=cost):
        return 0
    reset, _ = windows.get_window_stats(rule, *key)
    return max(1, round(reset - time.time()))


def _widened(rule: RateLimitItem, times: int) -> RateLimitItem:
    return rule if times == 1 else type(rule)(rule.amount * times, rule.multiples, rule.namespace)


def _number(name: str, text: str) -> int:
    """Read how many of something may be at the same time. Raises `ConfigError`."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_AT_ONCE):
        raise ConfigError(f"RATE_LIMITS: {name} is {text!r}: set a whole number from 1 to {MOST_AT_ONCE}.")
    return int(text)


def _words(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 5400 else f"{round(seconds / 3600)} hours"
