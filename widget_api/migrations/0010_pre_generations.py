"""Add when the newest generation of a session's tokens was begun, whether it has been used, and when the database was
put back from a backup. The release before does not name them: it accepts the newest generation alone."""

from typing import Any

from peewee import PostgresqlDatabase


def up(_migrator: Any, db: Any) -> None:
    milliseconds, boolean = ("BIGINT", "BOOLEAN") if isinstance(db, PostgresqlDatabase) else ("INTEGER", "INTEGER")
    db.execute_sql(f"ALTER TABLE session ADD COLUMN generation_begun {milliseconds} NOT NULL DEFAULT 0")
    db.execute_sql(f"ALTER TABLE session ADD COLUMN generation_used {boolean} NOT NULL DEFAULT TRUE")
    db.execute_sql(f"CREATE TABLE restoration (restored_at {milliseconds} NOT NULL)")


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql("DROP TABLE restoration")
    for name in ("generation_begun", "generation_used"):
        db.execute_sql(f"ALTER TABLE session DROP COLUMN {name}")
