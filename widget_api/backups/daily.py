"""The daily backup, made by a running server beside everything else."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from widget_api.backups import DAY, BackupError, Backups, MadeElsewhere

if TYPE_CHECKING:
    from widget_api.config import Config

logger = logging.getLogger(__name__)

# What could not be done is tried again, but not every minute.
RETRY_SECONDS = 3600


class Daily:
    """Makes a backup when the newest one is a day old, and then removes the oldest. To be asked once a minute."""

    def __init__(self, config: Config) -> None:
        self._backups = Backups.of(config)
        self._keep = config.backup_days
        self._thread: threading.Thread | None = None
        self._not_before = 0.0

    def __call__(self) -> None:
        """Begin a backup if it is time. Returns at once; a thread of its own does the work."""
        if not self._keep or time.monotonic() < self._not_before:
            return
        if self._thread and self._thread.is_alive():
            return
        if not self._backups.shelf.newer_than(DAY):
            self._thread = threading.Thread(target=self._make, name="backup", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Wait until the backup under way is made."""
        if self._thread:
            self._thread.join()

    def _make(self) -> None:
        self._not_before = time.monotonic() + RETRY_SECONDS
        try:
            made = self._backups.make(daily=True)
        except MadeElsewhere:
            return
        except BackupError as exc:
            logger.error("no daily backup: %s", exc)  # noqa: TRY400 - the sentence says all
            return
        pruned = self._backups.shelf.prune(self._keep)
        logger.info("backup made: %s; %d old ones removed", made.path, len(pruned))
