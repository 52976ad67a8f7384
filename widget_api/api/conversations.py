"""The history: list, search, read, rename, delete, export."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from widget_api import shares
from widget_api.api.body import query_number, read, require_text, shape
from widget_api.api.downloads import File
from widget_api.api.pages import PAGE_BYTES, as_json, cursor, document, position
from widget_api.api.services import services
from widget_api.api.visitor import current_visitor
from widget_api.exports import FORMATS
from widget_api.models import MOST_ROWS, Chunk, Conversation, Message, Turn, iso, now, rows, snapshot, transaction
from widget_api.problems import BadRequest
from widget_api.sockets import download
from widget_api.sockets.client import TAKE_OVER
from widget_api.streams.base import Position
from widget_api.text import fold
from widget_api.tokens import SessionClaims, TicketClaims
from widget_api.turns import events
from widget_api.turns.job import Visitor

bp = Blueprint("conversations", __name__)

TITLE_CHARACTERS = 120
QUERY_CHARACTERS = 200
# Each costs a look at all messages of the session.
MOST_WORDS = 8


@shape
class Rename(msgspec.Struct, forbid_unknown_fields=True):
    """`PATCH /api/conversations/{id}`."""

    title: str


@bp.get("/api/conversations")
def list_() -> dict[str, Any]:
    """The session's conversations, newest first; with `q` those that have the words in title or text."""
    visitor = current_visitor()
    limit = query_number("limit", 20, most=100)
    where = (Conversation.session == visitor.session) & Conversation.deleted_at.is_null()
    for word in _words(request.args.get("q", "")):
        said = Message.select(Message.conversation).where(
            (Message.session == visitor.session) & Message.shown() & Message.search.contains(word)
        )
        where &= Conversation.search.contains(word) | Conversation.pk.in_(said)
    if "cursor" in request.args:
        updated_at, pk = position(request.args["cursor"], 2)
        older = Conversation.updated_at < updated_at
        where &= older | ((Conversation.updated_at == updated_at) & (Conversation.pk < pk))
    order = (Conversation.updated_at.desc(), Conversation.pk.desc())
    found = list(Conversation.select().where(where).order_by(*order).limit(limit + 1))
    page = found[:limit]
    following = cursor(page[-1].updated_at, page[-1].pk) if len(found) > limit else None
    return {"conversations": [row.to_dict() for row in page], "next": following}


def _words(query: str) -> list[str]:
    """Return the longest words to look for; a word within another one is found with it. Raises `BadRequest`."""
    if len(query) > QUERY_CHARACTERS:
        raise BadRequest(f"q has {len(query)} characters: {QUERY_CHARACTERS} are the most. Search for fewer words.")
    words = sorted(set(fold(query).split()), key=len, reverse=True)
    found: list[str] = []
    for word in words:
        if not any(word in longer for longer in found):
            found.append(word)
    return found[:MOST_WORDS]


@bp.get("/api/conversations/<id>")
def show(id: str) -> dict[str, Any]:
    """One conversation, without its messages; and until when its link is good, if it has one."""
    conversation = Conversation.of(current_visitor().session, id)
    until = shares.shared_until(conversation)
    return conversation.to_dict() | ({"shared_until": iso(until)} if until else {})


@bp.patch("/api/conversations/<id>")
def rename(id: str) -> dict[str, Any]:
    """Give the conversation another title."""
    visitor = current_visitor()
    title = " ".join(require_text(read(Rename).title, "title", most=TITLE_CHARACTERS).split())
    with transaction():
        conversation = Conversation.of(visitor.session, id)
        conversation.title, conversation.search = title, fold(title)
        conversation.save()
    return conversation.to_dict()


@bp.delete("/api/conversations/<id>")
def delete(id: str) -> tuple[str, int]:
    """Take the conversation out of sight at once; it is erased a month later. A running answer is stopped."""
    conversation = Conversation.of(current_visitor().session, id)
    services().engine.stop(conversation)
    with transaction():
        Conversation.update(deleted_at=now()).where(Conversation.pk == conversation.pk).execute()
    return "", 204


@bp.get("/api/conversations/<id>/messages")
def messages(id: str) -> Response:
    """A page of messages, oldest first; the newest page, or the one `before` a cursor.

    While a turn runs the newest page ends with its partial answer and says where its stream goes on: both are
    read at the same moment, so that following from there leaves no gap and repeats nothing.
    """
    visitor = current_visitor()
    limit = query_number("limit", 50, most=200)
    is_newest = "before" not in request.args
    before = MOST_ROWS if is_newest else min(position(request.args["before"], 1)[0], MOST_ROWS)
    conversation = Conversation.of(visitor.session, id)
    services().engine.resumable(conversation, None)  # settles a turn that died with its process
    with snapshot():
        page, has_older = Message.newest_first(conversation.pk, limit, PAGE_BYTES, before=before)
        shown = [document(message) for message in reversed(page)]
        stream = _partial(visitor, conversation, shown) if is_newest else None
    if stream:
        services().engine.owe(stream["turn_id"])
    result = {"messages": shown, "next": cursor(page[-1].pk) if has_older else None}
    return as_json(result | ({"stream": stream} if stream else {}))


def _partial(visitor: Visitor, conversation: Conversation, shown: list[dict[str, Any]]) -> dict[str, str] | None:
    """Fill in the running answer as far as it is written. Returns where its stream goes on."""
    turn = Turn.newest(conversation)
    if turn is None or not turn.active or not shown:
        return None
    chunks = rows(
        Chunk.select(Chunk.events, Chunk.last_seq)
        .where((Chunk.turn == turn.id) & (Chunk.attempt == turn.attempt))
        .order_by(Chunk.last_seq)
    )
    shown[-1]["parts"] = events.folded(chunk for chunk, _ in chunks).parts
    claims = SessionClaims(visitor.shop.id, visitor.session, visitor.generation)
    return {
        "turn_id": turn.id,
        "last_event_id": str(Position(turn.attempt, chunks[-1][1] if chunks else 0)),
        "ticket": services().tokens.ticket(TicketClaims(claims, turn.id)),
    }


@bp.get("/api/conversations/<id>/export")
def export(id: str) -> Response:
    """The conversation as a file, Markdown or JSON. A session may have a few a minute, one after the other."""
    visitor = current_visitor()
    kind = FORMATS.get(request.args.get("format", "markdown"))
    if kind is None:
        raise BadRequest("format must be markdown or json.")
    conversation = Conversation.of(visitor.session, id)
    services().limits.take("exports", visitor.session)
    give_back = services().downloads.take(visitor.session)
    try:
        file = File(conversation, kind, visitor.shop.sites)
        response = _sent(file.read(), file)
    except BaseException:
        give_back()
        raise
    response.mimetype = kind.mimetype
    response.headers["Content-Disposition"] = _disposition(conversation.title, kind.ending)
    if file.ended:
        give_back()
    else:
        response.call_on_close(give_back)
    return response


def _sent(first: bytes, file: File) -> Response:
    """Most files are of one piece. Of a longer one our own server gives away the connection, with a time-out."""
    if file.ended:
        return Response(first)
    pieces = chain([first], file.pieces())
    take_over = request.environ.get(TAKE_OVER)
    return Response(download.body(take_over, pieces) if take_over else pieces)


def _disposition(title: str, ending: str) -> str:
    name = re.sub(r"[^A-Za-z0-9]+", "-", title).strip("-").lower()[:40] or "conversation"
    return f'attachment; filename="{name}.{ending}"'
