"""The test servers end as they are told to, come back on the same port, and leave nothing behind."""

from __future__ import annotations

import os
from contextlib import suppress

import psycopg
import pytest
import redis as client

from tests.servers import PostgresServer, RedisServer, find, postgres_server, redis_server


@pytest.mark.parametrize("how", ["fast", "immediate", "kill"])
def test_postgresql_comes_back_with_all_that_was_committed(postgres: PostgresServer, how: str) -> None:
    url, port = postgres.database(), postgres.port
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (n INTEGER)")
    postgres.kill() if how == "kill" else postgres.stop(how)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    postgres.start()
    assert postgres.port == port
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    postgres.drop(url)


@pytest.mark.parametrize("how", ["stop", "kill", "flush"])
def test_redis_forgets(redis: RedisServer, how: str) -> None:
    with client.Redis.from_url(redis.url) as asked:
        asked.set("key", "value")
    if how == "flush":
        redis.flush()
    else:
        redis.stop() if how == "stop" else redis.kill()
        redis.start()
    with client.Redis.from_url(redis.url) as asked:
        assert asked.get("key") is None


def test_redis_can_be_there_and_say_nothing(redis: RedisServer) -> None:
    with client.Redis.from_url(redis.url, socket_timeout=0.1, retry=None) as asked:
        redis.pause()
        with pytest.raises(client.TimeoutError):
            asked.ping()
        redis.resume()
    with client.Redis.from_url(redis.url) as asked:
        assert asked.ping()


def test_a_numbered_database_is_empty_when_it_is_handed_out_again(redis: RedisServer) -> None:
    for number in (0, 1, 0):
        with client.Redis.from_url(redis.database(number)) as asked:
            assert asked.dbsize() == 0
            asked.set("key", "value")


def test_nothing_is_left_of_either() -> None:
    with redis_server() as first, postgres_server() as second:
        pids, folders = [first.pid, second.pid], [first.folder, second.folder]
        first.pause()
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, 0)
            pytest.fail(f"{pid} still runs")
    assert not any(folder.exists() for folder in folders)


def test_a_missing_program_is_noticed() -> None:
    assert not find("no-such-program")
