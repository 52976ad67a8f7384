"""The migrations make the tables that the models describe, forward, once, while the release before still runs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from peewee import IntegrityError

from tests.column import ROOT
from widget_api import database, models
from widget_api.models import TABLES, Session, Turn, connected, migrate, rows, transaction

TAKEN_AWAY = 'def up(migrator, db):\n    db.execute_sql("ALTER TABLE shop DROP COLUMN prompt")\n'
SLOW = (
    "import time\ndef up(migrator, db):\n    time.sleep(0.3)\n    db.execute_sql('CREATE TABLE slow (id INTEGER)')\n"
)


def schema() -> dict[str, Any]:
    """Every column and every index of our tables."""
    with connected():
        names = [table._meta.table_name for table in TABLES]
        columns = {(name, *_same(column)) for name in names for column in models.database.get_columns(name)}
        found = [(name, index) for name in names for index in models.database.get_indexes(name)]
        indexes = {(name, index.sql.replace('"', "") if index.sql else "", index.unique) for name, index in found}
    return {"columns": columns, "indexes": indexes}


def _same(column: Any) -> tuple[Any, ...]:
    """SQLite has one size of whole numbers, whatever it is called."""
    return tuple("INTEGER" if word == "BIGINT" else word for word in column[:6])


def prompted() -> bool:
    return ("shop", "prompt") in {column[:2] for column in schema()["columns"]}


def applied() -> list[str]:
    with connected():
        return [name for (name,) in models.database.execute_sql("SELECT name FROM schema_migration ORDER BY id")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with our migrations, for others beside them."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    for file in database.MIGRATIONS.glob("[0-9]*.py"):
        (folder / file.name).write_text(file.read_text())
    monkeypatch.setattr(database, "MIGRATIONS", folder)
    return folder


def test_a_migrated_database_is_what_the_models_describe(url: str) -> None:
    models.connect(url)
    migrated = schema()
    with transaction():
        models.database.drop_tables(TABLES)
        models.database.create_tables(TABLES)
    assert migrated == schema()


def test_migrating_again_changes_nothing(url: str) -> None:
    for _ in range(2):
        models.connect(url)
    assert len(applied()) == len(list(database.MIGRATIONS.glob("[0-9]*.py")))


def test_what_takes_away_waits_until_it_is_asked_for(url: str, folder: Path) -> None:
    (folder / "0901_post_no_prompt.py").write_text(TAKEN_AWAY)
    (folder / "0902_pre_more.py").write_text("def up(migrator, db):\n    pass\n")
    models.connect(url)
    assert applied()[-1] == "0902_pre_more"
    assert prompted()
    assert migrate("post") == ["0901_post_no_prompt"]
    assert not prompted()
    assert migrate("post") == []


def test_a_migration_that_fails_leaves_nothing_behind(url: str, folder: Path) -> None:
    (folder / "0901_pre_broken.py").write_text(TAKEN_AWAY + "    raise LookupError\n")
    with pytest.raises(LookupError):
        models.connect(url)
    assert "0901_pre_broken" not in applied()
    assert prompted()


def test_processes_that_start_at_once_on_an_empty_database_all_succeed(url: str, folder: Path) -> None:
    (folder / "0901_pre_slow.py").write_text(SLOW)
    start = "import sys, pathlib; from widget_api import database; database.MIGRATIONS = pathlib.Path(sys.argv[2]);"
    command = [sys.executable, "-c", f"{start} database.connect(sys.argv[1])", url, str(folder)]
    started = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate(timeout=60)[1] for process in started]
    assert [process.returncode for process in started] == [0] * 4, said
    models.connect(url)
    assert applied().count("0901_pre_slow") == 1


def test_the_first_release_can_write_before_and_after(url: str, folder: Path) -> None:
    first, *later = sorted(folder.glob("*.py"))
    kept = {file: file.read_text() for file in later}
    for file in later:
        file.unlink()
    models.connect(url)
    old = loaded(first)
    write(old, "before")
    for file, text in kept.items():
        file.write_text(text)
    models.connect(url)
    write(old, "after")
    with connected():
        assert [turn.takeovers for turn in Turn.select()] == [0, 0]
        assert rows(Session.select(Session.id).order_by(Session.id)) == [("after",), ("before",)]


def loaded(migration: Path) -> Any:
    """A migration with the tables that it holds."""
    spec = importlib.util.spec_from_file_location("first", migration)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(old: Any, name: str) -> None:
    """A turn and all that it belongs to, each called `name`, as the first release writes them."""
    created = {"created_at": 1}
    with transaction(), models.database.bind_ctx(old.TABLES):
        texts = dict.fromkeys(("name", "origins", "mcp_url", "prompt", "model"), "")
        shop = old.Shop.create(domain=name, active=True, **texts, **created)
        session = {"id": name, "shop": shop, "generation": 0, "cart_id": "", "revoked": False}
        session = old.Session.create(force_insert=True, **session, **created)
        texts = {"title": "", "search": ""}
        conversation = old.Conversation.create(id=name, session=session, attempts=1, updated_at=1, **texts, **created)
        texts = {"role": "user", "parts": "[]", "search": "", "status": "", "digest": ""}
        message = old.Message.create(
            id=name, session=session, conversation=conversation, replaced=False, **texts, **created
        )
        work = {"attempt": 1, "worker": "", "lease_until": 1, "stop_requested": False, "model": ""}
        asked = {"conversation": conversation, "question": message, "answer": message}
        numbers = {"input_tokens": 0, "output_tokens": 0}
        old.Turn.create(force_insert=True, id=name, state="running", **asked, **work, **numbers, **created)


def test_one_conversation_has_one_running_turn(url: str) -> None:
    models.connect(url)
    write(loaded(database.MIGRATIONS / "0001_initial.py"), "one")
    with connected():
        fields = dict(Turn.get_by_id("one").__data__)
        with pytest.raises(IntegrityError), transaction():
            Turn.create(**{**fields, "id": "two"})
        Turn.update(state="complete").execute()
        Turn.create(**{**fields, "id": "two"})
        assert Turn.select().count() == 2
