"""The tables, and the lookups that load or refuse. Every lookup carries its owner, so it cannot be forgotten."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, Final

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from widget_api.database import (
    NoPlace,
    check,
    clock,
    connect,
    connected,
    database,
    disconnect,
    execute,
    is_postgres,
    migrate,
    octets,
    scrub,
    scrub_again,
    snapshot,
    transaction,
)
from widget_api.problems import ConversationNotFound, MessageNotFound, ShopNotFound, Unauthorized
from widget_api.records import JsonField, Record

# The rest of the product asks here for all that it needs of the database.
__all__ = (
    "NoPlace",
    "check",
    "clock",
    "connect",
    "connected",
    "database",
    "disconnect",
    "execute",
    "is_postgres",
    "migrate",
    "octets",
    "scrub",
    "scrub_again",
    "snapshot",
    "transaction",
)

# A turn that has not ended, and the ways to end.
ACTIVE: Final = ("queued", "running")
ENDED: Final = ("complete", "stopped", "failed", "interrupted")

# No row has a higher number.
MOST_ROWS: Final = 2**31 - 1

_REVOKED: Final = "SELECT revoked FROM session WHERE id = %s"
_LOCKED: Final = f"{_REVOKED} FOR UPDATE"


def now() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def iso(milliseconds: int) -> str:
    """`now()` as people and JavaScript's `Date` read it."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def fitting(sizes: Sequence[int], most: int) -> int:
    """Return how many of these sizes come to at most `most` together; one at least, where there is one."""
    return max(min(1, len(sizes)), sum(total <= most for total in accumulate(sizes)))


def rows(query: Any) -> list[tuple[Any, ...]]:
    """The results of a select as plain tuples."""
    return list(query.tuples())


class Shop(Record):
    """A tenant. `origins` are the websites that may call for it, exactly as browsers send them."""

    id = AutoField()
    domain = TextField(unique=True)
    name = TextField(default="")
    origins = JsonField(default=list)
    mcp_url = TextField(default="")
    prompt = TextField(default="")
    # Where shoppers reach a person, in one line, and the language of the product titles (BCP 47); each may be empty.
    contact = TextField(default="", constraints=[SQL("DEFAULT ''")])
    language = TextField(default="", constraints=[SQL("DEFAULT ''")])
    model = TextField(default="")
    active = BooleanField(default=True)
    created_at = BigIntegerField(default=now)

    @classmethod
    def named(cls, domain: str) -> Shop:
        """The active shop of that permanent domain. Raises `ShopNotFound`."""
        return cls._found(cls.find_by(domain=domain.lower(), active=True))

    @classmethod
    def numbered(cls, id: int) -> Shop:
        """The active shop of that number. Raises `ShopNotFound`."""
        return cls._found(cls.find_by(id=id, active=True))

    @staticmethod
    def _found(shop: Shop | None) -> Shop:
        if shop is None:
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

    @classmethod
    def with_origin(cls, origin: str, *, removed: bool = False) -> bool:
        """Return whether the website belongs to a shop that is served; with `removed` also to one that was."""
        websites = cls.select(cls.origins) if removed else cls.select(cls.origins).where(cls.active)
        return any(origin in origins for (origins,) in rows(websites))

    @property
    def sites(self) -> set[str]:
        """Return the origins of the shop's own pages."""
        return {f"https://{self.domain}", *self.origins}

    def allows(self, origin: str) -> bool:
        """Whether that website may call for this shop: exact, as RFC 6454 compares origins."""
        return origin in self.origins


