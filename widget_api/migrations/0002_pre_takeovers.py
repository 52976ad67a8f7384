"""How often a turn was taken over. The default is the database's: the release before does not name the column."""

from typing import Any


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql("ALTER TABLE turn ADD COLUMN takeovers INTEGER NOT NULL DEFAULT 0")


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql("ALTER TABLE turn DROP COLUMN takeovers")
