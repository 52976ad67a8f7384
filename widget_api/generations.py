"""Generations of a session's tokens: each renewal begins the next one, and the one before soon opens nothing.

A generation is begun when its first token is made, and used when a request carries one. The generation before stays
good for ten minutes, for tabs that still hold it. After that, while the new one has not been used, it can only be
renewed: the answer with the new token may have been lost on the way to the client.

In a database that was restored from a backup, the row may be of an earlier generation than tokens that we have made
since: there the tokens are right.

A session has no row before its first message. Until then there is nothing to protect, and no generation is begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from widget_api.models import Session, execute, transaction
from widget_api.tokens import SessionClaims

GRACE_MS: Final = 10 * 60 * 1000

_STANDING: Final = (
    "SELECT shop_id, revoked, generation, generation_used, CLOCK() - generation_begun, "
    "EXISTS (SELECT 1 FROM restoration WHERE restored_at > generation_begun) FROM session WHERE id = %s"
)
_BEGIN: Final = (
    "UPDATE session SET generation = generation + 1, generation_begun = CLOCK(), generation_used = FALSE "
    "WHERE id = %s AND generation = %s AND CLOCK() - generation_begun > %s"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a session's row at one moment. `age` is the newest generation's, in milliseconds; `restored` says
    whether the row was put back since."""

    shop: int
    revoked: bool
    generation: int
    used: bool
    age: int
    restored: bool

    def admits(self, claims: SessionClaims, *, renewing: bool = False) -> bool:
        """Return whether a token with these claims is good, or good enough to be renewed."""
        if self.revoked or claims.shop != self.shop:
            return False
        if claims.generation == self.generation or (self.restored and claims.generation > self.generation):
            return True
        unanswered = renewing and not self.used
        return claims.generation == self.generation - 1 and (self.age <= GRACE_MS or unanswered)


def standing(session: str) -> Standing | None:
    """Return how the session stands, or None while it has no row."""
    found = execute(_STANDING, session).fetchone()
    return Standing(*found) if found else None


def mark_used(claims: SessionClaims, found: Standing) -> None:
    """Write down that a request has carried a token of the newest generation. Does nothing when it is known."""
    if claims.generation < found.generation or (found.used and claims.generation == found.generation):
        return
    mine = (Session.id == claims.session) & (Session.generation <= claims.generation)
    with transaction():
        Session.update(generation=claims.generation, generation_used=True).where(mine).execute()


def renew(claims: SessionClaims) -> int:
    """Return the generation for the next token of the session, and begin it unless one was begun in the last ten
    minutes. Of tabs that renew at once, all get the same one."""
    with transaction():
        execute(_BEGIN, claims.session, claims.generation, GRACE_MS)
        found = standing(claims.session)
    return found.generation if found else claims.generation
