"""Changes of the cart that the assistant has proposed or made, to take them and to undo them. The release before does
not read the table."""

from typing import Any

from peewee import PostgresqlDatabase


def up(_migrator: Any, db: Any) -> None:
    postgres = isinstance(db, PostgresqlDatabase)
    key = "SERIAL" if postgres else "INTEGER"
    milliseconds = "BIGINT" if postgres else "INTEGER"
    db.execute_sql(
        f"""CREATE TABLE "cart_change" (
        "pk" {key} NOT NULL PRIMARY KEY,
        "id" TEXT NOT NULL,
        "session_id" TEXT NOT NULL,
        "conversation_id" INTEGER NOT NULL,
        "lines" TEXT NOT NULL,
        "goals" TEXT NOT NULL,
        "state" TEXT NOT NULL,
        "changed_at" {milliseconds} NOT NULL,
        FOREIGN KEY ("session_id") REFERENCES "session" ("id") ON DELETE CASCADE,
        FOREIGN KEY ("conversation_id") REFERENCES "conversation" ("pk") ON DELETE CASCADE)"""
    )
    db.execute_sql('CREATE UNIQUE INDEX "cart_change_id" ON "cart_change" ("id")')
    db.execute_sql('CREATE INDEX "cart_change_conversation_id" ON "cart_change" ("conversation_id")')
    db.execute_sql('CREATE INDEX "cart_change_session_id_changed_at" ON "cart_change" ("session_id", "changed_at")')


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql("DROP TABLE cart_change")