class Session(Record):
    """One browser at one shop. A forgotten session stays as an empty row, so that its tokens stay revoked."""

    shop_id: int

    id = TextField(primary_key=True)
    shop = ForeignKeyField(Shop, on_delete="CASCADE")
    # The newest generation of its tokens, when that was begun by the database's clock, and whether a request has
    # carried one of them.
    generation = IntegerField(default=0)
    generation_begun = BigIntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    generation_used = BooleanField(default=True, constraints=[SQL("DEFAULT TRUE")])
    cart_id = TextField(default="")  # a bearer secret: never in logs, exports or prompts
    # The assistant began the cart. It is not the theme's, which the shopper sees on the shop's pages.
    cart_own = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])
    revoked = BooleanField(default=False)
    # Who changes the cart just now, and until when by the database's clock.
    cart_writer = TextField(default="", constraints=[SQL("DEFAULT ''")])
    cart_writer_until = BigIntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    created_at = BigIntegerField(default=now)

    @classmethod
    def ensure(cls, shop: int, session: str) -> None:
        """Write the row at the session's first act. Idempotent. Raises `Unauthorized` for a revoked session.

        What a session does is done one after the other, as everything is in SQLite: PostgreSQL keeps the row locked
        until the transaction ends.
        """
        if not cls.find_by(id=session):
            cls.insert(id=session, shop=shop).on_conflict_ignore().execute()
        if execute(_LOCKED if is_postgres() else _REVOKED, session).fetchone()[0]:
            raise Unauthorized("Begin a new session.")

    @classmethod
    def cart_of(cls, session: str) -> str:
        """The id of the bound cart, or an empty string."""
        found = rows(cls.select(cls.cart_id).where(cls.id == session))
        return str(found[0][0]) if found else ""

    @classmethod
    def bind_cart(cls, session: str, cart_id: str, *, own: bool = False) -> None:
        """Remember the cart, or forget it with an empty string. A forgotten session gets none. `own`: the assistant
        began it."""
        cls.update(cart_id=cart_id, cart_own=own).where((cls.id == session) & ~cls.revoked).execute()


class CartMove(Record):
    """The newest move of a session's cart into the theme's.

    It is `begun` when its lines are handed to a page, `told` when the page has said that they are in, `refused` when
    the theme's cart takes none of them, `done` when the theme's cart is the session's. A move that stays `begun` is
    settled by reading the theme's cart.
    """

    session_id: str

    id = TextField(primary_key=True)
    session = ForeignKeyField(Session, unique=True, on_delete="CASCADE")
    source = TextField(default="")  # the token of the cart that is left
    target = TextField(default="")  # the token of the theme's cart at the beginning; empty when that held nothing
    before = JsonField(default=dict)  # the pieces of each variant in the theme's cart at the beginning
    lines = JsonField(default=list)  # handed to the page
    moved = JsonField(default=dict)  # the pieces of each variant of `source` that are in the theme's cart by now
    state = TextField(default="begun")


class Conversation(Record):
    """One thread of a session. `id` is the client's choice, unique within the session."""

    session_id: str

    pk = AutoField()
    id = TextField()
    session = ForeignKeyField(Session, index=False, on_delete="CASCADE")
    title = TextField(default="")
    search = TextField(default="")  # the title, folded
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
        found = cls.find_by(session=session, id=id)
        return found if found and found.deleted_at is None else None

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "created_at": iso(self.created_at),
            "updated_at": iso(self.updated_at),
        }


class CartChange(Record):
    """A change of the cart that the assistant has proposed or made. It is made, and undone, at most once.

    `state` is `proposed` until the shopper takes the proposal, `done` once it is made and `undone` once that is taken
    back; `begun` and `undoing` while either is under way. `taken` is a proposal that the assistant has made itself
    when the shopper asked for it, `refused` what the shop does not sell any more, `stale` what cannot be undone now.
    """

    session_id: str
    conversation_id: int

    pk = AutoField()
    id = TextField(unique=True)
    session = ForeignKeyField(Session, index=False, on_delete="CASCADE")
    conversation = ForeignKeyField(Conversation, on_delete="CASCADE")
    # Each with its variant or line, and by how many pieces it changes.
    lines = JsonField(default=list)
    # How many there shall be of each when what is under way has ended.
    goals = JsonField(default=list)
    state = TextField(default="done")
    changed_at = BigIntegerField(default=now)

    class Meta:
        indexes = ((("session", "changed_at"), False),)


