"""What the server keeps on disk is for its own user alone: made so, and closed at the start where it was open."""

from __future__ import annotations

import logging
import multiprocessing
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.column import ROOT
from tests.conftest import Visitor
from widget_api.backups import Backups
from widget_api.config import Config
from widget_api.private import close_to_others

NOBODY = 65534


@pytest.fixture
def permissive() -> Iterator[None]:
    """No rights are taken from new files by the process."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """The rights of a folder and of all that is in it."""
    found = {".": folder, **{str(path.relative_to(folder)): path for path in folder.rglob("*")}}
    return {name: stat.S_IMODE(path.stat().st_mode) for name, path in found.items()}


def is_private(folder: Path) -> bool:
    return not any(mode & 0o077 for mode in modes(folder).values())


def start(instance: Path) -> subprocess.CompletedProcess[str]:
    """Run one of the commands, which begins as a server does."""
    env = {"PATH": os.environ["PATH"], "INSTANCE": str(instance), "BACKUP_DAYS": "0"}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "shop", "list"]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True, timeout=60)


@pytest.mark.usefixtures("permissive")
def test_a_new_installation_is_private(tmp_path: Path) -> None:
    started = start(tmp_path / "new")
    assert modes(tmp_path / "new").keys() >= {"chat.db", "chat.db.lock", "secret_key"}
    assert is_private(tmp_path / "new")
    assert started.stderr == ""


@pytest.mark.usefixtures("permissive")
def test_all_that_a_running_server_writes_is_private(anna: Visitor, config: Config) -> None:
    config.instance.chmod(0o700)
    anna.says("hello")
    Backups.of(config).make()
    assert modes(config.instance).keys() >= {"backups"}
    assert is_private(config.instance)


def test_an_open_installation_is_closed_at_the_start_and_the_log_says_so_once(tmp_path: Path) -> None:
    instance = tmp_path / "old"
    start(instance)
    (instance / "backups").mkdir()
    others = ["chat.db-wal", "chat.db.before-20260101T000000.000Z", "backups/chat-20260101T000000.000Z.db"]
    for name in others:
        (instance / name).touch()
    for path in (instance, *instance.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (line,) = start(instance).stderr.splitlines()
    assert "other users of this machine could use" in line
    assert str(instance / "chat.db") in line
    assert is_private(instance)
    assert start(instance).stderr == ""


def test_a_folder_that_others_use_too_is_left_as_it_is(tmp_path: Path) -> None:
    for name, mode in (("tmp", 0o1777), ("home", 0o755)):
        folder = tmp_path / name
        folder.mkdir()
        folder.chmod(mode)
        (folder / "chat.db").touch(0o644)
        (folder / "notes.txt").touch(0o644)
    (tmp_path / "home" / "pictures").mkdir()
    (tmp_path / "home" / "chat.db-wal").symlink_to(tmp_path / "home" / "notes.txt")
    for name in ("tmp", "home"):
        before = modes(tmp_path / name)
        close_to_others(tmp_path / name, tmp_path / name / "chat.db")
        assert modes(tmp_path / name) == before | {"chat.db": 0o600}


def unable() -> None:
    """Try to close a file of the system's. Ends with the number of lines in the log that say what to do."""
    if os.getuid() == 0:
        os.setuid(NOBODY)
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("widget_api.private").addHandler(handler)
    close_to_others(Path("/nowhere"), Path("/etc/passwd"))
    sys.exit(sum("/etc/passwd" in line and "chmod -R go-rwx" in line for line in said))


def test_whoever_may_not_close_it_says_what_to_do_and_goes_on() -> None:
    before = Path("/etc/passwd").stat().st_mode
    child = multiprocessing.get_context("fork").Process(target=unable)
    child.start()
    child.join(30)
    assert child.exitcode == 1
    assert Path("/etc/passwd").stat().st_mode == before
