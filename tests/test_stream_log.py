"""The contract of every stream log."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from widget_api.streams import memory
from widget_api.streams.base import LogMissing, Position, StreamLog
from widget_api.streams.memory import MemoryStreamLog


@pytest.fixture(params=[MemoryStreamLog], ids=["memory"])
def log(request: pytest.FixtureRequest) -> StreamLog:
    made: StreamLog = request.param()
    return made


def write(log: StreamLog, *events: bytes, attempt: int = 1, first: int = 1) -> None:
    for seq, event in enumerate(events, first):
        assert log.append("t", Position(attempt, seq), event)


def read(stream: Iterator[bytes]) -> bytes:
    return b"".join(stream)


def test_a_follower_gets_all_events_in_order_and_stops_at_the_end(log: StreamLog) -> None:
    log.open("t", 1)
    write(log, b"a", b"b", b"c")
    log.close("t")
    assert read(log.follow("t", None, 1)) == b"abc"


def test_a_follower_resumes_after_the_position_it_has(log: StreamLog) -> None:
    log.open("t", 1)
    write(log, b"a", b"b", b"c")
    log.close("t")
    assert read(log.follow("t", Position(1, 2), 1)) == b"c"
    assert read(log.follow("t", Position(1, 3), 1)) == b""


@pytest.mark.parametrize("strange", [Position(1, 4), Position(2, 1), Position(0, 1)])
def test_an_unknown_position_starts_from_the_beginning(log: StreamLog, strange: Position) -> None:
    log.open("t", 1)
    write(log, b"a", b"b", b"c")
    log.close("t")
    assert read(log.follow("t", strange, 1)) == b"abc"


def test_a_follower_is_woken_by_what_comes(log: StreamLog) -> None:
    log.open("t", 1)
    follower = log.follow("t", None, 30)

    def write_and_close() -> None:
        write(log, b"a")
        log.close("t")

    writer = threading.Thread(target=write_and_close)
    writer.start()
    assert read(follower) == b"a"
    writer.join()


def test_silence_is_told(log: StreamLog) -> None:
    log.open("t", 1)
    assert next(log.follow("t", None, 0.001)) == b""


def test_what_is_pending_comes_as_one_piece(log: StreamLog) -> None:
    log.open("t", 1)
    write(log, b"a", b"b", b"c")
    assert next(log.follow("t", None, 1)) == b"abc"


def test_an_event_is_added_once_and_only_at_the_next_position(log: StreamLog) -> None:
    log.open("t", 1)
    write(log, b"a")
    assert not log.append("t", Position(1, 1), b"a")
    assert not log.append("t", Position(1, 3), b"c")
    assert log.append("t", Position(1, 2), b"b")


def test_a_stale_attempt_writes_nothing(log: StreamLog) -> None:
    log.open("t", 1)
    write(log, b"old")
    log.open("t", 2)
    assert not log.append("t", Position(1, 2), b"older")
    write(log, b"new", attempt=2)
    log.close("t")
    assert read(log.follow("t", Position(1, 1), 1)) == b"new"


def test_a_follower_of_a_stale_attempt_starts_over_with_the_new_one(log: StreamLog) -> None:
    log.open("t", 1)
    write(log, b"old")
    follower = log.follow("t", None, 1)
    assert next(follower) == b"old"
    log.open("t", 2)
    write(log, b"n", b"ew", attempt=2)
    log.close("t")
    assert read(follower) == b"new"


def test_nothing_is_added_after_the_end(log: StreamLog) -> None:
    log.open("t", 1)
    log.close("t")
    assert not log.append("t", Position(1, 1), b"late")


def test_followers_of_a_discarded_log_stop_and_later_ones_find_nothing(log: StreamLog) -> None:
    log.open("t", 1)
    write(log, b"a")
    follower = log.follow("t", Position(1, 1), 30)
    log.discard("t")
    assert read(follower) == b""
    with pytest.raises(LogMissing):
        log.follow("t", None, 1)


def test_a_closed_log_tells_what_follows_a_position_it_holds(log: StreamLog) -> None:
    log.open("t", 3)
    write(log, b"a", b"b", attempt=3)
    log.close("t")
    assert log.tells("t", Position(3, 0))
    assert log.tells("t", Position(3, 1))
    assert not log.tells("t", Position(3, 2))
    assert not log.tells("t", Position(2, 1))
    assert not log.tells("other", Position(3, 1))


def test_a_reader_without_a_position_is_told_an_end_that_nobody_has_heard(log: StreamLog) -> None:
    log.open("t", 1)
    write(log, b"a", b"b")
    early = log.follow("t", None, 1)
    assert next(early) == b"ab"
    log.close("t")
    assert log.tells("t", None)
    assert read(log.follow("t", None, 1)) == b"ab"
    assert not log.tells("t", None)


def test_an_end_is_not_heard_by_whoever_was_given_the_beginning_elsewhere(log: StreamLog) -> None:
    log.open("t", 1)
    write(log, b"a", b"b")
    there_already = log.follow("t", None, 1)
    log.owe("t")
    log.close("t")
    assert read(there_already) == b"ab"
    assert log.tells("t", None)
    assert read(log.follow("t", None, 1)) == b"ab"
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


@pytest.mark.parametrize("text", ["", "-", "1", "1-", "-1", "a-b", "1-2-3", "1-²", "9" * 30 + "-1", " 1-2", "-1-2"])
def test_only_attempt_and_number_make_a_position(text: str) -> None:
    assert Position.parse(text) is None


def test_a_position_reads_what_it_writes() -> None:
    assert Position.parse(str(Position(12, 345))) == Position(12, 345)
