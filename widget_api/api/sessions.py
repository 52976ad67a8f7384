"""Sessions: mint one, forget one."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace

import msgspec
from flask import Blueprint, request

from widget_api import generations
from widget_api.api.body import read, shape
from widget_api.api.services import services
from widget_api.api.visitor import (
    current_address,
    current_claims,
    current_visitor,
    renewing_visitor,
    require_origin,
)
from widget_api.models import (
    CartMove,
    Conversation,
    PendingStop,
    Session,
    Shop,
    Turn,
    iso,
    now,
    rows,
    scrub,
    transaction,
)
from widget_api.tokens import SESSION_SECONDS, SessionClaims
from widget_api.turns.job import Visitor

bp = Blueprint("sessions", __name__)

# Longer than anything keeps the log of a turn that has ended.
LOG_MS = 60 * 60 * 1000


@shape
class NewSession(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /api/sessions`."""

    shop: str


@bp.post("/api/sessions")
def begin() -> tuple[dict[str, object], int]:
    """Mint a session, or renew the token of the one that the request carries. Writes no row."""
    wanted = read(NewSession).shop
    services().limits.take("sessions", current_address())  # first: nobody tries out which shops there are
    shop = Shop.named(wanted)
    require_origin(shop)
    claims = _renewed(shop) or SessionClaims(shop.id, secrets.token_urlsafe(16), 0, born=int(time.time()))
    expires_at = ((claims.born or 0) + SESSION_SECONDS) * 1000
    session = {"id": claims.session, "shop": shop.domain}
    token = services().tokens.session(claims)
    return {"session": session, "token": token, "expires_at": iso(expires_at)}, 201


def _renewed(shop: Shop) -> SessionClaims | None:
    """Return the next claims of the session that the request's token speaks for, or None when it is none of this
    shop. Raises `Unauthorized` or `SessionExpired`."""
    if "Authorization" not in request.headers:
        return None
    claims = current_claims()
    if claims.shop != shop.id:
        return None
    renewing_visitor(claims)
    return replace(claims, generation=generations.renew(claims))


@bp.delete("/api/session")
def forget() -> tuple[str, int]:
    """Erase all that the session left, end its streams, revoke its tokens."""
    visitor = current_visitor()
    engine = services().engine
    _revoke(visitor)
    engine.stop_session(visitor.session)
    engine.discard(_erase(visitor))
    scrub()
    return "", 204


def _revoke(visitor: Visitor) -> None:
    with transaction():
        Session.ensure(visitor.shop.id, visitor.session)
        Session.update(revoked=True, cart_id="").where(Session.id == visitor.session).execute()


def _erase(visitor: Visitor) -> list[str]:
    """Erase the session's conversations. Returns the ids of their turns that may still have a log, which those that
    ended long ago have not."""
    with transaction():
        mine = Conversation.select(Conversation.pk).where(Conversation.session == visitor.session)
        recent = Turn.ended_at.is_null() | (Turn.ended_at > now() - LOG_MS)
        turns = [turn for (turn,) in rows(Turn.select(Turn.id).where(Turn.conversation.in_(mine) & recent))]
        Conversation.delete().where(Conversation.session == visitor.session).execute()
        CartMove.delete().where(CartMove.session == visitor.session).execute()
        PendingStop.delete().where(PendingStop.session == visitor.session).execute()
    return turns
