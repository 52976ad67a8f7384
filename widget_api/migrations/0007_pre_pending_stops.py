"""Stops for answers that have not begun, because the question is still on its way. The release before does not read
the table."""

from typing import Any

from peewee import PostgresqlDatabase


def up(_migrator: Any, db: Any) -> None:
    postgres = isinstance(db, PostgresqlDatabase)
    key = "SERIAL" if postgres else "INTEGER"
    milliseconds = "BIGINT" if postgres else "INTEGER"
    db.execute_sql(
        f"""CREATE TABLE "pending_stop" (
        "id" {key} NOT NULL PRIMARY KEY,
        "session_id" TEXT NOT NULL,
        "conversation" TEXT NOT NULL,
        "message" TEXT NOT NULL,
        "version" INTEGER NOT NULL,
        "expires_at" {milliseconds} NOT NULL,
        FOREIGN KEY ("session_id") REFERENCES "session" ("id") ON DELETE CASCADE)"""
    )
    named = '"session_id", "message", "version"'
    db.execute_sql(f'CREATE UNIQUE INDEX "pending_stop_session_id_message_version" ON "pending_stop" ({named})')
    db.execute_sql('CREATE INDEX "pending_stop_expires_at" ON "pending_stop" ("expires_at")')


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql("DROP TABLE pending_stop")
