"""Who changes a session's cart just now, and until when. The release before does not name the columns."""

from typing import Any

from peewee import PostgresqlDatabase


def up(_migrator: Any, db: Any) -> None:
    milliseconds = "BIGINT" if isinstance(db, PostgresqlDatabase) else "INTEGER"
    db.execute_sql("ALTER TABLE session ADD COLUMN cart_writer TEXT NOT NULL DEFAULT ''")
    db.execute_sql(f"ALTER TABLE session ADD COLUMN cart_writer_until {milliseconds} NOT NULL DEFAULT 0")


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql("ALTER TABLE session DROP COLUMN cart_writer_until")
    db.execute_sql("ALTER TABLE session DROP COLUMN cart_writer")
