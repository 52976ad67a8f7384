"""Processes that run turns: their names, and whether one of them has gone."""

from __future__ import annotations

import os
import secrets
import uuid
from functools import cache
from pathlib import Path


def name() -> str:
    """The name of this process: where it runs, its number there, when it began, and a word to tell namesakes."""
    pid = os.getpid()
    return f"{_place()}:{pid}:{_began(pid)}:{secrets.token_hex(4)}"


def gone(worker: str) -> bool:
    """Whether the process of that name ran in this place and is no more. Elsewhere only its lease can tell."""
    if not worker:
        return True  # it has given the turn up
    place, pid, began, _ = worker.rsplit(":", 3)
    return place == _place() and _began(int(pid)) != began


@cache
def _place() -> str:
    """Where process numbers mean the same: a boot of a kernel, and a namespace in it. Hosts and containers may
    share a name, but not these."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return f"{uuid.getnode():x}"


def _began(pid: int) -> str:
    """When the process began, in ticks since the boot; empty when there is none, or it has ended and only waits
    to be noticed. Numbers are used again, so the number alone does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return _lives(pid)
    state, *fields = stat.rpartition(b")")[2].split()
    return "" if state in b"ZX" else fields[18].decode()


def _lives(pid: int) -> str:
    """As `_began`, where the system does not tell when."""
    if Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "unknown"
