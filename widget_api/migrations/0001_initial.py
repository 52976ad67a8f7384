"""The first tables. Frozen: later changes of the models are migrations of their own."""

from typing import Any

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
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
    domain = CharField(unique=True)
    name = CharField()
    origins = TextField()
    mcp_url = CharField()
    prompt = TextField()
    model = CharField()
    active = BooleanField()
    created_at = BigIntegerField()


class Session(Table):
    id = CharField(primary_key=True)
    shop = ForeignKeyField(Shop, on_delete="CASCADE")
    generation = IntegerField()
    cart_id = CharField()
    revoked = BooleanField()
    created_at = BigIntegerField()


class Conversation(Table):
    pk = AutoField()
    id = CharField()
    session = ForeignKeyField(Session, index=False, on_delete="CASCADE")
    title = CharField()
    search = TextField()
    attempts = IntegerField()
    created_at = BigIntegerField()
    updated_at = BigIntegerField()
    deleted_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("session", "id"), True), (("session", "updated_at", "pk"), False))


class Message(Table):
    pk = AutoField()
    id = CharField()
    session = ForeignKeyField(Session, index=False, on_delete="CASCADE")
    conversation = ForeignKeyField(Conversation, index=False, on_delete="CASCADE")
    role = CharField()
    parts = TextField()
    search = TextField()
    status = CharField()
    error = TextField(null=True)
    digest = CharField()
    replaced = BooleanField()
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("session", "id"), True), (("conversation", "replaced", "pk"), False))


class Turn(Table):
    id = CharField(primary_key=True)
    conversation = ForeignKeyField(Conversation, on_delete="CASCADE")
    question = ForeignKeyField(Message, backref="+", on_delete="CASCADE")
    answer = ForeignKeyField(Message, backref="+", on_delete="CASCADE")
    state = CharField()
    attempt = IntegerField()
    worker = CharField()
    lease_until = BigIntegerField()
    stop_requested = BooleanField()
    model = CharField()
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
    call_id = CharField()
    name = CharField()
    input = TextField()
    output = TextField(null=True)
    state = CharField()
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
