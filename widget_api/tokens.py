"""Signed tokens: one salt for each purpose, so that a token of one purpose is worth nothing for another.

Keys are given oldest first: the last one signs, all of them verify (itsdangerous, "Key Rotation"). A session token
carries the time at which the session began, not the time of its own making: renewing it does not make it live longer.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode

VERSION = 1
# The life of a session from its first token on.
SESSION_SECONDS = 90 * 24 * 3600
# A ticket stands in a URL, where it may be logged: it opens one stream and soon nothing at all.
TICKET_SECONDS = 10 * 60
# Whoever signed it may have a clock that is so much faster or slower than the reader's.
CLOCKS_APART = timedelta(minutes=20)


class BadToken(ValueError):
    """The token is forged, expired, of another purpose or no token at all."""


class ExpiredToken(BadToken):
    """The token was good once."""


@dataclass(frozen=True, slots=True)
class SessionClaims:
    """The session that a token speaks for.

    `generation` counts the session's renewals. `born` is when the session began, in seconds since 1970; None when it
    begins now.
    """

    shop: int
    session: str
    generation: int
    born: int | None = field(default=None, compare=False)


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
        return _sign(self._sessions, [claims.shop, claims.session, claims.generation], claims.born)

    def read_session(self, token: str) -> SessionClaims:
        """Return the claims of a session token. Raises `BadToken`, and `ExpiredToken` when the session is over."""
        (shop, session, generation), born = _read(self._sessions, token, SESSION_SECONDS, (int, str, int))
        return SessionClaims(shop, session, generation, born)

    def ticket(self, claims: TicketClaims) -> str:
        """Sign a stream ticket."""
        session = claims.session
        return _sign(self._tickets, [session.shop, session.session, session.generation, claims.turn])

    def read_ticket(self, token: str) -> TicketClaims:
        """Which stream it opens. Raises `BadToken`."""
        (*session, turn), _ = _read(self._tickets, token, TICKET_SECONDS, (int, str, int, str))
        return TicketClaims(SessionClaims(*session), turn)


class _Signer(TimestampSigner):
    """Signs with the time in `moment`, in seconds since 1970, or with the present time."""

    moment: int | None = None

    def get_timestamp(self) -> int:
        return super().get_timestamp() if self.moment is None else self.moment


def _serializer(keys: tuple[str, ...], salt: str) -> URLSafeTimedSerializer:
    signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeTimedSerializer(list(keys), salt=salt, signer=_Signer, signer_kwargs=signing)


def _sign(serializer: URLSafeTimedSerializer, values: list[Any], moment: int | None = None) -> str:
    signer: Any = serializer.make_signer(serializer.salt)
    signer.moment = moment
    return str(signer.sign(serializer.dump_payload([VERSION, *values])), "ascii")


def _read(
    serializer: URLSafeTimedSerializer, token: str, max_age: int, types: tuple[type, ...]
) -> tuple[list[Any], int]:
    """Return the signed values, and the signed time in seconds since 1970."""
    try:
        payload, signed = serializer.loads(token, return_timestamp=True)
    except BadSignature as exc:
        raise BadToken("not a valid token") from exc
    if not _is_canonical(token):
        raise BadToken("not spelled as it was signed")
    age = datetime.now(UTC) - signed
    if age > timedelta(seconds=max_age) + CLOCKS_APART:
        raise ExpiredToken("expired")
    if age < -CLOCKS_APART:
        raise BadToken("signed in the future")
    match payload:
        case [version, *values] if version == VERSION and tuple(map(type, values)) == types:
            return values, int(signed.timestamp())
    raise BadToken("a token of another make")


def _is_canonical(token: str) -> bool:
    """Return whether the signature is spelled as base64 writes it. Decoders pass over foreign characters and spare
    bits; the payload and the time are signed letter by letter."""
    signature = token.rpartition(".")[2]
    return base64_encode(base64_decode(signature)) == signature.encode()
