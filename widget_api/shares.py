"""Links to read a conversation: a snapshot of what was said, under a secret that only the link has, for some days.

The snapshot and its page are made when the link is; whoever reads it gets the bytes that were stored.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from widget_api.exports import for_readers
from widget_api.models import MOST_ROWS, Conversation, Message, Share, Shop, connected, execute, iso, now, transaction
from widget_api.problems import ShareNotFound

DAY = 24 * 3600 * 1000
# What a link shows at most: the newest of it. The characters are those of texts, for a text takes long to render. A
# page fits into what a proxy buffers.
MESSAGES: Final = 500
CHARACTERS: Final = 64 * 1024
DOCUMENT_BYTES: Final = 256 * 1024
PAGE_BYTES: Final = 320 * 1024
# So much is read for it, at once and in all, as it is stored.
READ_AT_ONCE_BYTES, READ_BYTES = 512 * 1024, 8 * 1024 * 1024
READ_AT_ONCE: Final = 100
# The rest is the shop's, the model's or the shopper's own: tools' results, carts, the page that was open.
SHOWN_PARTS = ("text", "data-products")
# What is for choosing among a product's variants.
_UNSHOWN: Final = frozenset({"options", "selected"})

Document = dict[str, Any]
Render = Callable[[Document], str]

_FIND: Final = (
    "SELECT share.id, share.document, share.created_at, share.expires_at, share.page, share.page_digest FROM share "
    "JOIN conversation ON conversation.pk = share.conversation_id "
    "JOIN session ON session.id = conversation.session_id JOIN shop ON shop.id = session.shop_id "
    "WHERE share.digest = %s AND share.expires_at > %s AND conversation.deleted_at IS NULL "
    "AND shop.active AND NOT session.revoked"
)
_KEEP: Final = "UPDATE share SET document = %s, page = %s, page_digest = %s WHERE id = %s AND digest = %s"


class Shared(NamedTuple):
    """What a link shows: a JSON document, and the same as a page."""

    document: str
    page: str


def create(conversation: Conversation, shop: Shop, days: int, render: Render) -> tuple[str, int]:
    """Make a link's secret, its snapshot and its page, good for so many days; an earlier link of the conversation
    ends. Returns the secret, and when it expires, in milliseconds since 1970."""
    secret = secrets.token_urlsafe(24)
    digest, created_at = _digest(secret), now()
    expires_at = created_at + days * DAY
    document, page = _rendered(_snapshot(conversation, shop) | _times(created_at, expires_at), render)
    made = {
        Share.digest: digest,
        Share.document: document,
        Share.created_at: created_at,
        Share.expires_at: expires_at,
        Share.page: page,
        Share.page_digest: digest,
    }
    with transaction():
        Share.insert({Share.conversation: conversation.pk, **made}).on_conflict(
            conflict_target=[Share.conversation], update=made
        ).execute()
    return secret, expires_at


def revoke(conversation: Conversation) -> None:
    """End the conversation's link. Idempotent."""
    with transaction():
        Share.delete().where(Share.conversation == conversation.pk).execute()


def shared_until(conversation: Conversation) -> int:
    """When the conversation's link expires, in milliseconds since 1970; 0 when it has none."""
    found = execute("SELECT expires_at FROM share WHERE conversation_id = %s", conversation.pk).fetchone()
    return int(found[0]) if found and found[0] > now() else 0


def read(secret: str, render: Render) -> Shared:
    """Return what the link shows. One that an earlier version made is rendered at its first visit. Raises
    `ShareNotFound` for links that expired, were revoked or never were, and for those of a shop that was removed."""
    digest = _digest(secret)
    with connected():
        found = execute(_FIND, digest, now()).fetchone()
    if found is None:
        raise ShareNotFound("Ask for a new link.")
    row, document, created_at, expires_at, page, page_digest = found
    if page_digest == digest:
        return Shared(document, page)
    whole, page = _rendered(msgspec.json.decode(document) | _times(created_at, expires_at), render)
    document = msgspec.json.encode(whole).decode()
    with transaction():
        execute(_KEEP, document, page, digest, row, digest)
    return Shared(document, page)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _times(created_at: int, expires_at: int) -> Document:
    return {"shared_at": iso(created_at), "expires_at": iso(expires_at)}


def _rendered(document: Document, render: Render) -> tuple[Document, str]:
    """Return the document and its page, with only the newest messages where all are too many."""
    document = _fitting({**document, "messages": for_readers(document["messages"])})
    page = render(document)
    while len(page.encode()) > PAGE_BYTES and len(document["messages"]) > 1:
        document = _newest(document, len(document["messages"]) // 2)
        page = render(document)
    return document, page


def _fitting(document: Document) -> Document:
    """Return the document with as many of its newest messages as may be shown, one at least."""
    characters, left, number = CHARACTERS, DOCUMENT_BYTES, 0
    for message in reversed(document["messages"][-MESSAGES:]):
        characters -= sum(len(part.get("text", "")) for part in message["parts"])
        left -= len(msgspec.json.encode(message))
        if number and min(characters, left) < 0:
            break
        number += 1
    return _newest(document, number)


def _newest(document: Document, number: int) -> Document:
    messages = document["messages"]
    if number >= len(messages):
        return document
    return {**document, "messages": messages[len(messages) - number :], "has_earlier": True}


def _snapshot(conversation: Conversation, shop: Shop) -> Document:
    said = [_message(message) for message in _newest_messages(conversation) if message.parts]
    return {
        "title": conversation.title,
        "shop": {"name": shop.name or shop.domain, "domain": shop.domain},
        "messages": said[::-1],
    }


def _newest_messages(conversation: Conversation) -> Iterator[Message]:
    """Yield the conversation's messages, newest first: one more than are shown, so that it can be said that there are
    more."""
    before, number = MOST_ROWS, 0
    for _ in range(READ_BYTES // READ_AT_ONCE_BYTES):
        page, more = Message.newest_first(conversation.pk, READ_AT_ONCE, READ_AT_ONCE_BYTES, before=before)
        yield from page
        number += len(page)
        if not more or number > MESSAGES:
            return
        before = page[-1].pk


def _message(message: Message) -> Document:
    parts = [_part(part) for part in message.parts if part["type"] in SHOWN_PARTS]
    cut = {"cut": message.cut} if message.cut else {}
    return {"role": message.role, "created_at": iso(message.created_at), **cut, "parts": parts}


def _part(part: Document) -> Document:
    shown: Document = {name: part[name] for name in ("type", "text", "data") if name in part}
    if "text" in shown:
        return {**shown, "text": shown["text"][:CHARACTERS]}
    return {**shown, "data": {"products": [_product(each) for each in shown["data"]["products"]]}}


def _product(product: Document) -> Document:
    return {name: value for name, value in product.items() if name not in _UNSHOWN}
