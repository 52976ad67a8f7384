"""The database, SQLite or PostgreSQL: connections, transactions, its clock and its migrations."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal

from peewee import SQL, DatabaseProxy, OperationalError, PostgresqlDatabase
from playhouse.migrations import Migration, Runner

from widget_api.sqlite import Sqlite

logger = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
# A server that restarts is back by then. Whoever started us decides whether to try again.
START_SECONDS = 20

database: Any = DatabaseProxy()
# SQLite has one writer at a time. Waiting for each other here is fair and immediate; in SQLite it is a poll.
_writing = threading.RLock()
# Something was deleted that the write-ahead log still has.
_unscrubbed = threading.Event()


class NoPlace(OperationalError):
    """All connections were lent to others for too long."""


def connect(url: str) -> None:
    """Point the tables at `url` (`sqlite:///path` or `postgresql://…`) and bring the schema up to date."""
    disconnect()
    if url.startswith("postgresql://"):
        from widget_api.postgres import Postgres

        database.initialize(Postgres(url))
        _migrate_patiently()
    else:
        database.initialize(Sqlite(Path(url.removeprefix("sqlite:///"))))
        migrate("pre")


def _migrate_patiently() -> None:
    """The server may be starting just like us. Ends the process with a sentence when it stays away."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            migrate("pre")
            return
        except OperationalError as exc:
            if time.monotonic() > deadline:
                raise SystemExit(f"DATABASE_URL: the database does not answer: {exc}") from exc
            logger.warning("waiting for the database: %s", exc)
            time.sleep(1)


def disconnect() -> None:
    """Close the connections that are kept for later."""
    if database.obj is not None:
        database.close_all()


def scrub() -> None:
    """Have nothing left of what was deleted, neither in the file nor in its write-ahead log. If somebody reads just
    now, `scrub_again` does it later. Nothing is to be done in PostgreSQL, which keeps its log to itself."""
    _unscrubbed.set()
    scrub_again()


def scrub_again() -> None:
    """Do what is left of `scrub`. Cheap when that is nothing."""
    if is_postgres() or not _unscrubbed.is_set():
        return
    _unscrubbed.clear()
    with _writing:
        try:
            done = database.truncate_log()
        except OperationalError as exc:
            logger.warning("the write-ahead log could not be emptied: %s", exc)
            done = False
    if not done:
        _unscrubbed.set()


def is_postgres() -> bool:
    """Whether the tables are in PostgreSQL. There each statement outside of `connected()` borrows a connection."""
    return isinstance(database.obj, PostgresqlDatabase)


def check() -> None:
    """Raises `DatabaseError` when the database cannot be read."""
    if is_postgres():
        with connected():
            database.execute_sql("SELECT 1 FROM shop LIMIT 1")
    else:
        database.check()


@contextmanager
def connected() -> Iterator[None]:
    """A connection for this thread: the open one, or one of its own for the block."""
    opened = database.connect(reuse_if_open=True)
    try:
        yield
    finally:
        if opened:
            database.close()


@contextmanager
def transaction() -> Iterator[None]:
    """All of the block is written, or nothing. No network and no waiting for other threads inside."""
    turn: AbstractContextManager[Any] = nullcontext() if is_postgres() else _writing
    with connected(), turn, database.atomic():
        yield


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads of the block see the same moment."""
    kind = "REPEATABLE READ READ ONLY" if is_postgres() else "DEFERRED"
    with connected(), database.atomic(kind):
        yield


def execute(sql: str, *values: Any) -> Any:
    """Run one statement and return its cursor. On both databases `%s` stands for a value, `CLOCK()` for `clock()`."""
    return database.execute_sql(sql.replace("%s", database.param).replace("CLOCK()", clock().sql), values)


def octets(column: str) -> str:
    """Return the SQL of how many bytes a text column has, without bringing the text."""
    return f"OCTET_LENGTH({column})" if is_postgres() else f"LENGTH(CAST({column} AS BLOB))"


def clock() -> SQL:
    """The database's own time in milliseconds since 1970, for comparisons that no worker's clock may decide."""
    if is_postgres():
        return SQL("(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT")
    return SQL("CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)")


def migrate(kind: Literal["pre", "post"]) -> list[str]:
    """Apply the pending migrations of that kind and return their names.

    `pre` ones add: the code of the release before runs on with them, so every start applies them. `post` ones take
    away what only that code needed, and are applied by hand once it is gone. The files say which they are:
    `0007_post_….py`, else `pre`. Processes that start at once wait for each other.
    """
    with connected(), _alone():
        return list(_Migrations(database.obj, kind).up())


class _Migrations(Runner):  # type: ignore[misc]  # playhouse has no types
    def __init__(self, database: Any, kind: str) -> None:
        super().__init__(database, str(MIGRATIONS))
        self._kind = kind

    def migrations(self) -> list[Migration]:
        return [found for found in super().migrations() if _kind(found.name) == self._kind]


def _kind(name: str) -> str:
    return "post" if name.split("_")[1] == "post" else "pre"


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time. For SQLite by its folder, as its migrations cannot run inside another transaction."""
    if is_postgres():
        with database.alone():
            yield
        return
    folder = os.open(Path(database.database).parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