class Message(Record):
    """What one side said. An answer's row exists from its acceptance on; its parts are written when it ends."""

    session_id: str
    conversation_id: int

    pk = AutoField()
    id = TextField()
    session = ForeignKeyField(Session, index=False, on_delete="CASCADE")
    conversation = ForeignKeyField(Conversation, index=False, on_delete="CASCADE")
    role = TextField()
    parts = JsonField(default=list)
    search = TextField(default="")  # the text, folded
    status = TextField(default="complete")  # of an answer: its turn's state
    error = JsonField(null=True)  # the problem object of a failed answer
    digest = TextField(default="")  # of a question: what its id was first used for
    replaced = BooleanField(default=False)  # a newer version of it is shown instead
    # Of an answer: the how manyth to this question, whose wording may have been changed in between.
    version = IntegerField(default=1, constraints=[SQL("DEFAULT 1")])
    # Of a question that was reworded: the row with its first wording.
    first_pk = IntegerField(null=True)
    # What the shopper thinks of an answer: `up`, `down` or nothing, and why.
    rating = TextField(default="", constraints=[SQL("DEFAULT ''")])
    comment = TextField(default="", constraints=[SQL("DEFAULT ''")])
    # Of a complete answer: `length` when it reached its token limit, `filter` when a content filter ended it.
    cut = TextField(default="", constraints=[SQL("DEFAULT ''")])
    created_at = BigIntegerField(default=now)

    class Meta:
        indexes = ((("session", "id"), True), (("conversation", "replaced", "pk"), False))

    @classmethod
    def shown(cls) -> Any:
        """The condition that no newer version is shown instead, in the form that SQLite finds in an index."""
        return cls.replaced == False  # noqa: E712

    @classmethod
    def of(cls, conversation: Conversation, id: str) -> Message:
        """The conversation's message. Raises `MessageNotFound`."""
        found = cls.find_by(session=conversation.session_id, id=id, conversation=conversation.pk)
        if found is None:
            raise MessageNotFound
        return found

    @classmethod
    def newest_first(
        cls, conversation: int, limit: int, most_bytes: int, *, before: int = MOST_ROWS
    ) -> tuple[list[Message], bool]:
        """Return the shown messages of the conversation before a row, newest first, and whether there are more.

        At most `limit`, and only so many that their parts have at most `most_bytes` together, but always one where
        there is one.
        """
        shown = "conversation_id = %s AND replaced = %s AND pk < %s ORDER BY pk DESC"
        return cls._page(shown, (conversation, False, before), limit, most_bytes)

    @classmethod
    def oldest_first(
        cls, conversation: int, limit: int, most_bytes: int, *, after: int, before: int
    ) -> tuple[list[Message], bool]:
        """Return the same of the messages between two rows, oldest first."""
        shown = "conversation_id = %s AND replaced = %s AND pk > %s AND pk < %s ORDER BY pk"
        return cls._page(shown, (conversation, False, after, before), limit, most_bytes)

    @classmethod
    def _page(
        cls, condition: str, values: tuple[Any, ...], limit: int, most_bytes: int
    ) -> tuple[list[Message], bool]:
        sizes = f"SELECT {octets('parts')} FROM message WHERE {condition} LIMIT %s"  # noqa: S608 - our own words
        found = [size for (size,) in execute(sizes, *values, limit + 1).fetchall()]
        number = fitting(found[:limit], most_bytes)
        page = cls.where(f"{condition} LIMIT %s", *values, number) if number else []
        return page, number < len(found)

    def to_dict(self) -> dict[str, Any]:
        """The AI SDK's UIMessage."""
        metadata: dict[str, Any] = {"created_at": iso(self.created_at), "status": self.status}
        if self.error:
            metadata["error"] = self.error
        if self.cut:
            metadata["cut"] = self.cut
        if self.version > 1:
            metadata["version"] = self.version
        if self.rating:
            metadata["rating"] = self.rating
        return {"id": self.id, "role": self.role, "metadata": metadata, "parts": self.parts}


