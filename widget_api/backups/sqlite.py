"""SQLite: copied while it is written to, read through from end to end, put back."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from widget_api.backups import wal
from widget_api.backups.shelf import BackupError, Rows, changes, sync

# A megabyte is copied and then nothing for a moment, and what was copied goes to the disk bit by bit: beside one long
# copy with one sync at its end the server's own commits took 69 ms (p99) and up to 320 ms, beside this one 9 and 48.
_STEP_PAGES = 256
_PAUSE_SECONDS = 0.005
_STEPS_A_SYNC = 8

# Checking a gigabyte takes about 3 s with the indexes and 1 s without them, from memory.
WHOLE_CHECK_BYTES = 1024**3

_LOCK_START, _LOCK_LENGTH = 0x40000002, 510  # SQLite's own, see os.h: whoever has the file open has some byte of it
SIDES = ("-wal", "-shm", "-journal")
# What reading a damaged file raises; the second where SQLite's own message quotes what it could not read.
DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)
NO_TABLES = "it is a database, but it holds no tables"


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong with a file: `damage` makes it useless, `lost` was written to it once and cannot be read."""

    damage: str = ""
    lost: str = ""


class Sqlite:
    """The database in one file."""

    suffix = ".db"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.stem

    def __str__(self) -> str:
        return str(self.path)

    def size(self) -> int:
        return (self.path.stat().st_size if self.path.exists() else 0) + wal.size(self.path)

    def copy(self, to: Path) -> Rows:
        """Write what the database holds at this moment to an empty file, while others go on writing."""
        if not self.path.exists():
            raise BackupError(f"There is no database at {self.path}: nothing to back up.")
        with _opened(self.path, "mode=ro") as source, _opened(to, "mode=rw") as target, _syncing(to) as pause:
            # What is copied is what this transaction sees, however long it takes.
            source.execute("BEGIN")
            seen = _rows(source)
            target.execute("PRAGMA synchronous = OFF")
            target.execute("PRAGMA journal_mode = OFF")
            source.backup(target, pages=_STEP_PAGES, progress=pause)
        return seen

    def inspect(self, copy: Path) -> Rows:
        """Read a copy from end to end. Raises `BackupError` when it is damaged."""
        try:
            with _opened(copy, "mode=ro&immutable=1") as connection:
                found = _faults(connection, "integrity_check") + _orphans(connection)
                rows = _rows(connection)
        except DAMAGE as exc:
            raise BackupError(f"{copy.name} is damaged: {exc}.") from exc
        if found:
            raise BackupError(f"{copy.name} is damaged: {found[0]}.")
        return rows

    def rehearse(self, _copy: Path, _rows: Rows) -> str:
        """What reading a copy proves: it is the database itself."""
        return "Every page, index and reference was checked."

    def praise(self) -> str:
        """What finding nothing in `check` means."""
        return "whole; every page, index and reference was checked."

    def look(self) -> Found:
        """What is wrong with the file that a server is about to use. Nobody else may have it open."""
        size = self.path.stat().st_size
        if not size:
            # SQLite would take it for new, and delete the write-ahead log beside it.
            return Found(damage="it is empty" if wal.size(self.path) else NO_TABLES)
        taken = "its write-ahead log was taken away, and with it what was written last"
        lost = taken if wal.missing(self.path) else ""
        try:
            with _opened(self.path, self._as_it_is()) as connection:
                found = _faults(connection, "integrity_check" if size <= WHOLE_CHECK_BYTES else "quick_check")
                ((page,),) = connection.execute("PRAGMA page_size")
                if size % page and not wal.size(self.path):
                    found = ["it ends in the middle of a page"]
                connection.text_factory = str
                if not found and not connection.execute("SELECT name, sql FROM sqlite_master").fetchall():
                    found = [NO_TABLES]
                count = wal.lost(self.path)
        except DAMAGE as exc:
            return Found(damage=str(exc))
        if count:
            lost = f"{count} commits at the end of its write-ahead log cannot be read"
        return Found(damage=found[0] if found else "", lost=lost)

    def _as_it_is(self) -> str:
        """Read-only, so that closing it does not fold the log into a file that may be damaged; unless SQLite must
        first undo what it did not finish."""
        unfinished = self.path.with_name(f"{self.path.name}-journal").exists()
        return "mode=rw" if unfinished else "mode=ro"

    def check(self) -> list[str]:
        """The faults of the database in use."""
        if not self.path.exists():
            return [f"there is no file at {self.path}"]
        try:
            with _opened(self.path, "mode=ro") as connection:
                connection.execute("BEGIN")
                return _faults(connection, "integrity_check") + _orphans(connection)
        except DAMAGE as exc:
            return [str(exc)]

    def used_by_others(self) -> bool:
        """Whether another program has the file open just now, be it the sqlite3 shell."""
        if not self.path.exists():
            return False
        handle = os.open(self.path, os.O_RDWR)
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCK_LENGTH, _LOCK_START)
        except OSError:
            return True
        finally:
            os.close(handle)
        return False

    def fold(self) -> None:
        """Write what stands in the write-ahead log into the file, so that nothing hangs on the two staying together.
        A damaged file is left as it is."""
        with suppress(sqlite3.Error), _opened(self.path, "mode=rw") as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def replace(self, copy: Path, aside: str) -> Path | None:
        """Put a copy in the database's place; what was there stays beside it under `<name>.<aside>`. Returns where.
        At no moment is there no database: a crash in between leaves the old one or the new one."""
        fresh = self.path.with_name(f"{self.path.name}.restoring")
        try:
            self._fill(fresh, copy)
        except (OSError, sqlite3.Error):
            fresh.unlink(missing_ok=True)
            raise
        kept = self.path.with_name(f"{self.path.name}.{aside}")
        for side in SIDES:
            # Beside the new file they would be taken for its own.
            if (path := Path(f"{self.path}{side}")).exists():
                path.rename(f"{kept}{side}")
        present = self.path.exists()
        if present:
            os.link(self.path, kept)
        fresh.replace(self.path)
        sync(self.path.parent)
        return kept if present else None

    def _fill(self, fresh: Path, copy: Path) -> None:
        _duplicate(copy, fresh)
        _change(fresh)
        if self.path.exists():
            _own_alike(fresh, self.path)


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    uri = f"{path.absolute().as_uri()}?{mode}"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=5)) as connection:
        # Damaged text is damage, not an error of ours.
        connection.text_factory = lambda data: data.decode(errors="replace")
        yield connection


