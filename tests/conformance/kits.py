"""The tools of other makes, installed once when they are missing.

Python packages get environments of their own, because each release of `ucp-sdk` is for one protocol version.
Shopify's client comes from npm together with the Node that it needs.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import pytest

FOLDER = Path(__file__).parent
ENVIRONMENTS = FOLDER / "environments"
RELEASES = ("2026-04-08", "2026-08-25")
INSTALL_SECONDS = 400


def require_environment(release: str) -> Path:
    """Return the folder of programs for one protocol release, installing it first if need be."""
    requirements = FOLDER / f"requirements-{release}.txt"
    folder = ENVIRONMENTS / release
    stamp = folder / "installed"
    with _InstallLock():
        if not _is_current(stamp, requirements):
            shutil.rmtree(folder, ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(folder)])
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
            _run([*pip, "--require-hashes", "-r", str(requirements)])
            stamp.write_text(_digest(requirements))
    return folder / "bin"


def require_ucp_cli() -> list[str]:
    """Return the command that starts Shopify's `ucp`, installing it first if need be."""
    if not shutil.which("npm"):
        _give_up("npm is not installed")
    lock = FOLDER / "package-lock.json"
    stamp = FOLDER / "node_modules" / "installed"
    with _InstallLock():
        if not _is_current(stamp, lock):
            _run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"])
            stamp.write_text(_digest(lock))
    modules = FOLDER / "node_modules"
    return [str(modules / "node" / "bin" / "node"), str(modules / ".bin" / "ucp")]


def judge(release: str, messages: Iterable[tuple[str, dict[str, Any]]]) -> list[list[str]]:
    """Return the faults of each message, a pair of a model's name (see judge.py) and a value, by `ucp-sdk`."""
    lines = "".join(json.dumps({"model": model, "value": value}) + "\n" for model, value in messages)
    program = [str(require_environment(release) / "python"), str(FOLDER / "judge.py"), release]
    done = subprocess.run(program, input=lines, capture_output=True, text=True, check=True, timeout=100)
    return [json.loads(line) for line in done.stdout.splitlines()]


class _InstallLock:
    """Let one process of the test run install at a time."""

    def __enter__(self) -> None:
        self._file = (FOLDER / "package.json").open()
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _is_current(stamp: Path, source: Path) -> bool:
    return stamp.exists() and stamp.read_text() == _digest(source)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, cwd=FOLDER, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        _give_up(f"{command[0]}: {exc}")
    if done.returncode:
        _give_up(f"{' '.join(command[:4])}: {done.stderr.strip()[-500:]}")


def _give_up(reason: str) -> NoReturn:
    """Fail where the run has to be complete, skip elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(f"the conformance tools cannot be installed: {reason}")
    pytest.skip(f"the conformance tools cannot be installed: {reason}")
