"""The first tables. Frozen: later changes of the models are migrations of their own.

Databases made by the first release have VARCHAR(255) where TEXT stands here. SQLite takes both for the same, and
PostgreSQL came later.
"""

from typing import Any

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


class Table(Model):
    class Meta:
        legacy_table_names = False


class Shop(Table):
    id = AutoField()
    domain = TextField(unique=True)
    name = TextField()
    origins = TextField()
    mcp_url = TextField()
    prompt = TextField()
    model = TextField()
    active = BooleanField()
    created_at = BigIntegerField()


class Session(Table):
    id = TextField(primary_key=True)
    shop = ForeignKeyField(Shop, on_delete="CASCADE")
    generation = IntegerField()
    cart_id = TextField()
    revoked = BooleanField()
    created_at = BigIntegerField()


class Conversation(Table):
    pk = AutoField()
    id = TextField()
    session = ForeignKeyField(Session, index=False, on_delete="CASCADE")
    title = TextField()
    search = TextField()
    attempts = IntegerField()
    created_at = BigIntegerField()
    updated_at = BigIntegerField()
    deleted_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("session", "id"), True), (("session", "updated_at", "pk"), False))


class Message(Table):
    pk = AutoField()
    id = TextField()
    session = ForeignKeyField(Session, index=False, on_delete="CASCADE")
    conversation = ForeignKeyField(Conversation, index=False, on_delete="CASCADE")
    role = TextField()
    parts = TextField()
    search = TextField()
    status = TextField()
    error = TextField(null=True)
    digest = TextField()
    replaced = BooleanField()
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("session", "id"), True), (("conversation", "replaced", "pk"), False))


class Turn(Table):
    id = TextField(primary_key=True)
    conversation = ForeignKeyField(Conversation, on_delete="CASCADE")
    question = ForeignKeyField(Message, backref="+", on_delete="CASCADE")
    answer = ForeignKeyField(Message, backref="+", on_delete="CASCADE")
    state = TextField()
    attempt = IntegerField()
    worker = TextField()
    lease_until = BigIntegerField()
    stop_requested = BooleanField()
    model = TextField()
    input_tokens = IntegerField()
    output_tokens = IntegerField()
    created_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)

    class Meta:
        indexes = (
            SQL("CREATE UNIQUE INDEX turn_active ON turn (conversation_id) WHERE state IN ('queued', 'running')"),
        )


class Chunk(Table):
    turn = ForeignKeyField(Turn, index=False, on_delete="CASCADE")
    attempt = IntegerField()
    last_seq = IntegerField()
    events = BlobField()

    class Meta:
        primary_key = CompositeKey("turn", "attempt", "last_seq")


class ToolCall(Table):
    id = AutoField()
    turn = ForeignKeyField(Turn, index=False, on_delete="CASCADE")
    attempt = IntegerField()
    step = IntegerField()
    call_id = TextField()
    name = TextField()
    input = TextField()
    output = TextField(null=True)
    state = TextField()
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("turn", "attempt", "step", "call_id"), True),)


TABLES = (Shop, Session, Conversation, Message, Turn, Chunk, ToolCall)


def up(_migrator: Any, db: Any) -> None:
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES, safe=False)


def down(_migrator: Any, db: Any) -> None:
    with db.bind_ctx(TABLES):
        db.drop_tables(TABLES)
