"""Add what the assistant is told of a shop: how to reach it, and the language of its catalogue. The release before
does not name the columns: a shop that it registers has neither."""

from typing import Any

COLUMNS = ("contact", "language")


def up(_migrator: Any, db: Any) -> None:
    for name in COLUMNS:
        db.execute_sql(f"ALTER TABLE shop ADD COLUMN {name} TEXT NOT NULL DEFAULT ''")


def down(_migrator: Any, db: Any) -> None:
    for name in COLUMNS:
        db.execute_sql(f"ALTER TABLE shop DROP COLUMN {name}")
