"""Backups from the command line and from the running server, and a server that finds its database damaged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import text_of
from tests.live import ROOT, Live, Shopper, serving

pytestmark = pytest.mark.storeless


def flask(live: Live, *words: str) -> subprocess.CompletedProcess[str]:
    """`flask --app wsgi …` with the server's own settings."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "INSTANCE": str(live.folder),
        "PORT": str(live.port),
        **live.settings,
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
    return subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )


def said(shopper: Shopper) -> list[str]:
    return [text_of(message["parts"]) for message in shopper.messages("c")["messages"]]


def test_a_backup_made_while_the_server_runs_brings_back_what_was_said_before_it(tmp_path: Path) -> None:
    with serving(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path / 'chat.db'}") as live, Shopper(live) as anna:
        anna.ask("c", "Do you have boots?")
        before = said(anna)
        made = flask(live, "db", "backup")
        assert made.returncode == 0, made.stderr
        backup = Path(made.stdout.split("\t")[0])
        assert backup.parent == tmp_path / "backups"
        assert "1 conversations, 2 messages" in made.stdout
        anna.ask("c", "And gloves?")
        refused = flask(live, "db", "restore", backup.name)
        assert refused.returncode == 1
        assert "stop" in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
        assert len(said(anna)) == 4
        live.stop()
        anna.http.close()
        done = flask(live, "db", "restore", backup.name)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{backup.name}, made " in done.stdout
        assert "is kept as" in done.stdout
        live.start()
        assert said(anna) == before


def test_the_server_makes_a_backup_of_the_day_soon_after_its_start(tmp_path: Path) -> None:
    with serving(tmp_path, BACKUP_DAYS="7", DATABASE_URL=f"sqlite:///{tmp_path / 'chat.db'}"):
        while not list((tmp_path / "backups").glob("*-daily.*.json")):
            pass


def damaged(tmp_path: Path, *, backed_up: bool) -> Live:
    """A server that was stopped, whose database was then damaged, and what it has to do with it."""
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path / 'chat.db'}", "REDIS_URL": "", "BACKUP_DAYS": "0"}
    with serving(tmp_path, **settings) as live, Shopper(live) as anna:
        anna.ask("c", "Do you have boots?")
        if backed_up:
            assert flask(live, "db", "backup").returncode == 0
        live.stop()
    for path in tmp_path.glob("chat.db-*"):
        path.unlink()
    (tmp_path / "chat.db").write_bytes(b"SQLite format 3\0 and no more")
    return live


def test_a_server_whose_database_is_damaged_restores_the_last_backup_and_says_so(tmp_path: Path) -> None:
    live = damaged(tmp_path, backed_up=True)
    live.start()
    try:
        with Shopper(live) as ben:
            ready = ben.get("/readyz").json()
            assert ready["status"] == "ok"
            assert ready["restored_from"].startswith("chat-")
            assert ready["lost_since"]
            assert (tmp_path / ready["set_aside"]).read_bytes() == b"SQLite format 3\0 and no more"
            assert ready["set_aside"] in live.log
            ben.ask("c", "And gloves?")
        assert "It was mended" in flask(live, "db", "check").stdout
    finally:
        live.stop()


def test_a_server_whose_database_is_damaged_and_was_never_backed_up_refuses_in_a_sentence(tmp_path: Path) -> None:
    live = damaged(tmp_path, backed_up=False)
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"],
        env={"PATH": os.environ["PATH"], "INSTANCE": str(tmp_path), "PORT": str(live.port)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "db restore FILE" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert (tmp_path / "chat.db").read_bytes() == b"SQLite format 3\0 and no more"


def test_what_keeps_a_server_from_starting_can_be_looked_at_and_mended_by_hand(tmp_path: Path) -> None:
    live = damaged(tmp_path, backed_up=True)
    (backup,) = (tmp_path / "backups").glob("*.db")
    looked = flask(live, "db", "check")
    assert (looked.returncode, "file is not a database" in looked.stdout) == (1, True)
    assert flask(live, "db", "restore", str(backup)).returncode == 0
    live.start()
    try:
        with Shopper(live) as ben:
            assert "restored_from" not in ben.get("/readyz").json()
    finally:
        live.stop()


def test_other_commands_refuse_a_database_that_is_gone_in_a_sentence(tmp_path: Path) -> None:
    live = damaged(tmp_path, backed_up=True)
    (tmp_path / "chat.db").unlink()
    done = flask(live, "shop", "list")
    assert done.returncode != 0
    assert len(done.stderr.strip().splitlines()) == 1
    assert "though it was backed up" in done.stderr
    assert not (tmp_path / "chat.db").exists()