@contextmanager
def _syncing(path: Path) -> Iterator[Callable[[int, int, int], None]]:
    """What `Connection.backup` calls after each step."""
    handle = os.open(path, os.O_RDWR)
    steps = 0

    def pause(_status: int, _left: int, _total: int) -> None:
        nonlocal steps
        steps += 1
        if steps % _STEPS_A_SYNC == 0:
            os.fsync(handle)
        time.sleep(_PAUSE_SECONDS)

    try:
        yield pause
    finally:
        os.close(handle)


def _tables(connection: sqlite3.Connection) -> list[str]:
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
    return [str(name) for (name,) in connection.execute(names)]


def _rows(connection: sqlite3.Connection) -> Rows:
    count = 'SELECT COUNT(*) FROM "{}"'
    return {name: connection.execute(count.format(name)).fetchone()[0] for name in _tables(connection)}


def _faults(connection: sqlite3.Connection, pragma: str) -> list[str]:
    found = [str(fault) for (fault,) in connection.execute(f"PRAGMA {pragma}(3)")]
    return [] if found == ["ok"] else [fault.replace("\n", " ") for fault in found]


def _orphans(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("PRAGMA foreign_key_check").fetchmany(3)
    return [f"row {row} of {table} belongs to no {parent}" for table, row, parent, _key in found]


def _duplicate(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file, source.open("rb") as original:
        shutil.copyfileobj(original, file, 1024 * 1024)
        file.flush()
        os.fsync(file.fileno())


def _change(path: Path) -> None:
    with _opened(path, "mode=rw") as connection:
        for table, column, change in changes():
            if any(found[1] == column for found in connection.execute(f"PRAGMA table_info({table})")):
                connection.execute(change)


def _own_alike(path: Path, model: Path) -> None:
    """Whoever may use `model` may use `path`, also when it is root who puts it back."""
    like = model.stat()
    path.chmod(like.st_mode & 0o777)
    if (like.st_uid, like.st_gid) != (os.getuid(), os.getgid()):
        with suppress(PermissionError):
            os.chown(path, like.st_uid, like.st_gid)
