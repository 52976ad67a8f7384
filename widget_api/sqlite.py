"""SQLite as peewee sees it, with connections that are kept: opening one costs more than most of what is asked."""

from __future__ import annotations

import sqlite3
from collections import deque
from contextlib import closing
from pathlib import Path

from peewee import SqliteDatabase, __exception_wrapper__  # type: ignore[attr-defined]  # types for the public only

PRAGMAS = {
    "journal_mode": "wal",
    # With group commits an fsync a commit is affordable, and power may fail.
    "synchronous": "full",
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "cache_size": -4000,
}


# Each keeps what it has read. Few are in use at the same moment, whatever a burst has made.
MOST_IDLE = 4


class Sqlite(SqliteDatabase):
    """Lends a thread the connection that was used last: what it has read and prepared is still at hand."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._idle: deque[sqlite3.Connection] = deque()
        super().__init__(
            str(path), pragmas=PRAGMAS, lock_type="IMMEDIATE", autoconnect=False, check_same_thread=False
        )

    def _connect(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            made: sqlite3.Connection = super()._connect()  # type: ignore[misc]
            return made

    def _close(self, conn: sqlite3.Connection) -> None:
        if conn.in_transaction:
            conn.rollback()
        if len(self._idle) < MOST_IDLE:
            self._idle.append(conn)
        else:
            conn.close()

    def check(self) -> None:
        """Read the file anew: connections that are kept may not notice that it is another one by now. Raises
        `DatabaseError`."""
        with __exception_wrapper__, closing(super()._connect()) as fresh:  # type: ignore[misc]
            fresh.execute("SELECT 1 FROM sqlite_master").fetchone()

    def close_all(self) -> None:
        """Close the connections that nobody has."""
        while self._idle:
            self._idle.pop().close()
