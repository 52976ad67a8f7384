"""Whose cart a session has, and its newest move into the theme's. The release before names neither."""

from typing import Any

from peewee import PostgresqlDatabase


def up(_migrator: Any, db: Any) -> None:
    boolean = "BOOLEAN" if isinstance(db, PostgresqlDatabase) else "INTEGER"
    db.execute_sql(f"ALTER TABLE session ADD COLUMN cart_own {boolean} NOT NULL DEFAULT FALSE")
    db.execute_sql(
        """CREATE TABLE "cart_move" (
        "id" TEXT NOT NULL PRIMARY KEY,
        "session_id" TEXT NOT NULL,
        "source" TEXT NOT NULL,
        "target" TEXT NOT NULL,
        "before" TEXT NOT NULL,
        "lines" TEXT NOT NULL,
        "moved" TEXT NOT NULL,
        "state" TEXT NOT NULL,
        FOREIGN KEY ("session_id") REFERENCES "session" ("id") ON DELETE CASCADE)"""
    )
    db.execute_sql('CREATE UNIQUE INDEX "cart_move_session_id" ON "cart_move" ("session_id")')


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql("DROP TABLE cart_move")
    db.execute_sql("ALTER TABLE session DROP COLUMN cart_own")
