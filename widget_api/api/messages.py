"""One message: its earlier versions, and what the shopper thinks of it."""

from __future__ import annotations

from typing import Literal

import msgspec
from flask import Blueprint, Response, request

from widget_api.api.body import query_number, read, require_text, shape
from widget_api.api.pages import PAGE_BYTES, as_json, cursor, document, position
from widget_api.api.visitor import current_visitor
from widget_api.models import MOST_ROWS, Message, transaction
from widget_api.problems import MessageNotFound
from widget_api.turns.conversation import versions
from widget_api.turns.job import Visitor

bp = Blueprint("messages", __name__)

COMMENT_CHARACTERS = 1000
VERSIONS = 50


@shape
class Feedback(msgspec.Struct, forbid_unknown_fields=True):
    """`PUT /api/messages/{id}/feedback`."""

    rating: Literal["up", "down"]
    comment: str = ""


@bp.get("/api/messages/<id>/versions")
def list_versions(id: str) -> Response:
    """The answer's newest versions, or those `before` a cursor, oldest first; each with the question in the wording
    that it answers."""
    answer = _answer(current_visitor(), id)
    limit = query_number("limit", VERSIONS, most=VERSIONS)
    before = position(request.args["before"], 1)[0] if "before" in request.args else MOST_ROWS
    pairs, older = versions(answer, limit, PAGE_BYTES, min(before, MOST_ROWS))
    shown = [{"question": document(asked), "answer": document(said)} for asked, said in pairs]
    return as_json({"versions": shown, "next": cursor(older) if older else None})


@bp.put("/api/messages/<id>/feedback")
def rate(id: str) -> dict[str, str]:
    """Say what the answer was worth. A later word replaces it."""
    visitor = current_visitor()
    feedback = read(Feedback)
    comment = feedback.comment and require_text(feedback.comment, "comment", most=COMMENT_CHARACTERS)
    _rate(_answer(visitor, id), feedback.rating, comment)
    return {"rating": feedback.rating, "comment": comment}


@bp.delete("/api/messages/<id>/feedback")
def unrate(id: str) -> tuple[str, int]:
    """Take the word back."""
    _rate(_answer(current_visitor(), id), "", "")
    return "", 204


def _answer(visitor: Visitor, id: str) -> Message:
    """The session's answer of that id. Raises `MessageNotFound`."""
    found = Message.find_by(session=visitor.session, id=id, role="assistant")
    if found is None or found.conversation.deleted_at is not None:
        raise MessageNotFound
    return found


def _rate(answer: Message, rating: str, comment: str) -> None:
    with transaction():
        Message.update(rating=rating, comment=comment).where(Message.pk == answer.pk).execute()
