"""Signed tokens: one salt for each purpose, so that a token of one purpose is worth nothing for another.

Keys are given oldest first: the last one signs, all of them verify (itsdangerous, "Key Rotation").
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

VERSION = 1
SESSION_SECONDS = 90 * 24 * 3600
# A ticket stands in a URL, where it may be logged: it opens one stream and soon nothing at all.
TICKET_SECONDS = 10 * 60
# Whoever signed it may have a clock that is so much faster or slower than the reader's.
CLOCKS_APART = timedelta(minutes=20)


class BadToken(ValueError):
    """The token is forged, expired, of another purpose or no token at all."""


@dataclass(frozen=True, slots=True)
class SessionClaims:
    """Whose session a token speaks for. `generation` is counted up to revoke all earlier tokens."""

    shop: int
    session: str
    generation: int


@dataclass(frozen=True, slots=True)
class TicketClaims:
    """Which one turn's stream a ticket opens, and for whose session."""

    session: SessionClaims
    turn: str


class Tokens:
    """Signs and reads the tokens of all purposes."""

    def __init__(self, secret_keys: tuple[str, ...]) -> None:
        self._sessions = _serializer(secret_keys, "chat.session.v1")
        self._tickets = _serializer(secret_keys, "chat.stream.v1")

    def session(self, claims: SessionClaims) -> str:
        """Sign a session token."""
        return _sign(self._sessions, [claims.shop, claims.session, claims.generation])

    def read_session(self, token: str) -> SessionClaims:
        """Whose token it is. Raises `BadToken`."""
        return SessionClaims(*_read(self._sessions, token, SESSION_SECONDS, (int, str, int)))

    def ticket(self, claims: TicketClaims) -> str:
        """Sign a stream ticket."""
        session = claims.session
        return _sign(self._tickets, [session.shop, session.session, session.generation, claims.turn])

    def read_ticket(self, token: str) -> TicketClaims:
        """Which stream it opens. Raises `BadToken`."""
        *session, turn = _read(self._tickets, token, TICKET_SECONDS, (int, str, int, str))
        return TicketClaims(SessionClaims(*session), turn)


def _serializer(keys: tuple[str, ...], salt: str) -> URLSafeTimedSerializer:
    signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeTimedSerializer(list(keys), salt=salt, signer_kwargs=signing)


def _sign(serializer: URLSafeTimedSerializer, values: list[Any]) -> str:
    return str(serializer.dumps([VERSION, *values]))


def _read(serializer: URLSafeTimedSerializer, token: str, max_age: int, types: tuple[type, ...]) -> list[Any]:
    try:
        payload, signed = serializer.loads(token, return_timestamp=True)
    except BadSignature as exc:
        raise BadToken("not a valid token") from exc
    age = datetime.now(UTC) - signed
    if not -CLOCKS_APART <= age <= timedelta(seconds=max_age) + CLOCKS_APART:
        raise BadToken("expired")
    match payload:
        case [version, *values] if version == VERSION and tuple(map(type, values)) == types:
            return values
    raise BadToken("a token of another make")
