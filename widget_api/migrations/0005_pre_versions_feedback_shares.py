"""Versions of a question and its answers, what shoppers think of them, and links to read a conversation. The release
before does not name the columns."""

from typing import Any

from peewee import PostgresqlDatabase

COLUMNS = {
    "version": "INTEGER NOT NULL DEFAULT 1",
    "first_pk": "INTEGER",
    "rating": "TEXT NOT NULL DEFAULT ''",
    "comment": "TEXT NOT NULL DEFAULT ''",
}


def up(_migrator: Any, db: Any) -> None:
    postgres = isinstance(db, PostgresqlDatabase)
    key = "SERIAL" if postgres else "INTEGER"
    milliseconds = "BIGINT" if postgres else "INTEGER"
    for name, kind in COLUMNS.items():
        db.execute_sql(f"ALTER TABLE message ADD COLUMN {name} {kind}")
    db.execute_sql(
        f"""CREATE TABLE "share" (
        "id" {key} NOT NULL PRIMARY KEY,
        "conversation_id" INTEGER NOT NULL,
        "digest" TEXT NOT NULL,
        "document" TEXT NOT NULL,
        "created_at" {milliseconds} NOT NULL,
        "expires_at" {milliseconds} NOT NULL,
        FOREIGN KEY ("conversation_id") REFERENCES "conversation" ("pk") ON DELETE CASCADE)"""
    )
    for column, unique in (("conversation_id", "UNIQUE "), ("digest", "UNIQUE "), ("expires_at", "")):
        db.execute_sql(f'CREATE {unique}INDEX "share_{column}" ON "share" ("{column}")')


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql("DROP TABLE share")
    for name in COLUMNS:
        db.execute_sql(f"ALTER TABLE message DROP COLUMN {name}")
