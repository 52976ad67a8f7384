"""The chat: send a message, follow its answer, stop it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

import msgspec
from flask import Blueprint, Response, request

from widget_api.api import stream
from widget_api.api.body import (
    MESSAGE_CHARACTERS,
    read,
    read_optional,
    reason,
    require_id,
    require_text,
    shape,
)
from widget_api.api.services import services
from widget_api.api.visitor import current_address, current_visitor, ticket_visitor
from widget_api.models import Conversation, Shop, Turn
from widget_api.problems import InvalidBody, TooManyTurns, Unauthorized
from widget_api.streams.base import Position
from widget_api.tokens import BadToken
from widget_api.turns.conversation import Question
from widget_api.turns.job import Visitor
from widget_api.turns.page import clean_page
from widget_api.turns.stops import Target

bp = Blueprint("chat", __name__)

# The AI SDK sends the whole history each time. Only the newest message is read, but the rest must be taken in.
CHAT_BYTES = 1024 * 1024
# More than anybody asks for, and within the database's whole numbers.
MOST_VERSIONS = 1_000_000


@shape
class Page(msgspec.Struct, forbid_unknown_fields=True):
    """The page that the shopper is on, as the widget's `data-page` part tells it."""

    url: str = ""
    title: str = ""
    type: str = ""
    product_id: str = ""
    variant_id: str = ""
    collection: str = ""
    locale: str = ""
    currency: str = ""
    country: str = ""


class Part(msgspec.Struct):
    """A part of a message. Parts other than text and page are of no use in a question."""

    type: str
    text: str = ""
    data: Any = None


class Sent(msgspec.Struct):
    """A message of the AI SDK (UIMessage); what else it carries is passed over."""

    role: str
    id: str = ""
    parts: list[Part] = []


@shape
class Chat(msgspec.Struct):
    """`POST /api/chat`: the AI SDK's body or the short form. A site's own fields beside it are passed over."""

    id: str
    trigger: str = "submit-message"
    message: Sent | None = None
    messages: list[Sent] = []
    messageId: str | None = None  # noqa: N815 - the AI SDK's name


