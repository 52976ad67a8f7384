"""Who is asking: the session token, the shop it names, and the website it is sent from."""

from __future__ import annotations

import logging
import time

from flask import g, request

from widget_api.addresses import UNKNOWN, address_key
from widget_api.api.services import services
from widget_api.models import Session, Shop
from widget_api.problems import OriginRefused, ShopNotFound, Unauthorized
from widget_api.tokens import BadToken, SessionClaims
from widget_api.turns.job import Visitor

logger = logging.getLogger(__name__)

_AGAIN = "Begin a new session."
# A proxy that names no address does so for each request.
WARN_SECONDS = 3600
_next_warning = [0.0]  # on the monotonic clock


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
    """Return the key to count the request's address by, as `addresses.address_key` makes it."""
    named = request.remote_addr or ""
    peer = request.environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR") or ""
    key = address_key(named, peer)
    if key.startswith(UNKNOWN):
        _warn(named, peer)
    return key


def _warn(named: str, peer: str) -> None:
    """Say once an hour that requests come without an address."""
    if time.monotonic() < _next_warning[0]:
        return
    _next_warning[0] = time.monotonic() + WARN_SECONDS
    logger.warning(
        "%r from %s is no address: such requests are counted together. Have the proxy send X-Forwarded-For with the "
        "client's address, and set TRUSTED_PROXIES to the number of proxies.",
        named[:100],
        peer or "the server",
    )
