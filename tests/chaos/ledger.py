"""Ledgers: append-only files of JSON lines, kept outside of the system under test."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Ledger:
    """One file. A line is out as soon as it is written, from any thread and whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, kind: str, **fields: Any) -> None:
        """Add an entry; `t` is the machine's monotonic clock, which all its processes share."""
        entry = {"kind": kind, "t": round(time.monotonic(), 4), **fields}
        os.write(self._file, json.dumps(entry, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        os.close(self._file)


def entries(path: Path) -> list[Entry]:
    """All that was written to a ledger."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]
