"""The processes around the system: the model and the shop, each on a port of its own, gone when the harness is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def helper(module: str, *arguments: str) -> Iterator[str]:
    """Run a module of this package for the block. Yields the address under which it answers."""
    command = [sys.executable, "-m", f"tests.chaos.{module}", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout
            port = process.stdout.readline().strip()
            assert port, f"the {module} did not start"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def ready(port: int) -> None:
    """Say on which port this process answers, and end with whoever started it."""
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)
