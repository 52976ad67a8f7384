"""The tests' Node packages: installed when missing, once for all processes that ask."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

FOLDER = Path(__file__).with_name("node")
LOCK = FOLDER / "package-lock.json"
# npm keeps a copy of the lock beside what it has installed from it.
INSTALLED = FOLDER / "node_modules" / ".package-lock.json"


def require_node() -> Path:
    """The folder `tests/node` with its packages installed. Without Node the test is skipped; in CI it fails."""
    if not shutil.which("node"):
        _missing("node is not installed")
    with LOCK.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _stale():
            _install()
    return FOLDER


# From a package's compressed program to one that runs.
UNPACK = """
const [, packed, program] = process.argv;
const { createReadStream, createWriteStream } = require('node:fs');
const unpacked = createReadStream(packed).pipe(require('node:zlib').createBrotliDecompress());
unpacked.pipe(createWriteStream(program, { mode: 0o755 }));
"""


def require_chromium_109() -> Path:
    """Return the program of the last Chromium for Windows 7 and 8, which an npm package carries."""
    program = require_node() / "node_modules" / "@sparticuz" / "chromium" / "bin" / "chromium"
    with LOCK.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            part = program.with_suffix(".part")
            subprocess.run(["node", "-e", UNPACK, program.with_suffix(".br"), part], check=True, timeout=120)
            part.rename(program)
    return program


def _stale() -> bool:
    return not INSTALLED.exists() or INSTALLED.stat().st_mtime < LOCK.stat().st_mtime


def _install() -> None:
    command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired) as exc:
        _missing(f"npm ci: {exc}")
    if done.returncode:
        _missing(f"npm ci: {done.stderr.strip()[-500:]}")


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"tests/node cannot be used: {reason}")
    pytest.skip(f"tests/node cannot be used: {reason}")
