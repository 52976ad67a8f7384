"""The response that follows a turn: its events as they come, until the turn or the connection ends."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from flask import Response, request

from widget_api.api.places import Place
from widget_api.api.services import services
from widget_api.models import Turn
from widget_api.sockets.client import TAKE_OVER, Client, Signs
from widget_api.streams.base import Leave, Position, Pulled
from widget_api.turns import events

# Streams say something at least this often, so proxies and phones keep the connection.
HEARTBEAT_SECONDS = 15

SIGNS = Signs(events.OPEN, events.HEARTBEAT, HEARTBEAT_SECONDS, events.DONE, events.RETRY, events.SENT_AWAY)
HEADERS = {
    "Cache-Control": "no-cache, no-store, no-transform",
    "X-Accel-Buffering": "no",
    "x-vercel-ai-ui-message-stream": "v1",
}


def respond(turn: Turn, after: Position | None, place: Place) -> Response:
    """Follow the turn from that position on, in the place that was taken for it; it is given back when that is over.

    Under our own server the connection is taken over and no thread is needed. Any other server iterates.
    """
    take_over = request.environ.get(TAKE_OVER)
    if take_over:
        client = Client(SIGNS, place.give_back)
        client.leave = services().engine.follow(turn, after, client)
        place.read(turn.id, client.send_away)
        response = _response(client.body(take_over))
        response.call_on_close(client.abandon)
    else:
        follower = Pulled(HEARTBEAT_SECONDS)
        leave = services().engine.follow(turn, after, follower)
        place.read(turn.id, follower.send_away)
        response = _response(_body(follower, leave))
        response.call_on_close(leave)
        response.call_on_close(place.give_back)
    return response


def _response(body: Iterator[bytes]) -> Response:
    return Response(body, mimetype="text/event-stream", headers=HEADERS)


def _body(follower: Pulled, leave: Leave) -> Iterator[bytes]:
    yield events.OPEN
    for fresh in follower:
        yield fresh or events.HEARTBEAT
    if not follower.whole:
        yield events.SENT_AWAY if follower.is_sent_away else events.RETRY
        # Servers take this for a client that hung up: they close the connection and leave the body unended.
        raise ConnectionResetError(errno.ECONNRESET, "The stream goes on elsewhere.")
    leave(heard=True)
    yield events.DONE
