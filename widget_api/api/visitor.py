"""Who is asking: the session token, the shop it names, and the website it is sent from."""

from __future__ import annotations

import logging
import time

from flask import g, request

from widget_api import generations
from widget_api.addresses import UNKNOWN, address_key
from widget_api.api.services import services
from widget_api.models import Shop
from widget_api.problems import OriginRefused, SessionExpired, ShopNotFound, Unauthorized
from widget_api.tokens import BadToken, ExpiredToken, SessionClaims
from widget_api.turns.job import Visitor

logger = logging.getLogger(__name__)

_AGAIN = "Begin a new session."
# A proxy that names no address does so for each request.
WARN_SECONDS = 3600
_next_warning = [0.0]  # on the monotonic clock


def current_visitor() -> Visitor:
    """Return the visitor that the request's bearer token speaks for.

    Raises `Unauthorized` or `SessionExpired`, and `OriginRefused` when a website of another shop sends the token.
    """
    return _bearer(current_claims())


def renewing_visitor(claims: SessionClaims) -> Visitor:
    """Return the visitor whose token is to be renewed, also by one that is good for nothing else any more. Raises as
    `current_visitor` does."""
    return _bearer(claims, renewing=True)


def current_claims() -> SessionClaims:
    """Return what the request's bearer token claims; its shop and session are not looked at. Raises `Unauthorized` or
    `SessionExpired`."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized(_AGAIN)
    try:
        return services().tokens.read_session(token.strip(" "))
    except ExpiredToken as exc:
        raise SessionExpired(_AGAIN) from exc
    except BadToken as exc:
        raise Unauthorized(_AGAIN) from exc


def ticket_visitor(claims: SessionClaims) -> Visitor:
    """Return the visitor for whom a stream's ticket was made. Raises as `current_visitor` does."""
    return _admitted(claims, generations.standing(claims.session))


def _bearer(claims: SessionClaims, *, renewing: bool = False) -> Visitor:
    found = generations.standing(claims.session)
    visitor = _admitted(claims, found, renewing=renewing)
    if found:
        generations.mark_used(claims, found)
    return visitor


def _admitted(claims: SessionClaims, found: generations.Standing | None, *, renewing: bool = False) -> Visitor:
    """Return the visitor of verified claims, unless the shop is gone, or the session was revoked or renewed."""
    try:
        shop = Shop.numbered(claims.shop)
    except ShopNotFound as exc:
        raise Unauthorized(_AGAIN) from exc
    require_origin(shop)
    if found and not found.admits(claims, renewing=renewing):
        raise Unauthorized(_AGAIN)
    return Visitor(shop, claims.session, max(claims.generation, found.generation if found else 0))


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
