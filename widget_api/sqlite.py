"""SQLite as peewee sees it, with connections that are kept: opening one costs more than most of what is asked."""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from contextlib import closing, suppress
from pathlib import Path

from peewee import SqliteDatabase, __exception_wrapper__  # type: ignore[attr-defined]  # types for the public only

PRAGMAS = {
    "journal_mode": "wal",
    # With group commits an fsync a commit is affordable, and power may fail.
    "synchronous": "full",
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "cache_size": -4000,
    # What is deleted is overwritten, whatever the SQLite at hand was built to do.
    "secure_delete": "on",
}


# Each keeps what it has read. Few are in use at the same moment, whatever a burst has made.
MOST_IDLE = 4


class Sqlite(SqliteDatabase):
    """Lends a thread the connection that was used last: what it has read and prepared is still at hand."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = path
        self._idle: deque[sqlite3.Connection] = deque()
        super().__init__(
            str(path), pragmas=PRAGMAS, lock_type="IMMEDIATE", autoconnect=False, check_same_thread=False
        )

    def _connect(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._open()

    def _open(self) -> sqlite3.Connection:
        # A new file is made here, for it is private then, and SQLite gives the files beside it the same mode.
        with suppress(OSError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
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
        with __exception_wrapper__, closing(self._open()) as fresh:
            fresh.execute("SELECT 1 FROM sqlite_master").fetchone()

    def truncate_log(self) -> bool:
        """Write the write-ahead log into the file and empty it. Returns False when somebody reads or writes just now:
        nobody is waited for, and nobody has to wait. Raises `DatabaseError`."""
        with __exception_wrapper__, closing(self._open()) as own:
            own.execute("PRAGMA busy_timeout = 0")
            own.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()  # most of the work, while others write
            return not own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

    def close_all(self) -> None:
        """Close the connections that nobody has."""
        while self._idle:
            self._idle.pop().close()
