"""Add what models want back with a turn's steps, and the tokens that they had kept.

The release before names neither.
"""

from typing import Any


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql("ALTER TABLE turn ADD COLUMN cached_tokens INTEGER NOT NULL DEFAULT 0")
    db.execute_sql(
        """CREATE TABLE "step_extra" (
        "turn_id" TEXT NOT NULL,
        "step" INTEGER NOT NULL,
        "model" TEXT NOT NULL,
        "data" TEXT NOT NULL,
        PRIMARY KEY ("turn_id", "step"),
        FOREIGN KEY ("turn_id") REFERENCES "turn" ("id") ON DELETE CASCADE)"""
    )


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql("DROP TABLE step_extra")
    db.execute_sql("ALTER TABLE turn DROP COLUMN cached_tokens")
