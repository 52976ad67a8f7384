"""Links to read a conversation: a snapshot of what was said, under a secret that only the link has, for some days."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from widget_api.exports import without_secrets
from widget_api.models import Conversation, Message, Share, Shop, iso, now, transaction
from widget_api.problems import ShareNotFound

DAY = 24 * 3600 * 1000
MESSAGES = 500
# The rest is the shop's, the model's or the shopper's own: tools' results, carts, the page that was open.
SHOWN_PARTS = ("text", "data-products")


def create(conversation: Conversation, shop: Shop, days: int) -> tuple[str, int]:
    """Make a link's secret and its snapshot, good for so many days; an earlier link of the conversation ends. Returns
    the secret, and when it expires, in milliseconds since 1970."""
    secret = secrets.token_urlsafe(24)
    created_at = now()
    made = {
        Share.digest: _digest(secret),
        Share.document: _document(conversation, shop),
        Share.created_at: created_at,
        Share.expires_at: created_at + days * DAY,
    }
    with transaction():
        Share.insert({Share.conversation: conversation.pk, **made}).on_conflict(
            conflict_target=[Share.conversation], update=made
        ).execute()
    return secret, created_at + days * DAY


def revoke(conversation: Conversation) -> None:
    """End the conversation's link. Idempotent."""
    with transaction():
        Share.delete().where(Share.conversation == conversation.pk).execute()


def shared_until(conversation: Conversation) -> int:
    """When the conversation's link expires, in milliseconds since 1970; 0 when it has none."""
    share = Share.find_by(conversation=conversation.pk)
    return share.expires_at if share and share.expires_at > now() else 0


def read(secret: str) -> dict[str, Any]:
    """The snapshot. Raises `ShareNotFound` for links that expired, were revoked or never were."""
    share = Share.find_by(digest=_digest(secret))
    if share is None or share.expires_at <= now() or share.conversation.deleted_at is not None:
        raise ShareNotFound("Ask for a new link.")
    return {**share.document, "shared_at": iso(share.created_at), "expires_at": iso(share.expires_at)}


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _document(conversation: Conversation, shop: Shop) -> dict[str, Any]:
    shown = (Message.conversation == conversation.pk) & Message.shown()
    said = Message.select().where(shown).order_by(Message.pk.desc()).limit(MESSAGES)
    return {
        "title": conversation.title,
        "shop": {"name": shop.name or shop.domain, "domain": shop.domain},
        "messages": [_message(message) for message in reversed(list(said)) if message.parts],
    }


def _message(message: Message) -> dict[str, Any]:
    parts = [without_secrets(_part(part)) for part in message.parts if part["type"] in SHOWN_PARTS]
    cut = {"cut": message.cut} if message.cut else {}
    return {"role": message.role, "created_at": iso(message.created_at), **cut, "parts": parts}


def _part(part: dict[str, Any]) -> dict[str, Any]:
    return {name: part[name] for name in ("type", "text", "data") if name in part}
