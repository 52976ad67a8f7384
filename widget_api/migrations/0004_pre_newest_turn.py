"""The newest turn of a conversation is asked for with every request: by an index that has it at its end."""

from typing import Any


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql('CREATE INDEX "turn_conversation_id_attempt" ON "turn" ("conversation_id", "attempt")')


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql("DROP INDEX turn_conversation_id_attempt")
