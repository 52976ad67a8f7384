"""The migrations make the tables that the models describe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from peewee import SqliteDatabase

from widget_api import models
from widget_api.models import TABLES, connected, database


def execute(sql: str) -> list[tuple[Any, ...]]:
    connection: Any = database
    return list(connection.execute_sql(sql))


def schema(execute: Any) -> set[tuple[str, ...]]:
    """Every column and index, by name."""
    found = set()
    for table, kind, sql in execute("SELECT tbl_name, type, sql FROM sqlite_master WHERE sql IS NOT NULL"):
        if table.startswith("schema_migration"):
            continue
        if kind == "table":
            found |= {(table, *map(str, column[1:])) for column in execute(f"PRAGMA table_info({table})")}
        else:
            found.add((table, sql))
    return found


def test_a_migrated_database_is_what_the_models_describe(tmp_path: Path) -> None:
    models.connect(f"sqlite:///{tmp_path / 'migrated.db'}")
    with connected():
        migrated = schema(execute)
    fresh: Any = SqliteDatabase(":memory:")
    with fresh.bind_ctx(TABLES), fresh.connection_context():
        fresh.create_tables(TABLES)
        made = schema(lambda sql: list(fresh.execute_sql(sql)))
    assert migrated == made


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        models.connect(f"sqlite:///{tmp_path / 'again.db'}")
    with connected():
        ((count,),) = execute("SELECT COUNT(*) FROM schema_migration")
    assert count == len(list(models.MIGRATIONS.glob("[0-9]*.py")))
