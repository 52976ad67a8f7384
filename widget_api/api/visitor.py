"""Who is asking: the session token, the shop it names, and the website it is sent from."""

from __future__ import annotations

from flask import g, request

from widget_api.api.services import services
from widget_api.limits import address_key
from widget_api.models import Session, Shop
from widget_api.problems import OriginRefused, ShopNotFound, Unauthorized
from widget_api.tokens import BadToken, SessionClaims
from widget_api.turns.job import Visitor

_AGAIN = "Begin a new session."


def current_visitor() -> Visitor:
    """The visitor that the request's bearer token speaks for.

    Raises `Unauthorized`, and `OriginRefused` when a website of another shop sends the token.
    """
    return visitor_of(current_claims())


def current_claims() -> SessionClaims:
    """What the request's bearer token claims; its shop and session are not looked at. Raises `Unauthorized`."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized(_AGAIN)
    try:
        return services().tokens.read_session(token.strip())
    except BadToken as exc:
        raise Unauthorized(_AGAIN) from exc


def visitor_of(claims: SessionClaims) -> Visitor:
    """The visitor of verified claims, unless the shop is gone or the session was revoked."""
    try:
        shop = Shop.numbered(claims.shop)
    except ShopNotFound as exc:
        raise Unauthorized(_AGAIN) from exc
    require_origin(shop)
    session = Session.find_by(id=claims.session)
    if session and (session.revoked or (session.shop_id, session.generation) != (claims.shop, claims.generation)):
        raise Unauthorized(_AGAIN)
    return Visitor(shop, claims.session, claims.generation)


def require_origin(shop: Shop) -> None:
    """Refuse websites that are not the shop's. Programs send no `Origin`; CORS is no authentication."""
    origin = request.headers.get("Origin")
    g.readers = {origin} if origin and shop.allows(origin) else set()
    if origin is not None and not g.readers:
        raise OriginRefused("Ask the shop's owner to register this website.")


def current_address() -> str:
    """The address to count the request by."""
    return address_key(request.remote_addr or "")
