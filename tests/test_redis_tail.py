"""What is published in Redis, and what is read from it: nothing that a newer attempt has is overwritten, nothing is
said twice, and holes are left to the database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as Cut

from tests.logs import Ledger, Process, processes, until, write
from tests.servers import RedisServer, free_port, redis_server
from widget_api.streams import redis as product
from widget_api.streams.base import Position, Pulled
from widget_api.streams.memory import MemoryStreamLog
from widget_api.streams.redis import MARKS, RedisTail
from widget_api.streams.shared import Excerpt, build

KEY = "chat:{t}:log"
START = Position(0, 0)


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
def client(redis: RedisServer) -> Iterator[Any]:
    with closing(Redis.from_url(redis.url)) as client:
        yield client


@pytest.fixture
def process(redis: RedisServer) -> Iterator[Process]:
    process = Process(Ledger(), redis.url)
    with processes(process):
        yield process


@pytest.fixture
def tail(redis: RedisServer) -> Iterator[RedisTail]:
    """Another process's."""
    tail = RedisTail(redis.url, MemoryStreamLog())
    yield tail
    tail.close(1)


def read(tail: RedisTail, after: Position = START) -> Excerpt | None:
    found = tail.read({"t": after})
    assert found is not None
    return found.get("t")


def tail_of(process: Process) -> RedisTail:
    tail = process.log._tail
    assert isinstance(tail, RedisTail)
    return tail


def run_of(process: Process) -> Any:
    return tail_of(process)._runs["t"]


# publishing


def test_what_is_said_is_in_redis_a_moment_later(process: Process, tail: RedisTail) -> None:
    process.open("t", 3)
    write(process, b"a", b"b", attempt=3)
    process.settle()
    assert read(tail) == Excerpt(3, 1, [b"a", b"b"], False)
    assert read(tail, Position(3, 1)) == Excerpt(3, 1, [b"a", b"b"], False)
    assert read(tail, Position(3, 2)) is None
    process.close("t")
    process.settle()
    assert read(tail, Position(3, 2)) == Excerpt(3, 3, [], True)
    assert read(tail) == Excerpt(3, 1, [b"a", b"b"], True)


def test_a_turn_that_is_followed_again_and_again_has_so_many_marks(process: Process, client: Any) -> None:
    process.open("t", 1)
    for number in range(3000):
        tail_of(process).joined("t", str(number))
    process.settle()
    # Redis lets go of a hundred at a time.
    assert MARKS <= client.xlen("chat:{t}:marks") < MARKS + 200


def test_events_are_opaque(process: Process, tail: RedisTail) -> None:
    events = [b"", b"\n\n", b"begin", b"end", bytes(range(256)), b"x" * 1_000_000]
    process.open("t", 1)
    write(process, *events)
    process.settle()
    assert read(tail) == Excerpt(1, 1, events, False)


def test_a_log_that_has_not_begun_says_whose_it_is(process: Process, tail: RedisTail) -> None:
    process.open("t", 5)
    process.settle()
    assert read(tail) == Excerpt(5, 1, [], False)


def test_a_huge_backlog_is_published_in_portions(process: Process, tail: RedisTail, client: Any) -> None:
    events = [b"%d" % seq for seq in range(20_000)]
    process.open("t", 1)
    write(process, *events)
    process.close("t")
    until(lambda: (read(tail) or Excerpt(0, 1, [], False)).ended)
    assert read(tail) == Excerpt(1, 1, events, True)
    assert client.xlen(KEY) >= 40


def test_a_lost_reply_makes_nothing_double(process: Process, tail: RedisTail, client: Any) -> None:
    process.open("t", 1)
    write(process, b"a", b"b")
    process.settle()
    run_of(process).sent = 0
    tail_of(process).grown("t")
    process.settle()
    assert client.xlen(KEY) == 1
    assert run_of(process).sent == 2
    run_of(process).sent = -1
    write(process, b"c", first=3)
    process.settle()
    assert read(tail) == Excerpt(1, 1, [b"a", b"b", b"c"], False)


def test_a_lost_reply_to_the_end_makes_nothing_double(process: Process, tail: RedisTail) -> None:
    process.open("t", 1)
    write(process, b"a")
    process.settle()
    run = run_of(process)
    process.close("t")
    process.settle()
    run.sent = 1
    tail_of(process)._runs["t"] = run
    tail_of(process)._enqueue(run)
    process.settle()
    assert read(tail) == Excerpt(1, 1, [b"a"], True)
    assert read(tail, Position(1, 1)) == Excerpt(1, 2, [], True)


