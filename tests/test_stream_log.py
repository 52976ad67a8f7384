"""The contract of every stream log, for one process and for two: `log` writes, `there` is where readers are."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.logs import Ledger, Process, follow, processes, read, write
from tests.servers import RedisServer, redis_server
from widget_api.streams import memory, shared
from widget_api.streams.base import LogMissing, Position, Pulled, StreamLog
from widget_api.streams.memory import MemoryStreamLog


@dataclass
class Pair:
    """Where a log is written, and where it is followed."""

    log: StreamLog
    there: StreamLog

    def settle(self) -> None:
        """Wait until each knows what the other was told."""
        for each in (self.log, self.there):
            if isinstance(each, Process):
                each.settle()


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


def made(kind: str, stack: ExitStack, request: pytest.FixtureRequest) -> Pair:
    if kind == "memory":
        log = MemoryStreamLog()
        return Pair(log, log)
    url = ""
    if "redis" in kind:
        server: RedisServer = request.getfixturevalue("redis")
        server.flush()
        url = server.url
    ledger = Ledger()
    count = 2 if "two" in kind else 1
    begun = [Process(ledger, url) for _ in range(count)]
    stack.enter_context(processes(*begun))
    return Pair(begun[0], begun[-1])


ALONE = ["memory", "one process", "one process, redis"]
TOGETHER = ["two processes", "two processes, redis"]
# Without Redis a process does not know what readers elsewhere have heard.
TOLD = [*ALONE, "two processes, redis"]


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turns that are gone are noticed sooner than there is need."""
    monkeypatch.setattr(shared, "GONE_SECONDS", 0.1)


@pytest.fixture(params=[*ALONE, *TOGETHER])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with ExitStack() as stack:
        yield made(request.param, stack, request)