@shape
class Stop(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /api/chat/{id}/stop`: which answer to stop. Empty: the newest one."""

    message_id: str | None = None
    version: Annotated[int, msgspec.Meta(ge=1, le=MOST_VERSIONS)] | None = None


@bp.post("/api/chat")
def send() -> Response:
    """Accept a message, or a wish for another answer, and answer with the turn's stream."""
    visitor = current_visitor()
    chat = read(Chat, most=CHAT_BYTES)
    require_id(chat.id, "id")
    _require_room(visitor, chat)
    services().limits.take("messages", visitor.session)
    services().limits.take("address", current_address())
    place = services().streams.take(current_address(), sends=True, shop=visitor.shop.id)
    try:
        turn = _accept(visitor, chat)
        return stream.respond(turn, None, place)
    except BaseException:
        place.give_back()
        raise


def _require_room(visitor: Visitor, chat: Chat) -> None:
    """Refuse a message while other answers run. It comes again until one has ended, so it counts as a read."""
    newest = _newest(chat)
    sent_before = newest.id if newest and chat.trigger == "submit-message" and chat.messageId is None else ""
    try:
        services().engine.require_room(visitor.session, chat.id, sent_before)
    except TooManyTurns:
        services().limits.take("reads", current_address())
        raise


def _newest(chat: Chat) -> Sent | None:
    return chat.message or (chat.messages[-1] if chat.messages else None)


def _accept(visitor: Visitor, chat: Chat) -> Turn:
    engine = services().engine
    newest = _newest(chat)
    if chat.trigger == "regenerate-message":
        question = _question(newest, visitor.shop) if newest and newest.role == "user" else None
        return engine.regenerate(visitor, chat.id, chat.messageId or "", question)
    if chat.trigger != "submit-message":
        raise InvalidBody("trigger must be submit-message or regenerate-message.")
    if newest is None:
        raise InvalidBody("message is missing: send {id, role, parts}.")
    if chat.messageId not in {None, newest.id}:
        raise InvalidBody("messageId must be the newest message's id: earlier messages stay as they are.")
    accept = engine.send if chat.messageId is None else engine.reword
    return accept(visitor, chat.id, _question(newest, visitor.shop))


def _question(newest: Sent, shop: Shop) -> Question:
    """The newest message, which must be the shopper's."""
    if newest.role != "user":
        raise InvalidBody("The newest message must be the shopper's: role must be user.")
    texts = [part.text for part in newest.parts if part.type == "text"]
    text = require_text("\n".join(texts), "The message", most=MESSAGE_CHARACTERS)
    sites = (*shop.origins, f"https://{shop.domain}")
    pages = [_page(part.data, sites) for part in newest.parts if part.type == "data-page"]
    parts: list[dict[str, Any]] = [{"type": "text", "text": text}]
    parts += [{"type": "data-page", "data": page} for page in pages[:1] if page]
    return Question(require_id(newest.id, "message.id"), parts)


def _page(data: Any, sites: Collection[str] | None = None) -> dict[str, str]:
    """Return what is known of the page. It is only context: a field of another form is left out, not refused."""
    try:
        page = msgspec.to_builtins(msgspec.convert(data, Page))
    except msgspec.ValidationError as exc:
        raise InvalidBody(f"data-page: {reason(exc)}") from exc
    return clean_page(page, sites)


@bp.get("/api/chat/<id>/stream")
def follow(id: str) -> Response:
    """The running turn's stream from the beginning, or after the position that the client has.

    Nothing to follow is 204, also where there is no such conversation: the AI SDK asks for the stream of a
    chat that has not begun, and takes a 404 for a failure.
    """
    visitor, ticket_turn = _follower()
    conversation = Conversation.find(visitor.session, id)
    # EventSource repeats its address when it comes back; the header is newer.
    after = Position.parse(request.headers.get("Last-Event-ID") or request.args.get("after", ""))
    turn = services().engine.resumable(conversation, after) if conversation else None
    if turn is None or ticket_turn not in {None, turn.id}:
        return Response(status=204)
    services().limits.take("follows", visitor.session)
    place = services().streams.take(current_address(), sends=False, shop=visitor.shop.id)
    try:
        return stream.respond(turn, after, place)
    except BaseException:
        place.give_back()
        raise


def _follower() -> tuple[Visitor, str | None]:
    """Who follows, and for a ticket the one turn that it opens: native EventSource can send no header."""
    ticket = request.args.get("ticket")
    if ticket is None or "Authorization" in request.headers:
        return current_visitor(), None
    try:
        claims = services().tokens.read_ticket(ticket)
    except BadToken as exc:
        raise Unauthorized("Take a new ticket from the conversation's messages.") from exc
    return ticket_visitor(claims.session), claims.turn


@bp.post("/api/chat/<id>/stop")
def stop(id: str) -> dict[str, str]:
    """Stop an answer and keep what was said of it. Return how it stands now.

    A body names the question, or one version of the answer to it. A question that has not arrived yet is answered by
    an empty, stopped answer when it does. Without a body the conversation's newest answer is meant.
    """
    visitor = current_visitor()
    target = _stop_target(id)
    if target is None:
        return {"status": services().engine.stop(Conversation.of(visitor.session, id))}
    status = services().engine.stop_answer(visitor.session, target)
    if status is None:
        _limit_pending_stops(visitor)
        status = services().engine.stop_on_arrival(visitor, target)
    return {"status": status}


def _stop_target(conversation: str) -> Target | None:
    """Return the answer that the request's body names, or None when it names none."""
    wanted = read_optional(Stop) or Stop()
    if wanted.message_id is None:
        if wanted.version is not None:
            raise InvalidBody("version counts the answers to one message: send its message_id, too.")
        return None
    return Target(require_id(conversation, "id"), require_id(wanted.message_id, "message_id"), wanted.version)


def _limit_pending_stops(visitor: Visitor) -> None:
    """Count a stop that must be written down as a message is counted, but apart from messages: it must not use up the
    place of the message that it is for. Raises `TooManyRequests`."""
    services().limits.take("messages", visitor.session, "stop")
    services().limits.take("address", current_address(), "stop")
