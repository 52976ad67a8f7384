"""What the demo shop has to remember, in one small SQLite file: all its processes see the same, and one that is
killed takes nothing with it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FILE = "demo-shop.db"

# What a process has written stays whatever becomes of the process. A power failure may cost the last moments.
OPENING = """
    PRAGMA journal_mode = wal;
    PRAGMA synchronous = normal;
    CREATE TABLE IF NOT EXISTS cart (
        token TEXT PRIMARY KEY, key TEXT, created_at REAL, updated_at REAL, lines TEXT
    );
    CREATE TABLE IF NOT EXISTS switch (name TEXT PRIMARY KEY, value REAL);
"""
# Others may be writing; none of them takes long.
BUSY_SECONDS = 10.0


class Database:
    """One connection, which all threads of a process use in turn: enough for a demo. In memory until it is opened."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._connection = _connection(":memory:")

    def open(self, folder: Path) -> None:
        """Remember it in a file of that folder from now on."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock:
            self.close()
            self._connection = _connection(str(folder / FILE))

    def close(self) -> None:
        self._connection.close()

    def execute(self, sql: str, *values: Any) -> list[Any]:
        """The rows that the statement gives. A change is there for all when this returns."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Nobody else writes during the block, in whatever process, and all that it writes is kept or nothing."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield


def _connection(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.executescript(OPENING)
    return connection


DATABASE = Database()
