"""Whatever happens to Redis and to the process that runs a turn: no hole, nothing twice, no two attempts mixed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from redis import Redis

from tests.logs import PATIENCE_SECONDS, Ledger, Process, processes, until
from tests.servers import RedisServer, redis_server
from widget_api.streams.base import Position, StreamLog
from widget_api.streams.redis import RedisTail

TURN = "t"


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server
        server.resume()


class Ear:
    """One following: which events came, and how it ended. Events say themselves where they stand."""

    def __init__(self) -> None:
        self.heard: list[Position] = []
        self.whole: bool | None = None
        self._changed = threading.Condition()

    def push(self, data: bytes) -> None:
        with self._changed:
            assert self.whole is None
            found = [Position.parse(each.decode()) for each in data.split(b";")[:-1]]
            self.heard += [each for each in found if each]
            self._changed.notify_all()

    def end(self, *, whole: bool) -> None:
        with self._changed:
            assert self.whole is None
            self.whole = whole
            self._changed.notify_all()

    def wait(self) -> bool:
        """Until the end; whether it was a whole one."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.whole is not None, PATIENCE_SECONDS), self.heard[-3:]
            return bool(self.whole)


@dataclass
class Reader:
    """Follows, and comes again when it is told to, as a browser would."""

    log: StreamLog
    after: Position | None
    ears: list[tuple[Position | None, Ear]] = field(default_factory=list)

    def come(self) -> None:
        ear = Ear()
        self.ears.append((self.after, ear))
        self.log.follow(TURN, self.after, ear)

    def stay(self) -> None:
        """Until the whole end."""
        while not self.ears[-1][1].wait():
            heard = [position for _, ear in self.ears for position in ear.heard]
            self.after = heard[-1] if heard else self.after
            self.come()

    def check(self, last: Position) -> None:
        """Each following is one attempt's, without a hole, from where it was asked for or from the beginning."""
        for after, ear in self.ears:
            if ear.heard:
                attempt, first = ear.heard[0]
                assert first == 1 or Position(attempt, first - 1) == after
                assert ear.heard == [Position(attempt, first + n) for n in range(len(ear.heard))]
        after, ear = self.ears[-1]
        assert (ear.heard[-1] if ear.heard else after) == last


def said(attempt: int, seq: int) -> bytes:
    return b"%d-%d;" % (attempt, seq)


class Story:
    """A turn that is run by one of two processes, and read in both."""

    def __init__(self, redis: RedisServer) -> None:
        self.redis = redis
        self.ledger = Ledger(lags=True)
        self.both = [Process(self.ledger, redis.url) for _ in range(2)]
        self.runs_in = 0
        self.attempt, self.seq = 1, 0
        self.paused = False
        self.readers: list[Reader] = []
        self.here.open(TURN, 1)

    @property
    def here(self) -> Process:
        return self.both[self.runs_in]

    def say(self, count: int) -> None:
        for _ in range(count):
            self.seq += 1
            assert self.here.append(TURN, Position(self.attempt, self.seq), said(self.attempt, self.seq))

    def join(self, where: int, share: int) -> None:
        """Somebody has a share of the log, in percent, and asks for the rest; with more than all it has something
        else."""
        after = Position(self.attempt, self.seq * share // 100) if share else None
        reader = Reader(self.both[where], after)
        reader.come()
        self.readers.append(reader)

    def commit(self) -> None:
        self.ledger.commit()

    def take_over(self, where: int) -> None:
        """Another attempt, here or there; the old process may learn of it or not."""
        self.commit()
        if where != self.runs_in:
            self.here.release(TURN)
        self.runs_in = where
        self.attempt, self.seq = self.attempt + 1, 0
        self.here.open(TURN, self.attempt)

    @property
    def answers(self) -> bool:
        return self.redis.running and not self.paused

    def settle(self) -> None:
        if self.answers:
            for each in self.both:
                each.settle()

    def listen(self) -> None:
        """Until those who follow have heard all."""
        self.commit()
        for reader in self.readers:
            until(partial(self._knows, *reader.ears[-1]))

    def _knows(self, after: Position | None, ear: Ear) -> bool:
        known = ear.heard[-1] if ear.heard else after
        return not self.seq or ear.whole is not None or known == Position(self.attempt, self.seq)

    def lose(self) -> None:
        """Redis forgets the newest entry, as after a failover."""
        if self.answers:
            with closing(Redis.from_url(self.redis.url)) as client:
                newest: Any = client.xrevrange(f"chat:{{{TURN}}}:log", count=1)
                for name, _ in newest:
                    client.xdel(f"chat:{{{TURN}}}:log", name)

    def doubt(self, count: int) -> None:
        """The process that writes does not know what Redis has, as after a lost reply."""
        tail = self.here.log._tail
        assert isinstance(tail, RedisTail)
        run = tail._runs.get(TURN)
        if run:
            run.sent = max(-1, run.sent - count)

    def flush(self) -> None:
        if self.answers:
            self.redis.flush()

    def kill(self) -> None:
        self.redis.kill()
        self.paused = False

    def start(self) -> None:
        self.resume()
        if not self.redis.running:
            self.redis.start()

    def pause(self) -> None:
        if self.redis.running:
            self.redis.pause()
            self.paused = True

    def resume(self) -> None:
        self.redis.resume()
        self.paused = False

    def end(self) -> None:
        self.say(1)
        self.here.close(TURN)
        for reader in self.readers:
            reader.stay()
            reader.check(Position(self.attempt, self.seq))


counts = st.integers(1, 30)
shares = st.sampled_from([0, 0, 30, 70, 100, 120])
happens = st.sampled_from(["commit", "settle", "listen", "lose", "flush", "kill", "start"])
acts = st.one_of(
    st.tuples(st.just("say"), counts),
    st.tuples(st.just("join"), st.integers(0, 1), shares),
    st.tuples(st.just("take_over"), st.integers(0, 1)),
    st.tuples(st.just("doubt"), counts),
    st.tuples(happens),
)
pauses = st.tuples(st.sampled_from(["pause", "resume"]))


def tell(redis: RedisServer, script: list[tuple[Any, ...]]) -> None:
    if not redis.running:
        redis.start()
    redis.flush()
    story = Story(redis)
    with processes(*story.both):
        for name, *values in script:
            event(name)
            getattr(story, name)(*values)
        story.end()
        story.resume()


@settings(max_examples=60)
@given(st.lists(acts, max_size=25))
def test_readers_get_each_event_once_whatever_happens(redis: RedisServer, script: list[tuple[Any, ...]]) -> None:
    tell(redis, script)


@settings(max_examples=10)
@given(st.lists(st.one_of(acts, acts, pauses), min_size=5, max_size=25))
def test_readers_get_each_event_once_while_redis_stops_and_goes_on(
    redis: RedisServer, script: list[tuple[Any, ...]]
) -> None:
    tell(redis, script)
