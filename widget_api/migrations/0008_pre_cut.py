"""Add the reason why an answer ended before it was whole. The release before does not name the column."""

from typing import Any


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql("ALTER TABLE message ADD COLUMN cut TEXT NOT NULL DEFAULT ''")


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql("ALTER TABLE message DROP COLUMN cut")
