"""Copies of the logs that other processes write: begun, kept up, and let go."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

import pytest

from tests.logs import Ledger, Process, follow, processes, read, until, write
from tests.servers import RedisServer, redis_server
from widget_api.streams import shared
from widget_api.streams.base import LogMissing, Position, Pulled
from widget_api.streams.memory import MemoryStreamLog
from widget_api.streams.shared import Excerpt, SharedStreamLog, Tail


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
def redis(server: RedisServer) -> Iterator[RedisServer]:
    server.flush()
    yield server
    server.resume()
    if not server.running:
        server.start()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def log(ledger: Ledger) -> Iterator[SharedStreamLog]:
    """The log of a process that runs nothing and has no Redis."""
    process = Process(ledger)
    with processes(process):
        yield process.log


class Scripted(Tail):
    """A tail that says what it is told to say, once each."""

    def __init__(self) -> None:
        self.says: list[Excerpt] = []
        self.asked: list[Position] = []
        self.away = False
        self._spoken = threading.Lock()

    def read(self, wanted: Mapping[str, Position], wait: float = 0) -> dict[str, Excerpt] | None:
        with self._spoken:
            if self.away:
                return None
            if not (self.says and "t" in wanted):
                threading.Event().wait(min(wait, 0.01))
                return {}
            self.asked.append(wanted["t"])
            return {"t": self.says.pop(0)}


@pytest.fixture
def tail() -> Scripted:
    return Scripted()


@pytest.fixture
def tailed(ledger: Ledger, tail: Scripted) -> Iterator[SharedStreamLog]:
    log = SharedStreamLog(MemoryStreamLog(), ledger, tail)
    yield log
    log.shutdown()


# from the tail


def test_what_the_tail_has_from_the_beginning_is_not_asked_of_the_database(
    ledger: Ledger, tailed: SharedStreamLog, tail: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "SILENT_SECONDS", 3600)
    ledger.write("t", 1, b"a", b"b")
    tail.says = [Excerpt(1, 1, [b"a", b"b"], False), Excerpt(1, 3, [b"c"], True)]
    assert read(follow(tailed, "t")) == b"abc"
    assert ledger.reads == 0
    assert tail.asked == [Position(0, 0), Position(1, 2)]


def test_a_hole_is_filled_by_the_database(ledger: Ledger, tailed: SharedStreamLog, tail: Scripted) -> None:
    ledger.write("t", 1, b"a", b"b", b"c")
    tail.says = [Excerpt(1, 1, [b"a"], False), Excerpt(1, 3, [b"c"], False), Excerpt(1, 4, [b"d"], True)]
    assert read(follow(tailed, "t")) == b"abcd"
    assert ledger.reads


def test_a_hole_at_the_beginning_is_filled_by_the_database(
    ledger: Ledger, tailed: SharedStreamLog, tail: Scripted
) -> None:
    ledger.write("t", 1, b"a", b"b")
    tail.says = [Excerpt(1, 2, [b"b"], False), Excerpt(1, 3, [b"c"], True)]
    assert read(follow(tailed, "t")) == b"abc"


def test_a_hole_before_a_newer_attempt_is_filled_by_the_database(
    ledger: Ledger, tailed: SharedStreamLog, tail: Scripted
) -> None:
    ledger.write("t", 2, b"A", b"B")
    tail.says = [Excerpt(1, 1, [b"a"], False), Excerpt(2, 2, [b"B"], False)]
    assert read(follow(tailed, "t")) in {b"a", b""}
    tail.says = [Excerpt(2, 3, [b"C"], True)]
    assert read(follow(tailed, "t")) == b"ABC"


def test_what_is_said_twice_is_heard_once(tailed: SharedStreamLog, tail: Scripted) -> None:
    tail.says = [
        Excerpt(1, 1, [b"a", b"b"], False),
        Excerpt(1, 1, [b"a", b"b"], False),
        Excerpt(1, 2, [b"b", b"c"], False),
        Excerpt(1, 1, [b"a"], False),
        Excerpt(1, 3, [b"c", b"d"], True),
    ]
    assert read(follow(tailed, "t")) == b"abcd"


def test_an_earlier_attempt_is_not_heard_any_more(tailed: SharedStreamLog, tail: Scripted) -> None:
    tail.says = [
        Excerpt(2, 1, [b"A"], False),
        Excerpt(1, 1, [b"a"], False),
        Excerpt(1, 2, [b"b"], True),
        Excerpt(2, 2, [b"B"], True),
    ]
    assert read(follow(tailed, "t")) == b"AB"


def test_a_tail_that_says_nothing_is_not_trusted_for_long(
    ledger: Ledger, tailed: SharedStreamLog, tail: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "SILENT_SECONDS", 0.05)
    tail.says = [Excerpt(1, 1, [b"a"], False)]
    ledger.write("t", 1, b"a")
    follower = follow(tailed, "t")
    assert next(iter(follower)) == b"a"
    ledger.write("t", 1, b"b", ended=True)
    assert read(follower) == b"b"
    assert follower.whole


def test_an_end_whose_mark_was_lost_is_heard_from_the_database(
    ledger: Ledger, tailed: SharedStreamLog, tail: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "SILENT_SECONDS", 0.05)
    tail.says = [Excerpt(1, 1, [b"a"], False)]
    ledger.write("t", 1, b"a", ended=True)
    follower = follow(tailed, "t")
    assert read(follower) == b"a"
    assert follower.whole


def test_who_is_ahead_of_the_tail_goes_on_from_the_database(
    ledger: Ledger, tailed: SharedStreamLog, tail: Scripted
) -> None:
    tail.says = [Excerpt(1, 1, [b"a"], False)]
    ledger.write("t", 1, b"a", b"b", b"c", ended=True)
    assert read(follow(tailed, "t", Position(1, 2))) == b"c"


def test_who_has_seen_a_newer_attempt_is_not_given_the_old_one(
    ledger: Ledger, tailed: SharedStreamLog, tail: Scripted
) -> None:
    tail.says = [Excerpt(1, 1, [b"a"], False)]
    ledger.write("t", 1, b"a")
    early = follow(tailed, "t")
    assert next(iter(early)) == b"a"
    ledger.write("t", 2, b"A", b"B", ended=True)
    assert read(follow(tailed, "t", Position(2, 1))) == b"B"
    assert read(early) == b""
    assert not early.whole


# from the database


def test_without_a_tail_the_database_is_asked_once_for_all_copies(ledger: Ledger, log: SharedStreamLog) -> None:
    turns = [f"turn {number}" for number in range(50)]
    for turn in turns:
        ledger.write(turn, 1, b"a")
    followers = [follow(log, turn) for turn in turns]
    until(lambda: ledger.widest == 50)
    for turn in turns:
        ledger.write(turn, 1, b"b", ended=True)
    assert [read(each) for each in followers] == [b"ab"] * 50


def test_a_turn_that_has_said_nothing_yet_is_followed(ledger: Ledger, log: SharedStreamLog) -> None:
    ledger.write("t", 4)
    ledger.rows["t"].ended = False
    follower = follow(log, "t")
    ledger.write("t", 4, b"a", ended=True)
    assert read(follower) == b"a"
    assert follower.whole


def test_a_database_that_fails_is_asked_again(
    ledger: Ledger, log: SharedStreamLog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shared, "SILENT_SECONDS", 0.01)
    ledger.write("t", 1, b"a")
    follower = follow(log, "t")
    assert next(iter(follower)) == b"a"
    with monkeypatch.context() as broken:
        broken.setattr(ledger, "read", lambda _: 1 / 0)
        until(lambda: "could not be kept up" in caplog.text)
    ledger.write("t", 1, b"b", ended=True)
    assert read(follower) == b"b"


# let go


def test_an_ended_copy_is_served_from_memory(ledger: Ledger, log: SharedStreamLog) -> None:
    ledger.write("t", 1, b"a", b"b", ended=True)
    assert read(follow(log, "t")) == b"ab"
    ledger.forget("t")
    reads = ledger.reads
    assert read(follow(log, "t", Position(1, 1))) == b"b"
    assert ledger.reads == reads
    assert not log._copies


def test_a_copy_that_nobody_follows_is_let_go(
    ledger: Ledger, log: SharedStreamLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "IDLE_SECONDS", 0.01)
    ledger.write("t", 1, b"a")
    ledger.write("u", 1, b"a")
    leave = log.follow("t", None, Pulled(1))
    stays = follow(log, "u")
    leave()
    until(lambda: set(log._copies) == {"u"})
    assert log._local.position("t") is None
    ledger.write("u", 1, b"b", ended=True)
    assert read(stays) == b"ab"


def test_followers_of_a_turn_that_is_gone_are_ended(
    ledger: Ledger, log: SharedStreamLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "GONE_SECONDS", 0.01)
    ledger.write("t", 1, b"a")
    follower = follow(log, "t")
    ledger.forget("t")
    assert read(follower) == b"a"
    assert not follower.whole
    with pytest.raises(LogMissing):
        follow(log, "t")


def test_followers_of_copies_are_ended_when_the_process_leaves(ledger: Ledger) -> None:
    process = Process(ledger)
    ledger.write("t", 1, b"a")
    follower = follow(process, "t")
    process.log.shutdown()
    assert read(follower) == b"a"
    assert not follower.whole


# turns that change hands


def test_a_turn_that_begins_to_run_here_is_no_copy_any_more(ledger: Ledger) -> None:
    process = Process(ledger)
    with processes(process):
        ledger.write("t", 1, b"a")
        follower = follow(process, "t")
        assert next(iter(follower)) == b"a"
        process.open("t", 2)
        assert read(follower) == b""
        assert not follower.whole
        assert not process.copies
        write(process, b"A", attempt=2)
        process.close("t")
        assert read(follow(process, "t", Position(1, 1))) == b"A"


def test_a_turn_that_begins_here_may_have_been_copied_already(ledger: Ledger) -> None:
    process = Process(ledger)
    with processes(process):
        ledger.write("t", 2, b"A")  # what it begins with is written first
        follower = follow(process, "t")
        assert next(iter(follower)) == b"A"
        process.log.open("t", 2)
        assert not process.log.append("t", Position(2, 1), b"A")
        assert process.log.append("t", Position(2, 2), b"B")
        process.log.close("t")
        assert read(follower) == b"B"
        assert follower.whole


@pytest.mark.parametrize("url", ["", "redis"])
def test_a_turn_that_is_taken_over_elsewhere_is_copied_from_there(
    ledger: Ledger, url: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("redis").url if url else ""
    here, there = Process(ledger, url), Process(ledger, url)
    with processes(here, there):
        here.open("t", 1)
        write(here, b"a")
        follower = follow(here, "t")
        there.open("t", 2)
        write(there, b"A", attempt=2)
        here.release("t")
        assert read(follower) == b"a"
        assert not follower.whole
        assert not here.append("t", Position(1, 2), b"b")
        again = follow(here, "t", Position(1, 1))
        write(there, b"B", attempt=2, first=2)
        there.close("t")
        assert read(again) == b"AB"
        assert again.whole


# many, and much


def test_one_thread_keeps_up_two_hundred_copies(redis: RedisServer) -> None:
    ledger = Ledger(lags=True)
    here, there = Process(ledger, redis.url), Process(ledger, redis.url)
    turns = [f"turn-{number}" for number in range(200)]
    with processes(here, there):
        for turn in turns:
            here.open(turn, 1)
            write(here, b"1,", turn=turn)
        here.settle()
        followers = [follow(there, turn) for turn in turns]
        threads = threading.active_count()
        for seq in range(2, 21):
            for turn in turns:
                write(here, b"%d," % seq, turn=turn, first=seq)
        for turn in turns:
            here.close(turn)
        whole = b"".join(b"%d," % seq for seq in range(1, 21))
        assert [read(each) for each in followers] == [whole] * 200
        assert threading.active_count() <= threads
        assert not there.copies


@pytest.mark.parametrize("url", ["", "redis"])
def test_a_huge_log_is_copied(ledger: Ledger, url: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("redis").url if url else ""
    here, there = Process(ledger, url), Process(ledger, url)
    events = [b"%d," % seq for seq in range(20_000)]
    with processes(here, there):
        here.open("t", 1)
        write(here, *events)
        here.settle()
        follower = follow(there, "t")
        write(here, b"last", first=20_001)
        here.close("t")
        assert read(follower) == b"".join(events) + b"last"


# a Redis that says nothing


def test_a_redis_that_stops_holds_up_nobody_who_writes_or_reads(redis: RedisServer) -> None:
    ledger = Ledger()
    here, there = Process(ledger, redis.url), Process(ledger, redis.url)
    with processes(here, there):
        here.open("t", 1)
        write(here, b"a")
        here.settle()
        follower = follow(there, "t")
        assert next(iter(follower)) == b"a"
        redis.pause()
        write(here, b"b", first=2)
        here.owe("t")
        here.open("u", 1)
        write(here, b"A", turn="u")
        assert next(iter(follow(there, "u"))) == b"A"
        here.close("t")
        assert read(follower) == b"b"
        assert there.tells("t", Position(1, 1))
        assert there.tells("t", None)
        here.discard("u")
        with pytest.raises(LogMissing):
            follow(there, "nobody's")
        here.open("v", 1)
        redis.resume()
        write(here, b"x", turn="v")
        late = follow(there, "v")
        here.close("v")
        assert read(late) == b"x"


def test_a_process_leaves_although_redis_says_nothing(redis: RedisServer) -> None:
    process = Process(Ledger(), redis.url)
    process.open("t", 1)
    process.settle()
    redis.pause()
    write(process, b"a")
    process.log.shutdown()


def test_where_redis_has_been_away_it_is_in_use_again(redis: RedisServer) -> None:
    ledger = Ledger(lags=True)
    here, there = Process(ledger, redis.url), Process(ledger, redis.url)
    with processes(here, there):
        here.open("t", 1)
        write(here, b"a")
        here.settle()
        follower = follow(there, "t")
        assert next(iter(follower)) == b"a"
        redis.kill()
        write(here, b"b", first=2)
        redis.start()
        # The database has nothing of it yet.
        assert next(iter(follower)) == b"b"
        write(here, b"c", first=3)
        here.close("t")
        assert read(follower) == b"c"