class Turn(Record):
    """One question and the work to answer it. `attempt` is its fencing token: a stale attempt writes nothing."""

    conversation_id: int
    question_id: int
    answer_id: int

    id = TextField(primary_key=True)
    conversation = ForeignKeyField(Conversation, on_delete="CASCADE")
    question = ForeignKeyField(Message, backref="+", on_delete="CASCADE")
    answer = ForeignKeyField(Message, backref="+", on_delete="CASCADE")
    state = TextField(default="running")
    attempt = IntegerField()
    worker = TextField()
    lease_until = BigIntegerField()
    stop_requested = BooleanField(default=False)
    takeovers = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])  # how often another worker had to go on
    model = TextField(default="")
    input_tokens = IntegerField(default=0)
    output_tokens = IntegerField(default=0)
    cached_tokens = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])  # of `input_tokens`
    created_at = BigIntegerField(default=now)
    ended_at = BigIntegerField(null=True)

    class Meta:
        # At most one active turn a conversation, whoever accepts it.
        indexes = (
            SQL(f"CREATE UNIQUE INDEX turn_active ON turn (conversation_id) WHERE state IN {ACTIVE!r}"),
            (("conversation", "attempt"), False),
        )

    @classmethod
    def newest(cls, conversation: Conversation) -> Turn | None:
        """The conversation's latest turn, running or not."""
        return cls.find_by(conversation=conversation.pk, newest="attempt")

    @classmethod
    def newest_for(cls, question: Message) -> Turn | None:
        """The latest turn that answers that question."""
        return cls.find_by(question=question.pk, newest="attempt")

    @property
    def active(self) -> bool:
        return self.state in ACTIVE


class PendingStop(Record):
    """A stop for an answer that has not begun: its question, or the wish for another answer, has not arrived."""

    session_id: str

    id = AutoField()
    session = ForeignKeyField(Session, index=False, on_delete="CASCADE")
    conversation = TextField()  # the client's ids: neither needs to exist yet
    message = TextField()
    version = IntegerField()  # of the answer, as `Message.version` counts
    expires_at = BigIntegerField(index=True)

    class Meta:
        indexes = ((("session", "message", "version"), True),)


class Share(Record):
    """A conversation as it was when its link was made: whoever has the link can read it, until it expires."""

    conversation_id: int

    id = AutoField()
    conversation = ForeignKeyField(Conversation, unique=True, on_delete="CASCADE")
    digest = TextField(unique=True)  # of the link's secret, which is not kept
    document = JsonField()
    created_at = BigIntegerField(default=now)
    expires_at = BigIntegerField(index=True)
    # The document as a page, and the digest of the link that it was rendered for: it is no other link's.
    page = TextField(default="", constraints=[SQL("DEFAULT ''")])
    page_digest = TextField(default="", constraints=[SQL("DEFAULT ''")])


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
    call_id = TextField()
    name = TextField()
    input = JsonField()
    output = JsonField(null=True)
    state = TextField(default="intended")
    created_at = BigIntegerField(default=now)

    class Meta:
        indexes = ((("turn", "attempt", "step", "call_id"), True),)


class StepExtra(Record):
    """What a model wants back with a step of a turn (`llm.base.Extra`). It is never shown, exported or logged."""

    turn = ForeignKeyField(Turn, index=False, on_delete="CASCADE")
    step = IntegerField()
    model = TextField()
    data = JsonField()

    class Meta:
        primary_key = CompositeKey("turn", "step")


TABLES: Final = (
    *(Shop, Session, CartMove, Conversation, CartChange, Message, Turn, PendingStop, Share, Chunk, ToolCall),
    StepExtra,
)
