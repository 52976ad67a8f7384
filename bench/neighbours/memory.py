"""Watches how much memory the workers hold."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

INTERVAL_SECONDS = 0.25


@contextmanager
def watching(pids: Callable[[], Iterable[int]]) -> Iterator[list[float]]:
    """Watch during the block. The most that one worker held, in megabytes, is in the list afterwards."""
    most: list[float] = []
    over = threading.Event()
    seen = [0.0]

    def watch() -> None:
        while not over.wait(INTERVAL_SECONDS):
            seen[0] = max([seen[0], *map(resident, pids())])

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()
        most.append(round(seen[0], 1))


def resident(pid: int) -> float:
    """Return the megabytes that a process holds, or 0 when it has ended."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6
    return 0.0
