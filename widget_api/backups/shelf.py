"""The folder of backups: how they are named, and how one gets there whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

# What must stay free on the disk after a backup, so that it never takes the room of the database itself.
RESERVE_BYTES = 100 * 1024 * 1024
_STAMP = "%Y%m%dT%H%M%S.%f"
_MEGABYTE = 1024 * 1024

Rows = dict[str, int]  # how many rows each table has

# Answers that were being written when a backup was made are not written on after it is put back: what they did to
# carts after that moment is not in it, and must not be done again. Nobody takes over a turn that failed so often.
GIVE_UP = "UPDATE turn SET takeovers = 1000, lease_until = 0 WHERE state IN ('queued', 'running')"

# Tokens that were renewed after the backup are of generations that it does not know. `generations` accepts them then.
RESTORED = "INSERT INTO restoration (restored_at) VALUES ({milliseconds})"


def changes() -> Iterator[tuple[str, str, str]]:
    """Yield the changes of a database that is put back now, each after the table and the column that it needs: the
    backup may be older than they."""
    yield "turn", "takeovers", GIVE_UP
    yield "restoration", "restored_at", RESTORED.format(milliseconds=int(utc().timestamp() * 1000))


class BackupError(Exception):
    """A backup cannot be made, trusted or put back. The message says why and what to do."""


class MadeElsewhere(BackupError):
    """Another process makes it, or just has."""


def utc() -> datetime:
    """Now, as exact as names of files are."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def stamp(moment: datetime) -> str:
    """The moment as it stands in a file's name, to the millisecond."""
    return f"{moment:{_STAMP}}"[:-3] + "Z"


def iso(moment: datetime) -> str:
    """The moment as people read it, to the second."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup, and the manifest beside it that says what it must hold."""

    path: Path
    made_at: datetime
    daily: bool = False

    @property
    def made(self) -> str:
        return iso(self.made_at)

    @property
    def manifest_path(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    @property
    def manifest(self) -> dict[str, Any]:
        """When it was made, its digest and its rows. Empty when it was copied here without it."""
        try:
            found = json.loads(self.manifest_path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as exc:
            raise BackupError(f"{self.manifest_path} cannot be read, so {self.path.name} cannot be trusted.") from exc
        return found if isinstance(found, dict) else {}


class Shelf:
    """The backups of one database in one folder."""

    def __init__(self, folder: Path, name: str, suffix: str) -> None:
        self.folder = folder
        self.name = name
        self.suffix = suffix
        self._pattern = re.compile(rf"{re.escape(name)}-(\d{{8}}T\d{{6}}\.\d{{3}})Z(-daily)?{re.escape(suffix)}")

    @property
    def _part(self) -> Path:
        return self.folder / f"{self.name}.part"

    def backups(self) -> list[Backup]:
        """All backups, newest first."""
        if not self.folder.is_dir():
            return []
        found = [self.named(path) for path in self.folder.iterdir() if self._pattern.fullmatch(path.name)]
        return sorted(found, key=lambda backup: backup.path.name, reverse=True)

    def named(self, path: Path) -> Backup:
        """The backup in that file, which may stand elsewhere and have any name."""
        match = self._pattern.fullmatch(path.name)
        if match:
            return Backup(path, datetime.strptime(f"{match[1]}+0000", f"{_STAMP}%z"), bool(match[2]))
        return Backup(path, datetime.fromtimestamp(path.stat().st_mtime, UTC))

    def newer_than(self, age: timedelta) -> bool:
        """Whether there is a backup of that age or less. One of the future was made by a clock that went wrong."""
        now = utc()
        return any(timedelta(0) <= now - backup.made_at < age for backup in self.backups())

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one process at a time makes backups. Raises `MadeElsewhere`."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self.folder / f".{self.name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                raise MadeElsewhere("Another backup is being made: wait until it is ready.") from exc
            self._sweep()
            yield
        finally:
            os.close(lock)

    def _sweep(self) -> None:
        """Remove what a process left behind that died while it made a backup."""
        self._part.unlink(missing_ok=True)
        for path in self.folder.glob("*.json"):
            if self._pattern.fullmatch(path.stem) and not path.with_suffix("").exists():
                path.unlink()

    def leave_room(self, size: int) -> None:
        """Refuse a backup that would fill the disk."""
        free = shutil.disk_usage(self.folder).free
        if free < size + RESERVE_BYTES:
            raise BackupError(
                f"{self.folder} has {free // _MEGABYTE} MB free; a backup needs about {size // _MEGABYTE} MB beside "
                f"{RESERVE_BYTES // _MEGABYTE} MB that stay free for the database: make room."
            )

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """An empty file to write a backup to, gone after the block unless it was kept."""
        os.close(os.open(self._part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            yield self._part
        finally:
            self._part.unlink(missing_ok=True)

    def keep(self, part: Path, made_at: datetime, rows: Rows, *, digest: str, daily: bool) -> Backup:
        """Make a backup of the draft."""
        name = f"{self.name}-{stamp(made_at)}{'-daily' if daily else ''}{self.suffix}"
        backup = Backup(self.folder / name, made_at, daily)
        manifest = {"made_at": iso(made_at), "sha256": digest, "rows": rows}
        try:
            write(backup.manifest_path, json.dumps(manifest, indent=1).encode())
            part.rename(backup.path)
        except OSError:
            backup.manifest_path.unlink(missing_ok=True)
            raise
        sync(self.folder)
        return backup

    def prune(self, keep: int) -> list[Backup]:
        """Remove all daily backups but the newest `keep`. Those made by hand stay."""
        old = [backup for backup in self.backups() if backup.daily][keep:]
        for backup in old:
            backup.path.unlink(missing_ok=True)
            backup.manifest_path.unlink(missing_ok=True)
        return old


def digest(path: Path) -> str:
    """The SHA-256 of what the disk has, not of what memory remembers of writing it."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(path: Path, data: bytes) -> None:
    """Write a small private file that survives a power cut."""
    handle = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
