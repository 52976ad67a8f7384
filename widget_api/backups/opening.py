"""What happens before a server uses an SQLite file: the first process to hold it looks it over, and a damaged one is
set aside and replaced by the last good backup. There is never a silent empty database."""

from __future__ import annotations

import glob
import json
import logging
import shutil
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from widget_api.backups import BackupError, Backups, wal
from widget_api.backups.hold import Hold
from widget_api.backups.shelf import iso, stamp, utc, write
from widget_api.backups.sqlite import NO_TABLES, Sqlite
from widget_api.config import Config, ConfigError
from widget_api.private import close_to_others

logger = logging.getLogger(__name__)


class DatabaseUnusable(ConfigError):
    """The database cannot be used as it is found; the message says what to do."""


_holds: weakref.WeakValueDictionary[Path, Hold] = weakref.WeakValueDictionary()


def prepare(config: Config) -> Hold | None:
    """Look over the database before it is used, and mend it where that can be. Keep what is returned for as long as
    it is used. Raises `DatabaseUnusable`. PostgreSQL looks after itself."""
    backups = Backups.of(config)
    if not isinstance(backups.database, Sqlite):
        close_to_others(config.instance, None)
        return None
    path = backups.database.path.absolute()
    close_to_others(config.instance, path)
    hold = _holds.get(path)
    if hold is None:
        hold = Hold(path)
        # Who joins others need not look: they have.
        if hold.alone():
            _look_over(backups, backups.database)
        hold.share()
        _holds[path] = hold
    return hold


@contextmanager
def shared(config: Config) -> Iterator[None]:
    """Nobody replaces the database during the block."""
    with _held(config) as hold:
        if hold:
            hold.share()
        yield


@contextmanager
def alone(config: Config) -> Iterator[None]:
    """No server uses the database during the block, and none starts. Raises `BackupError` when one runs."""
    with _held(config) as hold:
        if hold and not hold.alone():
            raise BackupError(f"A server is running on {hold.path}: stop it first.")
        yield


@contextmanager
def _held(config: Config) -> Iterator[Hold | None]:
    database = Backups.of(config).database
    hold = Hold(database.path.absolute()) if isinstance(database, Sqlite) else None
    try:
        yield hold
    finally:
        if hold:
            hold.close()


def note(config: Config) -> dict[str, str]:
    """What was damaged and mended, until somebody removes the file that says it. Empty when all is well."""
    database = Backups.of(config).database
    if not isinstance(database, Sqlite):
        return {}
    notes = database.path.parent.glob(f"{glob.escape(database.path.name)}.corrupt-*.json")
    for path in sorted(notes, reverse=True):
        with suppress(OSError, ValueError):
            return dict(json.loads(path.read_bytes()))
    return {}


def _look_over(backups: Backups, database: Sqlite) -> None:
    if not database.path.exists():
        return _begin(backups, database.path)
    found = database.look()
    if found.damage == NO_TABLES and not backups.shelf.backups():
        return None  # a first start that was cut short
    if found.damage:
        return _mend(backups, database, found.damage)
    if found.lost:
        return _tell_of_loss(database, found.lost)
    return None


def _begin(backups: Backups, path: Path) -> None:
    """A database that is not there is a new one, unless there was one: it may only be elsewhere, or not mounted."""
    if wal.size(path):
        raise DatabaseUnusable(
            f"{path} is not there, but its write-ahead log is: bring the file back, or restore a backup with "
            "`flask --app wsgi db restore FILE`."
        )
    newest = next(iter(backups.shelf.backups()), None)
    if newest:
        raise DatabaseUnusable(
            f"{path} is not there, though it was backed up: bring it back, or run "
            f"`flask --app wsgi db restore {newest.path.name}`, or move the backups out of {backups.shelf.folder} to "
            "begin with an empty database."
        )


def _mend(backups: Backups, database: Sqlite, damage: str) -> None:
    path = database.path
    good = backups.newest_good()
    if good is None:
        raise DatabaseUnusable(
            f"{path} is damaged ({damage}) and there is no good backup in {backups.shelf.folder}: run "
            "`flask --app wsgi db restore FILE` with one from elsewhere, or move the damaged file away to begin with "
            "an empty database."
        )
    if database.used_by_others():
        raise DatabaseUnusable(f"{path} is damaged ({damage}) and another program has it open: end that first.")
    moment = utc()
    aside = f"corrupt-{stamp(moment)}"
    _write_note(
        path.with_name(f"{path.name}.{aside}.json"),
        at=iso(moment),
        damage=damage,
        set_aside=f"{path.name}.{aside}",
        restored_from=good.path.name,
        lost_since=iso(good.made_at),
    )
    try:
        database.replace(good.path, aside)
    except (OSError, sqlite3.Error) as exc:
        raise DatabaseUnusable(f"{path} is damaged ({damage}) and {good.path} could not replace it: {exc}.") from exc
    logger.error(
        "%s was damaged (%s): it is kept as %s.%s, the backup %s was put in its place, and what was written after %s "
        "is lost",
        *(path, damage, path.name, aside, good.path.name, iso(good.made_at)),
    )


def _tell_of_loss(database: Sqlite, lost: str) -> None:
    """The file is whole, and newer than any backup: it is used, but what is missing is said."""
    path, moment = database.path, utc()
    aside = f"{path.name}.corrupt-{stamp(moment)}"
    log = wal.beside(path)
    if log.exists():
        shutil.copy(log, path.with_name(f"{aside}-wal"))
    _write_note(path.with_name(f"{aside}.json"), at=iso(moment), damage=lost, set_aside=f"{aside}-wal")
    logger.error("%s: %s; its remains are kept as %s-wal", path, lost, aside)


def _write_note(path: Path, **said: str) -> None:
    write(path, json.dumps(said, indent=1).encode())
