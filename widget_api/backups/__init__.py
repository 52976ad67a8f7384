"""Backups: made while the server runs, believed only after they were read again, put back when there is need."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from widget_api.backups.shelf import Backup, BackupError, MadeElsewhere, Rows, Shelf, digest, stamp, utc
from widget_api.backups.sqlite import Sqlite

if TYPE_CHECKING:
    from widget_api.backups.postgres import Postgres
    from widget_api.config import Config

__all__ = ["Backup", "BackupError", "Backups", "MadeElsewhere"]

SQLITE = "sqlite:///"
DAY = timedelta(days=1)
# What the newest backup may be old before somebody should look after it: a day, and some time for the next one.
STALE = timedelta(hours=30)


class Backups:
    """The backups of one database, in `INSTANCE/backups`."""

    def __init__(self, database: Sqlite | Postgres, folder: Path) -> None:
        self.database = database
        self.shelf = Shelf(folder, database.name, database.suffix)

    @classmethod
    def of(cls, config: Config) -> Backups:
        return cls(_database(config.database_url), config.instance / "backups")

    def make(self, *, daily: bool = False) -> Backup:
        """Make a backup and read it again. Raises `BackupError`, and then nothing is left of it."""
        with _in_words("No backup was made"), self.shelf.locked():
            if daily and self.shelf.newer_than(DAY):
                raise MadeElsewhere("Another process has made today's backup meanwhile.")
            self.shelf.leave_room(self.database.size())
            with self.shelf.draft() as part:
                made_at = utc()
                seen = self.database.copy(part)
                written = digest(part)
                self._read_again(part, seen)
                return self.shelf.keep(part, made_at, seen, digest=written, daily=daily)

    def _read_again(self, part: Path, seen: Rows) -> None:
        try:
            found = self.database.inspect(part)
        except BackupError as exc:
            raise BackupError(f"No backup was made, for the copy is damaged, as the database may be: {exc}") from exc
        if found != seen:
            raise BackupError("No backup was made, for the copy does not hold what the database held.")

    def verify(self, backup: Backup) -> Rows:
        """Read a backup from end to end. Returns the rows that it holds. Raises `BackupError` when it is damaged."""
        with _in_words(f"{backup.path.name} cannot be read"):
            manifest = backup.manifest
            if manifest and digest(backup.path) != manifest.get("sha256"):
                raise BackupError(f"{backup.path.name} is damaged: it is not what was written.")
            rows = self.database.inspect(backup.path)
            if manifest and rows != manifest.get("rows"):
                raise BackupError(f"{backup.path.name} is damaged: it does not hold the rows that it should.")
            return rows

    def find(self, name: str) -> Backup:
        """The backup of that name in the folder, or in the file of that path."""
        for path in (self.shelf.folder / name, Path(name)):
            if path.is_file():
                return self.shelf.named(path)
        raise BackupError(
            f"There is no backup {name}: `flask --app wsgi db verify` lists those in {self.shelf.folder}."
        )

    def newest_good(self) -> Backup | None:
        """The newest backup that is whole."""
        for backup in self.shelf.backups():
            try:
                self.verify(backup)
            except BackupError:
                continue
            return backup
        return None

    def complaint(self, days: int) -> str:
        """What is wrong with the newest backup, where daily ones are kept. Empty when it is good."""
        newest = next(iter(self.shelf.backups()), None)
        if newest is None:
            return "There is no backup." if days else ""
        try:
            self.verify(newest)
        except BackupError as exc:
            return str(exc)
        return f"The newest backup is of {newest.made}." if days and utc() - newest.made_at > STALE else ""

    def restore(self, backup: Backup) -> str:
        """Put a backup in the database's place. Returns where the present one is kept. To be called by the only
        one who uses the database. Raises `BackupError`, and then nothing has changed."""
        self.verify(backup)
        if self.database.used_by_others():
            raise BackupError(f"Somebody is using {self.database}: stop the servers and whatever else has it open.")
        with _in_words("Nothing was restored"):
            self.database.fold()
            return str(self.database.replace(backup.path, f"before-{stamp(utc())}") or "")


def _database(url: str) -> Sqlite | Postgres:
    if url.startswith(SQLITE):
        return Sqlite(Path(url.removeprefix(SQLITE)))
    from widget_api.backups.postgres import Postgres

    return Postgres(url)


@contextmanager
def _in_words(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as exc:
        raise BackupError(f"{what}: {exc}.") from exc
