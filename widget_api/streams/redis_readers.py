"""The readers of all processes, counted in Redis.

A reader's id begins with the name of its process. Each process that has readers says once a second that it lives; the
readers of one that has not done so for a while are counted no more. So nothing is left behind by a process that was
killed, nor by a command that was lost: after a failure the process takes a new name.
"""

from __future__ import annotations

import itertools
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from widget_api.streams.readers import Scope
from widget_api.streams.redis import ASK_SECONDS, RedisError, make_client

logger = logging.getLogger(__name__)

BEAT_SECONDS: Final = 1.0
# A process that has not said for so long that it lives counts as dead.
ALIVE_MS: Final = 10_000
# After a failure nobody asks for so long.
RETRY_SECONDS = 2.0
# What nobody has touched for so long is left over.
KEPT_SECONDS: Final = 3600

_BEATS: Final = "chat:readers:beats"

# A hash for each address: how many readers each process has there. A sorted set for each turn: its readers, by when
# they came.
_LIVING: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function process_of(reader) return string.match(reader, '^[^:]+') end
local function lives(process)
  local beat = redis.call('ZSCORE', KEYS[1], process)
  return beat and now - beat <= tonumber(ARGV[1]) * 1000
end
"""
_ENTER: Final = (
    _LIVING
    + """
local here = process_of(ARGV[2])
redis.call('ZADD', KEYS[1], now, here)
for i = 2, #KEYS do
  local count, counts = 0, redis.call('HGETALL', KEYS[i])
  for field = 1, #counts, 2 do
    if lives(counts[field]) then count = count + counts[field + 1]
    else redis.call('HDEL', KEYS[i], counts[field]) end
  end
  if count >= tonumber(ARGV[i + 2]) then return 0 end
end
for i = 2, #KEYS do
  redis.call('HINCRBY', KEYS[i], here, 1)
  redis.call('EXPIRE', KEYS[i], ARGV[3])
end
return 1
"""
)
_SIT: Final = (
    _LIVING
    + """
redis.call('ZADD', KEYS[1], now, process_of(ARGV[2]))
redis.call('ZADD', KEYS[2], now, ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
local most = tonumber(ARGV[4])
if redis.call('ZCARD', KEYS[2]) <= most then return {} end
for _, reader in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if not lives(process_of(reader)) then redis.call('ZREM', KEYS[2], reader) end
end
local many = redis.call('ZCARD', KEYS[2]) - most
local going = many > 0 and redis.call('ZRANGE', KEYS[2], 0, many - 1) or {}
for _, reader in ipairs(going) do
  redis.call('ZREM', KEYS[2], reader)
  local away = 'chat:readers:away:' .. process_of(reader)
  redis.call('RPUSH', away, reader)
  redis.call('EXPIRE', away, 60)
end
return going
"""
)
_LEAVE: Final = """
redis.call('ZREM', KEYS[1], ARGV[1])
local here = string.match(ARGV[1], '^[^:]+')
for i = 2, #KEYS do
  if redis.call('HINCRBY', KEYS[i], here, -1) <= 0 then redis.call('HDEL', KEYS[i], here) end
end
"""
_BEAT: Final = (
    _LIVING
    + """
redis.call('ZADD', KEYS[1], now, ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[1]) * 1000)
redis.call('EXPIRE', KEYS[1], ARGV[3])
local away = redis.call('LRANGE', KEYS[2], 0, -1)
redis.call('DEL', KEYS[2])
return away
"""
)


class RedisReaders:
    """A `SharedReaders`. One thread a process tells that it lives, whom it counts no more, and hears who is to go."""

    def __init__(self, url: str) -> None:
        self.sent_away: Callable[[Iterable[str]], None] = lambda _: None
        self._client = make_client(url, ASK_SECONDS)
        scripts = (_ENTER, _SIT, _LEAVE, _BEAT)
        self._enter, self._sit, self._leave, self._beat = map(self._client.register_script, scripts)
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._process = secrets.token_hex(8)
        self._here = 0  # readers of this process: while there are some, it says that it lives
        self._left: deque[tuple[list[str], str]] = deque()
        self._ask_from = 0.0  # on the monotonic clock
        self._thread: threading.Thread | None = None
        self._news = threading.Event()
        self._closing = False

    def name(self) -> str | None:
        if time.monotonic() < self._ask_from:
            return None
        self._start()
        with self._lock:
            self._here += 1
        self._news.set()
        return f"{self._process}:{next(self._numbers)}"

    def enter(self, reader: str, scopes: Sequence[Scope]) -> bool | None:
        entered = self._ask(
            self._enter, [_BEATS, *_at(scopes)], reader, KEPT_SECONDS, *(scope.most for scope in scopes)
        )
        return None if entered is None else bool(entered)

    def sit(self, reader: str, turn: str, most: int) -> Sequence[str] | None:
        if not self._is_current(reader):
            return None
        going = self._ask(self._sit, [_BEATS, _of(turn)], reader, KEPT_SECONDS, most)
        return None if going is None else [each.decode() for each in going]

    def leave(self, reader: str, scopes: Sequence[Scope], turn: str) -> None:
        with self._lock:
            self._here -= 1
        if not self._is_current(reader):
            return
        self._left.append(([_of(turn), *_at(scopes)], reader))
        self._news.set()

    def close(self) -> None:
        self._closing = True
        self._news.set()
        if self._thread:
            self._thread.join(1)
            with suppress(RedisError):
                self._client.zrem(_BEATS, self._process)  # whoever comes to another process shall find room there
        self._client.close()

    def _is_current(self, reader: str) -> bool:
        return reader.startswith(f"{self._process}:")

    def _ask(self, script: Any, keys: list[str], *values: Any) -> Any:
        if time.monotonic() < self._ask_from:
            return None
        try:
            return script(keys=keys, args=[ALIVE_MS, *values])
        except RedisError as exc:
            self._fail(exc)
            return None

    def _fail(self, exc: RedisError) -> None:
        """Nobody knows what Redis has made of it: what this process has counted there shall be forgotten."""
        logger.warning("Redis is away, this process counts its readers by itself: %s", exc)
        self._ask_from = time.monotonic() + RETRY_SECONDS
        self._process = secrets.token_hex(8)
        self._left.clear()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="readers", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while not self._closing:
            self._news.wait(BEAT_SECONDS if self._here else None)
            self._news.clear()
            self._tell()

    def _tell(self) -> None:
        """Say that this process lives and who has left it, and send away whom others have found too many."""
        left = [self._left.popleft() for _ in range(len(self._left))]
        if time.monotonic() < self._ask_from:
            return
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for keys, reader in left:
                    self._leave(keys=keys, args=[reader], client=pipeline)
                process = self._process
                keys = [_BEATS, f"chat:readers:away:{process}"]
                self._beat(keys=keys, args=[ALIVE_MS, process, KEPT_SECONDS], client=pipeline)
                away = pipeline.execute()[-1]
        except RedisError as exc:
            self._fail(exc)
        else:
            self.sent_away([each.decode() for each in away])


def _at(scopes: Sequence[Scope]) -> list[str]:
    return [f"chat:readers:at:{scope.key}" for scope in scopes]


def _of(turn: str) -> str:
    return f"chat:readers:of:{turn}"
