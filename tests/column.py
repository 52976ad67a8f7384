"""Which of its two columns the product is tested on: SQLite in one process, or PostgreSQL and Redis.

`TEST_COLUMN=redis` chooses the second. Its servers are started once a test process, when they are first needed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import psycopg

from tests.servers import PostgresServer, RedisServer, postgres_server, redis_server
from widget_api import models

ROOT = Path(__file__).parents[1]
REDIS = os.environ.get("TEST_COLUMN", "memory") == "redis"
EMPTY = """
    DO $$ DECLARE names text; BEGIN
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid();
        SELECT string_agg(quote_ident(tablename), ', ') INTO names FROM pg_tables
            WHERE schemaname = 'public' AND tablename <> 'schema_migration';
        EXECUTE 'TRUNCATE ' || names || ' RESTART IDENTITY';
    END $$
"""

_running = ExitStack()
_numbers = list(range(15, 0, -1))  # of Redis' databases that nobody uses
_spare: list[str] = []  # databases that have all tables and no rows, for emptying one is quicker than making one


@cache
def postgres() -> PostgresServer:
    return _running.enter_context(postgres_server())


@cache
def redis() -> RedisServer:
    return _running.enter_context(redis_server())


def close() -> None:
    """End the servers."""
    _running.close()


@cache
def sqlite_file() -> Path:
    """Return a SQLite database that has all tables and no rows: copying it is quicker than making one."""
    path = Path(_running.enter_context(tempfile.TemporaryDirectory())) / "migrated.db"
    models.connect(f"sqlite:///{path}")
    models.disconnect()
    return path


@contextmanager
def stores() -> Iterator[dict[str, str]]:
    """The settings that give one product an empty database and an empty Redis. None in the first column, where
    both are files in its own folder and memory."""
    if not REDIS:
        yield {}
        return
    with _database() as database_url, _numbered() as redis_url:
        yield {"DATABASE_URL": database_url, "REDIS_URL": redis_url}


@contextmanager
def _database() -> Iterator[str]:
    """The URL of a migrated database without rows, used again by the next who asks."""
    url = _spare.pop() if _spare else _migrated()
    try:
        yield url
    finally:
        _empty(url)


def _empty(url: str) -> None:
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(EMPTY)
    except psycopg.Error:  # the test has broken it
        postgres().drop(url)
    else:
        _spare.append(url)


@contextmanager
def _numbered() -> Iterator[str]:
    number = _numbers.pop()
    try:
        yield redis().database(number)
    finally:
        _numbers.append(number)


def _migrated() -> str:
    url = postgres().database()
    migrate = "import sys; from widget_api import models; models.connect(sys.argv[1])"
    subprocess.run([sys.executable, "-c", migrate, url], cwd=ROOT, check=True, timeout=60)
    return url
