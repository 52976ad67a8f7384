"""Private files: what the server keeps on disk is for the user it runs as, and for nobody else on the machine.

New files are made private where they are made. What an earlier release has left open is closed at the start.
"""

from __future__ import annotations

import logging
import stat
from collections.abc import Iterator
from functools import cache
from pathlib import Path

logger = logging.getLogger(__name__)

# The bits for the group and for all others.
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
BACKUPS = "backups"


@cache
def close_to_others(instance: Path, database: Path | None) -> None:
    """Take the rights of other users from the folder, the database's files (None: it is elsewhere), the key and the
    backups. Says in one line of the log what was open. Does so once in a process and those forked from it."""
    found = [path for path in _kept(instance, database) if _rights_of_others(path)]
    left = [path for path in found if not _close(path)]
    if left:
        logger.warning(
            "other users of this machine may use %s and this user cannot change that: run `chmod -R go-rwx` on it",
            ", ".join(map(str, left)),
        )
    elif found:
        logger.warning("other users of this machine could use %s; now they cannot", ", ".join(map(str, found)))


def _kept(instance: Path, database: Path | None) -> Iterator[Path]:
    backups = instance / BACKUPS
    if not _is_shared(instance):
        yield instance
    yield backups
    yield from sorted(backups.glob("*"))
    yield from sorted(instance.glob("secret_key*"))
    if database:
        yield from sorted(database.parent.glob(f"{database.name}*"))


def _is_shared(folder: Path) -> bool:
    """Return whether the folder has other uses than ours: it is one like /tmp, or holds other folders."""
    try:
        is_sticky = bool(folder.stat().st_mode & stat.S_ISVTX)
        return is_sticky or any(path.is_dir() and path.name != BACKUPS for path in folder.iterdir())
    except OSError:
        return True


def _rights_of_others(path: Path) -> int:
    """Return the bits of the group's and all others' rights; none of a link, or of what is not there."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return 0
    return mode & _OTHERS if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else 0


def _close(path: Path) -> bool:
    """Return whether others have no rights any more."""
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
    except OSError:
        return False
    return True
