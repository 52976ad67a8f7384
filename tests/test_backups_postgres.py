"""PostgreSQL: dumped, read again, restored on trial and put back, with PostgreSQL's own programs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.servers import PostgresServer, postgres_server, require
from widget_api import models
from widget_api.backups import Backup, BackupError, Backups, postgres
from widget_api.config import Config
from widget_api.models import Conversation, Message, Session, Shop

require("initdb", "postgres", "pg_dump", "pg_restore")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


def config_of(folder: Path, url: str) -> Config:
    return Config(secret_keys=("k" * 40,), instance=folder, database_url=url)


@pytest.fixture
def url(server: PostgresServer) -> Iterator[str]:
    """A database in which one message stands that is hard to copy."""
    url = server.database()
    models.connect(url)
    with models.transaction():
        shop = Shop.register("anna-store.myshopify.com", origins=["https://anna.example"])
        Session.insert(id="anna", shop=shop.id).execute()
        conversation = Conversation.create(
            id="c", session="anna", title="COPY public.message (id) FROM stdin;\n\\.\n"
        )
        Message.create(id="m", session="anna", conversation=conversation, role="user", parts=[{"text": "\\.\n\\N\t"}])
    models.disconnect()
    yield url
    models.disconnect()


@pytest.fixture
def backups(tmp_path: Path, url: str) -> Backups:
    return Backups.of(config_of(tmp_path, url))


@pytest.fixture
def backup(backups: Backups) -> Backup:
    return backups.make()


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def databases(url: str) -> set[object]:
    return {name for (name,) in execute(url, "SELECT datname FROM pg_database")}


def test_what_comes_back_is_what_was_there(backups: Backups, backup: Backup, url: str) -> None:
    before = execute(url, "SELECT * FROM message"), execute(url, "SELECT * FROM conversation")
    execute(url, "DELETE FROM session")
    kept = backups.restore(backup)
    assert (execute(url, "SELECT * FROM message"), execute(url, "SELECT * FROM conversation")) == before
    assert execute(f"{url.rpartition('/')[0]}/{kept}", "SELECT COUNT(*) FROM message") == [(0,)]
    models.connect(url)  # and its tables are up to date: the history of its migrations came along


def test_a_backup_is_restored_on_trial_and_nothing_is_left_of_the_trial(
    backups: Backups, backup: Backup, url: str
) -> None:
    before = databases(url)
    assert "every row was there" in backups.database.rehearse(backup.path, backups.verify(backup))
    assert databases(url) == before


def test_a_user_who_may_not_create_databases_can_make_backups_but_not_put_them_back(
    server: PostgresServer, url: str, tmp_path: Path
) -> None:
    execute(server.url, "DROP ROLE IF EXISTS plain")
    execute(server.url, "CREATE ROLE plain LOGIN")
    execute(url, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain")
    execute(url, "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO plain")
    try:
        backups = Backups.of(config_of(tmp_path, url.replace("postgres@", "plain@")))
        made = backups.make()
        assert "may not create databases" in backups.database.rehearse(made.path, backups.verify(made))
        with pytest.raises(BackupError, match="may not create or rename databases"):
            backups.restore(made)
    finally:
        execute(url, "DROP OWNED BY plain")
        execute(server.url, "DROP ROLE plain")


def test_nothing_is_restored_while_somebody_is_connected(backups: Backups, backup: Backup, url: str) -> None:
    before = databases(url)
    with psycopg.connect(url), pytest.raises(BackupError, match="Somebody is using"):
        backups.restore(backup)
    assert databases(url) == before


def test_somebody_who_connects_while_it_is_restored_is_not_cut_off(
    backups: Backups, backup: Backup, url: str
) -> None:
    before = databases(url)
    with psycopg.connect(url) as connection:
        with pytest.raises(BackupError, match="stop the servers first"):
            backups.database.replace(backup.path, "before")
        assert connection.execute("SELECT COUNT(*) FROM message").fetchone() == (1,)
    assert databases(url) == before


def test_the_password_is_seen_by_nobody(
    backups: Backups, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert backups
    secret = "se:cr\\et word"
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        commands.append(command)
        (conninfo,) = [word for word in command if word.startswith("--dbname=")]
        passfile = Path(str(psycopg.conninfo.conninfo_to_dict(conninfo.removeprefix("--dbname="))["passfile"]))
        assert passfile.stat().st_mode & 0o777 == 0o600
        assert passfile.read_text() == "*:*:*:*:se\\:cr\\\\et word\n"
        return subprocess.CompletedProcess(command, 1, b"", b"refused")

    monkeypatch.setattr(subprocess, "run", run)
    address = url.replace("postgres@", "postgres:se%3Acr%5Cet%20word@")
    with pytest.raises(BackupError, match="pg_dump failed: refused") as refused:
        Backups.of(config_of(tmp_path, address)).make()
    assert secret not in str(commands)
    assert secret not in str(refused.value)


def test_missing_programs_are_named(backups: Backups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupError, match="pg_dump is not installed here"):
        backups.make()
    assert backups.shelf.backups() == []


def test_a_server_that_is_away_is_said_in_a_sentence(tmp_path: Path) -> None:
    backups = Backups.of(config_of(tmp_path, "postgresql://postgres@127.0.0.1:9/chat"))
    with pytest.raises(BackupError, match="PostgreSQL does not answer"):
        backups.make()
    (fault,) = backups.database.check()
    assert "pg_dump failed" in fault


def test_the_check_reads_every_row_and_says_whether_pages_have_checksums(backups: Backups) -> None:
    assert backups.database.check() == []
    assert "no checksums" in backups.database.praise()


def test_a_row_that_cannot_be_read_is_found(backups: Backups, server: PostgresServer, url: str) -> None:
    """A page of the table's file is overwritten while the server is stopped."""
    ((file,),) = execute(url, "SELECT pg_relation_filepath('message')")
    execute(url, "CHECKPOINT")
    server.stop()
    try:
        with (server.folder / "data" / str(file)).open("r+b") as table:
            table.write(b"\xff" * 8192)
    finally:
        server.start()
    (fault,) = backups.database.check()
    assert "invalid page" in fault
    with pytest.raises(BackupError):
        backups.make()
    assert backups.shelf.backups() == []
