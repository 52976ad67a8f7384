"""Stops that name the question: of answers that run, and of those whose question has not arrived yet.

A stop can overtake the message it is for: on a slow line, or when the message is sent again, or by another tab. It is
remembered then, and the answer is accepted as a stopped one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from widget_api.models import Conversation, Message, PendingStop, Session, Turn, execute, now, transaction
from widget_api.problems import MessageNotFound
from widget_api.turns.conversation import version_of
from widget_api.turns.job import Visitor

# A message that has not arrived by then will not arrive any more.
PENDING_MS: Final = 3600 * 1000
# One browser has few messages on their way at once. The oldest give way.
MOST_PENDING: Final = 20

_TAKE: Final = (
    "DELETE FROM pending_stop "
    "WHERE session_id = %s AND conversation = %s AND message = %s AND version = %s AND expires_at > %s"
)


@dataclass(frozen=True, slots=True)
class Target:
    """The answer to a question, named by the client's ids.

    `version` is its number among the answers to that question, from 1 on. None means the newest answer, or the first
    one when the question has not arrived yet.
    """

    conversation: str
    message: str
    version: int | None = None


def find_turn(session: str, target: Target) -> Turn | None:
    """Return the turn that writes the answer, or wrote it; None when it has not begun.

    Raises `ConversationNotFound` for a deleted conversation, and `MessageNotFound` when the id belongs to an answer
    or to a message in another conversation.
    """
    thread = Conversation.find_by(session=session, id=target.conversation)
    if thread:
        Conversation.of(session, target.conversation)
    question = Message.find_by(session=session, id=target.message)
    if question is None:
        return None
    if thread is None or question.conversation_id != thread.pk or question.role != "user":
        raise MessageNotFound
    return _find_version(question, target.version)


def _find_version(question: Message, version: int | None) -> Turn | None:
    newest = Turn.newest_for(question)
    if newest is None or version is None or newest.answer.version == version:
        return newest
    if newest.answer.version < version:
        return None
    return version_of(newest.answer, version) or newest


def find_turn_or_remember(visitor: Visitor, target: Target) -> Turn | None:
    """Return what `find_turn` returns. When that is None, write the stop down for `take_pending_stop`.

    Call it in a transaction. The session's row is locked, as it is when a message is accepted: of a stop and its
    message the second one always sees the first. Raises as `find_turn` does, and `Unauthorized`.
    """
    Session.ensure(visitor.shop.id, visitor.session)
    turn = find_turn(visitor.session, target)
    if turn is None:
        _remember(visitor.session, target)
    return turn


def _remember(session: str, target: Target) -> None:
    named = {"session": session, "message": target.message, "version": target.version or 1}
    PendingStop.delete().where(*(getattr(PendingStop, name) == value for name, value in named.items())).execute()
    PendingStop.add(conversation=target.conversation, expires_at=now() + PENDING_MS, **named)
    mine = PendingStop.session == session
    kept = PendingStop.select(PendingStop.id).where(mine).order_by(PendingStop.id.desc()).limit(MOST_PENDING)
    PendingStop.delete().where(mine & PendingStop.id.not_in(kept)).execute()


def take_pending_stop(thread: Conversation, question: str, version: int) -> bool:
    """Return whether the answer that begins was stopped before, and forget that it was."""
    named = (thread.session_id, thread.id, question, version)
    return bool(execute(_TAKE, *named, now()).rowcount)


def delete_expired_stops() -> None:
    """Delete the stops whose message has not arrived in time."""
    with transaction():
        PendingStop.delete().where(PendingStop.expires_at <= now()).execute()
