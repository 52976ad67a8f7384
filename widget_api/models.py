"""The tables, and the lookups that load or refuse. Every lookup carries its owner, so it cannot be forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    CompositeKey,
    DatabaseProxy,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
)
from playhouse import migrations

from widget_api.problems import ConversationNotFound, MessageNotFound, ShopNotFound, Unauthorized

MIGRATIONS = Path(__file__).parent / "migrations"

# A turn that has not ended, and the ways to end.
ACTIVE: Final = ("queued", "running")
ENDED: Final = ("complete", "stopped", "failed", "interrupted")

database: Any = DatabaseProxy()
# SQLite has one writer at a time. Waiting for each other here is fair and immediate; in SQLite it is a poll.
_writing = threading.RLock()


def connect(url: str) -> None:
    """Point the tables at `url` (`sqlite:///path`) and bring the schema up to date."""
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    pragmas = {
        "journal_mode": "wal",
        # With group commits an fsync a commit is affordable, and power may fail.
        "synchronous": "full",
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "cache_size": -16000,
    }
    database.initialize(SqliteDatabase(str(path), pragmas=pragmas, lock_type="IMMEDIATE", autoconnect=False))
    with connected():
        migrations.run(database.obj, str(MIGRATIONS))


@contextmanager
def connected() -> Iterator[None]:
    """A connection for this thread: the open one, or one of its own for the block."""
    opened = database.connect(reuse_if_open=True)
    try:
        yield
    finally:
        if opened:
            database.close()


@contextmanager
def transaction() -> Iterator[None]:
    """All of the block is written, or nothing. No network and no waiting for other threads inside."""
    with connected(), _writing, database.atomic():
        yield


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads of the block see the same moment."""
    with connected(), database.atomic("DEFERRED"):
        yield


def now() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def iso(milliseconds: int) -> str:
    """`now()` as people and JavaScript's `Date` read it."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class JsonField(TextField):
    """Any JSON value, kept as the text it was, so that both databases give back the same bytes."""

    def db_value(self, value: Any) -> str | None:
        return None if value is None else msgspec.json.encode(value).decode()

    def python_value(self, value: str | None) -> Any:
        return None if value is None else msgspec.json.decode(value)


def rows(query: Any) -> list[tuple[Any, ...]]:
    """The results of a select as plain tuples."""
    return list(query.tuples())


class Record(Model):
    """A row. Beside each foreign key stands the `…_id` that peewee adds, for the type checker."""

    class Meta:
        database = database
        legacy_table_names = False


class Shop(Record):
    """A tenant. `origins` are the websites that may call for it, exactly as browsers send them."""

    id = AutoField()
    domain = CharField(unique=True)
    name = CharField(default="")
    origins = JsonField(default=list)
    mcp_url = CharField(default="")
    prompt = TextField(default="")
    model = CharField(default="")
    active = BooleanField(default=True)
    created_at = BigIntegerField(default=now)

    @classmethod
    def named(cls, domain: str) -> Shop:
        """The active shop of that permanent domain. Raises `ShopNotFound`."""
        return cls._found(cls.get_or_none((cls.domain == domain.lower()) & cls.active))

    @classmethod
    def numbered(cls, id: int) -> Shop:
        """The active shop of that number. Raises `ShopNotFound`."""
        return cls._found(cls.get_or_none((cls.id == id) & cls.active))

    @staticmethod
    def _found(shop: Any) -> Shop:
        if not isinstance(shop, Shop):
            raise ShopNotFound("Ask the shop's owner to register it.")
        return shop

    @classmethod
    def register(cls, domain: str, **fields: Any) -> Shop:
        """Insert or update the shop of that domain. Idempotent."""
        with transaction():
            cls.insert(domain=domain, **fields).on_conflict(
                conflict_target=[cls.domain], update={"active": True, **fields}
            ).execute()
            return cls.named(domain)

    def allows(self, origin: str) -> bool:
        """Whether that website may call for this shop: exact, as RFC 6454 compares origins."""
        return origin in self.origins


class Session(Record):
    """One browser at one shop. A forgotten session stays as an empty row, so that its tokens stay revoked."""

    shop_id: int

    id = CharField(primary_key=True)
    shop = ForeignKeyField(Shop, on_delete="CASCADE")
    generation = IntegerField(default=0)
    cart_id = CharField(default="")  # a bearer secret: never in logs, exports or prompts
    revoked = BooleanField(default=False)
    created_at = BigIntegerField(default=now)

    @classmethod
    def ensure(cls, shop: int, session: str) -> None:
        """Write the row at the session's first act. Idempotent. Raises `Unauthorized` for a revoked session."""
        cls.insert(id=session, shop=shop).on_conflict_ignore().execute()
        if cls.select().where((cls.id == session) & cls.revoked).exists():
            raise Unauthorized("Begin a new session.")

    @classmethod
    def cart_of(cls, session: str) -> str:
        """The id of the bound cart, or an empty string."""
        found = rows(cls.select(cls.cart_id).where(cls.id == session))
        return str(found[0][0]) if found else ""

    @classmethod
    def bind_cart(cls, session: str, cart_id: str) -> None:
        """Remember the cart, or forget it with an empty string. A forgotten session gets none."""
        cls.update(cart_id=cart_id).where((cls.id == session) & ~cls.revoked).execute()