@pytest.fixture(params=TOLD)
def told(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with ExitStack() as stack:
        yield made(request.param, stack, request)


@pytest.fixture
def log(pair: Pair) -> StreamLog:
    return pair.log


@pytest.fixture
def there(pair: Pair) -> StreamLog:
    return pair.there


def hear(log: StreamLog, turn: str) -> bytes:
    """Follow to the end and say that it has been heard."""
    pulled = Pulled(30)
    leave = log.follow(turn, None, pulled)
    said = read(pulled)
    leave(heard=True)
    return said


# following


def test_a_follower_gets_all_events_in_order_and_the_end(log: StreamLog, there: StreamLog) -> None:
    log.open("t", 1)
    write(log, b"a", b"b", b"c")
    log.close("t")
    follower = follow(there, "t")
    assert read(follower) == b"abc"
    assert follower.whole


def test_a_follower_resumes_after_the_position_it_has(log: StreamLog, there: StreamLog) -> None:
    log.open("t", 1)
    write(log, b"a", b"b", b"c")
    log.close("t")
    assert read(follow(there, "t", Position(1, 2))) == b"c"
    assert read(follow(there, "t", Position(1, 3))) == b""


@pytest.mark.parametrize("strange", [Position(1, 4), Position(2, 1), Position(0, 1)])
def test_an_unknown_position_starts_from_the_beginning(log: StreamLog, there: StreamLog, strange: Position) -> None:
    log.open("t", 1)
    write(log, b"a", b"b", b"c")
    log.close("t")
    assert read(follow(there, "t", strange)) == b"abc"


def test_a_follower_is_given_what_comes(log: StreamLog, there: StreamLog) -> None:
    log.open("t", 1)
    follower = follow(there, "t")
    coming = iter(follower)
    for seq, event in enumerate((b"a", b"b", b"c"), 1):
        write(log, event, first=seq)
        assert next(coming) == event
    log.close("t")
    assert read(follower) == b""
    assert follower.whole


def test_a_follower_of_a_log_that_has_not_begun_gets_it_from_its_beginning(log: StreamLog, there: StreamLog) -> None:
    log.open("t", 7)
    follower = follow(there, "t")
    write(log, b"a", attempt=7)
    log.close("t")
    assert read(follower) == b"a"
    assert follower.whole


def test_silence_is_told(log: StreamLog, there: StreamLog) -> None:
    log.open("t", 1)
    assert next(iter(follow(there, "t", wait=0.001))) == b""


def test_what_is_there_already_comes_as_one_piece(pair: Pair) -> None:
    pair.log.open("t", 1)
    write(pair.log, b"a", b"b", b"c")
    pair.settle()
    assert next(iter(follow(pair.there, "t"))) == b"abc"


def test_many_followers_each_have_a_position_of_their_own(pair: Pair, log: StreamLog, there: StreamLog) -> None:
    log.open("t", 1)
    write(log, *(b"%d," % seq for seq in range(1, 51)))
    pair.settle()
    followers = [follow(there, "t", Position(1, seq)) for seq in range(51)]
    write(log, *(b"%d," % seq for seq in range(51, 101)), first=51)
    log.close("t")
    assert [read(each) for each in followers] == [
        b"".join(b"%d," % seq for seq in range(after + 1, 101)) for after in range(51)
    ]


def test_who_has_left_is_given_nothing_more(log: StreamLog, there: StreamLog) -> None:
    log.open("t", 1)
    gone, stays = Pulled(0.001), Pulled(30)
    leave = there.follow("t", None, gone)
    there.follow("t", None, stays)
    leave()
    write(log, b"a")
    assert next(iter(stays)) == b"a"
    assert next(iter(gone)) == b""


def test_of_a_turn_that_is_unknown_there_is_no_log(there: StreamLog) -> None:
    with pytest.raises(LogMissing):
        follow(there, "nobody's")


def test_followers_join_while_the_log_is_written(log: StreamLog, there: StreamLog) -> None:
    log.open("t", 1)
    events = [b"%d," % seq for seq in range(1, 401)]

    def say() -> None:
        write(log, *events)
        log.close("t")

    writer = threading.Thread(target=say)
    writer.start()
    followers = [follow(there, "t", Position(1, seq)) for seq in range(20)]
    said = [read(each) for each in followers]
    writer.join()
    # Who is ahead of the copy gets it from its beginning.
    assert all(heard in {b"".join(events), b"".join(events[seq:])} for seq, heard in enumerate(said))


# writing


def test_an_event_is_added_once_and_only_at_the_next_position(log: StreamLog) -> None:
    log.open("t", 1)
    write(log, b"a")
    assert not log.append("t", Position(1, 1), b"a")
    assert not log.append("t", Position(1, 3), b"c")
    assert log.append("t", Position(1, 2), b"b")


def test_a_stale_attempt_writes_nothing(log: StreamLog, there: StreamLog) -> None:
    log.open("t", 1)
    write(log, b"old")
    log.open("t", 2)
    assert not log.append("t", Position(1, 2), b"older")
    write(log, b"new", attempt=2)
    log.close("t")
    assert read(follow(there, "t", Position(1, 1))) == b"new"


def test_followers_of_an_earlier_attempt_are_ended_and_come_again(log: StreamLog, there: StreamLog) -> None:
    log.open("t", 1)
    write(log, b"old")
    follower = follow(there, "t")
    assert next(iter(follower)) == b"old"
    log.open("t", 2)
    write(log, b"n", b"ew", attempt=2)
    log.close("t")
    assert read(follower) == b""
    assert not follower.whole
    again = follow(there, "t", Position(1, 1))
    assert read(again) == b"new"
    assert again.whole


def test_nothing_is_added_after_the_end(log: StreamLog) -> None:
    log.open("t", 1)
    log.close("t")
    assert not log.append("t", Position(1, 1), b"late")


def test_followers_of_a_discarded_log_are_ended_and_later_ones_find_nothing(log: StreamLog, there: StreamLog) -> None:
    log.open("t", 1)
    write(log, b"a")
    follower = follow(there, "t")
    assert next(iter(follower)) == b"a"
    log.discard("t")
    assert read(follower) == b""
    assert not follower.whole
    with pytest.raises(LogMissing):
        follow(there, "t")


# what an ended log still tells


def test_a_closed_log_tells_what_follows_a_position_it_holds(log: StreamLog, there: StreamLog) -> None:
    log.open("t", 3)
    write(log, b"a", b"b", attempt=3)
    log.close("t")
    assert there.tells("t", Position(3, 0))
    assert there.tells("t", Position(3, 1))
    assert not there.tells("t", Position(3, 2))
    assert not there.tells("t", Position(2, 1))
    assert not there.tells("other", Position(3, 1))


def test_of_a_turn_that_is_unknown_nothing_is_told(there: StreamLog) -> None:
    assert not there.tells("nobody's", None)


def test_a_reader_without_a_position_is_told_an_end_that_nobody_has_heard(told: Pair) -> None:
    told.log.open("t", 1)
    write(told.log, b"a", b"b")
    early = follow(told.there, "t")
    assert next(iter(early)) == b"ab"
    told.log.close("t")
    told.settle()
    assert told.there.tells("t", None)
    assert told.log.tells("t", None)
    assert hear(told.there, "t") == b"ab"
    told.settle()
    assert not told.there.tells("t", None)
    assert not told.log.tells("t", None)


def test_an_end_is_not_heard_by_whoever_was_given_the_beginning_elsewhere(told: Pair) -> None:
    told.log.open("t", 1)
    write(told.log, b"a", b"b")
    there_already = Pulled(30)
    leave = told.log.follow("t", None, there_already)
    told.settle()
    told.there.owe("t")
    told.settle()
    told.log.close("t")
    assert read(there_already) == b"ab"
    leave(heard=True)
    told.settle()
    assert told.log.tells("t", None)
    assert told.there.tells("t", None)
    assert hear(told.there, "t") == b"ab"
    told.settle()
    assert not told.log.tells("t", None)
    assert not told.there.tells("t", None)


def test_what_is_not_known_of_another_process_is_not_heard() -> None:
    ledger = Ledger()
    log, there = Process(ledger), Process(ledger)
    with processes(log, there):
        log.open("t", 1)
        write(log, b"a")
        log.close("t")
        hear(log, "t")
        assert there.tells("t", None)
        assert not log.tells("t", None)


def test_an_ended_log_is_kept_for_a_while_and_then_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    log = MemoryStreamLog()
    log.open("t", 1)
    log.close("t")
    log.open("u", 1)
    assert log.tells("t", None)
    monkeypatch.setattr(memory, "KEPT_SECONDS", -1)
    log.open("v", 1)
    assert not log.tells("t", None)
    assert log.tells("u", None)


# positions


@pytest.mark.parametrize("text", ["", "-", "1", "1-", "-1", "a-b", "1-2-3", "1-²", "9" * 30 + "-1", " 1-2", "-1-2"])
def test_only_attempt_and_number_make_a_position(text: str) -> None:
    assert Position.parse(text) is None


def test_a_position_reads_what_it_writes() -> None:
    assert Position.parse(str(Position(12, 345))) == Position(12, 345)