def test_a_log_that_redis_has_forgotten_is_published_anew(
    process: Process, tail: RedisTail, redis: RedisServer
) -> None:
    process.open("t", 1)
    write(process, b"a", b"b")
    process.settle()
    redis.flush()
    write(process, b"c", first=3)
    until(lambda: read(tail) == Excerpt(1, 1, [b"a", b"b", b"c"], False))


def test_a_silent_log_that_redis_has_forgotten_is_published_anew(
    process: Process, tail: RedisTail, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product, "REFRESH_SECONDS", 0.01)
    process.open("t", 1)
    write(process, b"a")
    process.settle()
    redis.flush()
    until(lambda: read(tail) == Excerpt(1, 1, [b"a"], False))


def test_a_silent_log_is_published_anew_in_a_redis_that_has_lost_all(
    process: Process, tail: RedisTail, redis: RedisServer
) -> None:
    process.open("t", 1)
    write(process, b"a")
    process.settle()
    redis.kill()
    process.log.owe("other")  # whoever talks to Redis first finds out
    until(lambda: not tail_of(process)._up)
    redis.start()
    until(lambda: tail.read({"t": START}) == {"t": Excerpt(1, 1, [b"a"], False)})


def test_what_could_not_be_sent_is_sent_again(
    process: Process, tail: RedisTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    process.open("t", 1)
    process.settle()
    send = tail_of(process)._pipelined

    def fail(_: Any) -> Any:
        monkeypatch.setattr(tail_of(process), "_pipelined", send)
        raise Cut

    monkeypatch.setattr(tail_of(process), "_pipelined", fail)
    write(process, b"a")
    until(lambda: read(tail) == Excerpt(1, 1, [b"a"], False))


def test_something_else_under_the_key_makes_way(process: Process, tail: RedisTail, client: Any) -> None:
    client.set(KEY, "something else")
    process.open("t", 1)
    write(process, b"a")
    until(lambda: client.type(KEY) == b"stream")
    process.settle()
    assert read(tail) == Excerpt(1, 1, [b"a"], False)


def test_a_newer_attempt_s_log_is_left_alone(process: Process, tail: RedisTail, redis: RedisServer) -> None:
    process.open("t", 1)
    write(process, b"old")
    process.settle()
    newer = Process(Ledger(), redis.url)
    with processes(newer):
        newer.open("t", 2)
        write(newer, b"new", attempt=2)
        newer.settle()
        write(process, b"older", first=2)
        process.settle()
        assert not tail_of(process)._runs
        assert read(tail) == Excerpt(2, 1, [b"new"], False)
        assert read(tail, Position(1, 1)) == Excerpt(2, 1, [b"new"], False)
        write(newer, b"er", attempt=2, first=2)
        newer.settle()
        assert read(tail, Position(2, 1)) == Excerpt(2, 2, [b"er"], False)


def test_an_attempt_of_one_s_own_replaces_the_earlier_one(process: Process, tail: RedisTail) -> None:
    process.open("t", 1)
    write(process, b"old")
    process.settle()
    process.open("t", 2)
    process.settle()
    assert read(tail) == Excerpt(2, 1, [], False)


def test_a_released_turn_stays_in_redis_and_a_discarded_one_does_not(process: Process, client: Any) -> None:
    process.open("t", 1)
    write(process, b"a")
    process.settle()
    process.release("t")
    process.settle()
    assert client.exists(KEY)
    assert not tail_of(process)._runs
    process.owe("t")
    process.discard("t")
    process.settle()
    assert not client.keys("chat:{t}:*")


def test_a_log_expires_some_time_after_its_end_or_its_process_s(process: Process, client: Any) -> None:
    process.open("t", 1)
    process.settle()
    assert 500 < client.ttl(KEY) <= 600
    process.close("t")
    process.settle()
    assert 100 < client.ttl(KEY) <= 120


def test_the_log_of_a_silent_turn_does_not_expire(
    process: Process, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product, "REFRESH_SECONDS", 0.01)
    process.open("t", 1)
    process.settle()
    client.expire(KEY, 100)
    until(lambda: client.ttl(KEY) > 500)


def test_all_keys_of_a_turn_share_a_tag_and_expire(process: Process, client: Any) -> None:
    process.open("t", 1)
    process.owe("t")
    process.settle()
    keys = client.keys("*")
    assert len(keys) == 2
    assert all(key.startswith(b"chat:{t}:") and client.ttl(key) > 0 for key in keys)


def test_one_entry_carries_what_was_said_meanwhile(
    process: Process, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = threading.Event()
    flush = tail_of(process)._flush

    def patiently() -> None:
        assert said.wait(30)
        flush()

    monkeypatch.setattr(tail_of(process), "_flush", patiently)
    process.open("t", 1)
    write(process, *[b"x"] * 100)
    said.set()
    process.settle()
    assert client.xlen(KEY) == 1


def test_closing_publishes_what_is_pending(redis: RedisServer, tail: RedisTail) -> None:
    process = Process(Ledger(), redis.url)
    process.open("t", 1)
    write(process, b"a")
    process.log.shutdown()
    assert read(tail) == Excerpt(1, 1, [b"a"], False)


def test_nothing_is_opened_or_started_before_it_is_needed() -> None:
    before = threading.active_count()
    build(f"redis://127.0.0.1:{free_port()}/0", Ledger())
    assert threading.active_count() == before


# what readers have heard


def test_what_this_process_has_not_published_yet_counts_here(process: Process) -> None:
    process.open("t", 1)
    write(process, b"a")
    process.owe("t")
    process.settle()
    process.close("t")
    assert process.tells("t", None)
    leave = process.follow("t", None, Pulled(1))
    leave(heard=True)
    assert not process.tells("t", None)
    process.owe("t")
    assert process.tells("t", None)


# reading


def entry(client: Any, name: str, *fields: bytes) -> None:
    client.execute_command("XADD", KEY, name, *fields)


def test_entries_that_overlap_say_nothing_twice(client: Any, tail: RedisTail) -> None:
    entry(client, "1-0", b"begin", b"")
    entry(client, "1-2", b"event", b"a", b"event", b"b")
    entry(client, "1-4", b"event", b"b", b"event", b"c", b"event", b"d")
    assert read(tail) == Excerpt(1, 1, [b"a", b"b", b"c", b"d"], False)


def test_what_comes_after_a_hole_is_not_read(client: Any, tail: RedisTail) -> None:
    entry(client, "1-2", b"begin", b"", b"event", b"a", b"event", b"b")
    entry(client, "1-4", b"event", b"d")
    entry(client, "1-5", b"end", b"")
    assert read(tail) == Excerpt(1, 1, [b"a", b"b"], False)
    assert read(tail, Position(1, 2)) == Excerpt(1, 4, [b"d"], True)


def test_only_the_newest_attempt_is_read(client: Any, tail: RedisTail) -> None:
    entry(client, "1-2", b"begin", b"", b"event", b"a", b"event", b"b")
    entry(client, "3-1", b"begin", b"", b"event", b"A")
    assert read(tail) == Excerpt(3, 1, [b"A"], False)
    assert read(tail, Position(1, 1)) == Excerpt(3, 1, [b"A"], False)


def test_a_read_waits_for_news_and_can_be_woken(process: Process, tail: RedisTail) -> None:
    process.open("t", 1)
    process.settle()
    found: list[Any] = []
    waiting = threading.Thread(target=lambda: found.append(tail.read({"t": Position(1, 0)}, wait=0.5)))
    waiting.start()
    write(process, b"a")
    waiting.join()
    assert found == [{"t": Excerpt(1, 1, [b"a"], False)}]
    tail.wake()
    assert tail.read({"t": Position(1, 1)}, wait=0.5) == {}


def test_something_else_under_a_key_is_left_to_the_database(client: Any, tail: RedisTail) -> None:
    client.set(KEY, "something else")
    assert tail.read({"t": START}) is None
    assert tail.read({"other": START}) == {}


def test_while_redis_is_away_the_publisher_alone_talks_to_it(
    redis: RedisServer, tail: RedisTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product, "RETRY_SECONDS", 0.01)
    tries = threading.Semaphore(0)
    flush = tail._flush

    def counted() -> None:
        tries.release()
        flush()

    monkeypatch.setattr(tail, "_flush", counted)
    assert tail.read({"t": START}) == {}
    redis.pause()
    assert tail.read({"t": START}) is None
    with monkeypatch.context() as silent:
        silent.setattr(tail, "_asking", None)
        for _ in range(2):
            assert tries.acquire(timeout=30)
            assert tail.read({"t": START}) is None
            assert tail.unheard("t") is None
    redis.resume()
    until(lambda: tail.read({"t": START}) == {})