class Conversation(Record):
    """One thread of a session. `id` is the client's choice, unique within the session."""

    session_id: str

    pk = AutoField()
    id = CharField()
    session = ForeignKeyField(Session, index=False, on_delete="CASCADE")
    title = CharField(default="")
    search = TextField(default="")  # the title, case-folded
    # Counts every start of every turn. Event ids carry it, so an id of one turn is never taken for another's.
    attempts = IntegerField(default=0)
    created_at = BigIntegerField(default=now)
    updated_at = BigIntegerField(default=now)
    deleted_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("session", "id"), True), (("session", "updated_at", "pk"), False))

    @classmethod
    def of(cls, session: str, id: str) -> Conversation:
        """The session's conversation. Raises `ConversationNotFound`, also for somebody else's and a deleted one."""
        found = cls.find(session, id)
        if found is None:
            raise ConversationNotFound
        return found

    @classmethod
    def find(cls, session: str, id: str) -> Conversation | None:
        """The session's conversation, unless it never was, was deleted, or is somebody else's."""
        where = (cls.session == session) & (cls.id == id) & cls.deleted_at.is_null()
        found = cls.get_or_none(where)
        return found if isinstance(found, Conversation) else None

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "created_at": iso(self.created_at),
            "updated_at": iso(self.updated_at),
        }


class Message(Record):
    """What one side said. An answer's row exists from its acceptance on; its parts are written when it ends."""

    session_id: str
    conversation_id: int

    pk = AutoField()
    id = CharField()
    session = ForeignKeyField(Session, index=False, on_delete="CASCADE")
    conversation = ForeignKeyField(Conversation, index=False, on_delete="CASCADE")
    role = CharField()
    parts = JsonField(default=list)
    search = TextField(default="")  # the text, case-folded
    status = CharField(default="complete")  # of an answer: its turn's state
    error = JsonField(null=True)  # the problem object of a failed answer
    digest = CharField(default="")  # of a question: what its id was first used for
    replaced = BooleanField(default=False)  # a newer version of it is shown instead
    created_at = BigIntegerField(default=now)

    class Meta:
        indexes = ((("session", "id"), True), (("conversation", "replaced", "pk"), False))

    @classmethod
    def of(cls, conversation: Conversation, id: str) -> Message:
        """The conversation's message. Raises `MessageNotFound`."""
        found = cls.get_or_none(
            (cls.session == conversation.session_id) & (cls.id == id) & (cls.conversation == conversation.pk)
        )
        if found is None:
            raise MessageNotFound
        return found

    def to_dict(self) -> dict[str, Any]:
        """The AI SDK's UIMessage."""
        metadata = {"created_at": iso(self.created_at), "status": self.status}
        if self.error:
            metadata["error"] = self.error
        return {"id": self.id, "role": self.role, "metadata": metadata, "parts": self.parts}


class Turn(Record):
    """One question and the work to answer it. `attempt` is its fencing token: a stale attempt writes nothing."""

    conversation_id: int
    question_id: int
    answer_id: int

    id = CharField(primary_key=True)
    conversation = ForeignKeyField(Conversation, on_delete="CASCADE")
    question = ForeignKeyField(Message, backref="+", on_delete="CASCADE")
    answer = ForeignKeyField(Message, backref="+", on_delete="CASCADE")
    state = CharField(default="running")
    attempt = IntegerField()
    worker = CharField()
    lease_until = BigIntegerField()
    stop_requested = BooleanField(default=False)
    model = CharField(default="")
    input_tokens = IntegerField(default=0)
    output_tokens = IntegerField(default=0)
    created_at = BigIntegerField(default=now)
    ended_at = BigIntegerField(null=True)

    class Meta:
        # At most one active turn a conversation, whoever accepts it.
        indexes = (SQL(f"CREATE UNIQUE INDEX turn_active ON turn (conversation_id) WHERE state IN {ACTIVE!r}"),)

    @classmethod
    def newest(cls, conversation: Conversation) -> Turn | None:
        """The conversation's latest turn, running or not."""
        return cls._newest(cls.conversation == conversation.pk)

    @classmethod
    def newest_for(cls, question: Message) -> Turn | None:
        """The latest turn that answers that question."""
        return cls._newest(cls.question == question.pk)

    @classmethod
    def _newest(cls, where: Any) -> Turn | None:
        turn = cls.select().where(where).order_by(cls.attempt.desc()).first()
        return turn if isinstance(turn, Turn) else None

    @property
    def active(self) -> bool:
        return self.state in ACTIVE


class Chunk(Record):
    """Events of an unfinished answer, appended by each group commit: JSON lines of the events up to `last_seq`."""

    turn = ForeignKeyField(Turn, index=False, on_delete="CASCADE")
    attempt = IntegerField()
    last_seq = IntegerField()
    events = BlobField()

    class Meta:
        primary_key = CompositeKey("turn", "attempt", "last_seq")


class ToolCall(Record):
    """The tool journal: a call is `intended` before it is made and `done` or `failed` after."""

    id = AutoField()
    turn = ForeignKeyField(Turn, index=False, on_delete="CASCADE")
    attempt = IntegerField()
    step = IntegerField()
    call_id = CharField()
    name = CharField()
    input = JsonField()
    output = JsonField(null=True)
    state = CharField(default="intended")
    created_at = BigIntegerField(default=now)

    class Meta:
        indexes = ((("turn", "attempt", "step", "call_id"), True),)


TABLES: Final = (Shop, Session, Conversation, Message, Turn, Chunk, ToolCall)
