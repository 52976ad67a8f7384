"""Who uses an SQLite file, said by a lock on a file beside it. SQLite's own locks do not say it: a server has no
connection open while nobody asks it anything."""

from __future__ import annotations

import fcntl
import os
import weakref
from pathlib import Path


class Hold:
    """As long as this object lives, or a process forked from this one, nobody replaces the database."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        self.close = weakref.finalize(self, os.close, self._lock)

    def alone(self) -> bool:
        """Take the database for this process only. False when somebody else has it."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def share(self) -> None:
        """Use it beside others. Waits while somebody has it alone."""
        fcntl.flock(self._lock, fcntl.LOCK_SH)
