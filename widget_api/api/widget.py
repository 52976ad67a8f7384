"""The widget's files: the entry under its fixed name, everything else under hashed names, pre-compressed.

Every website may load them. A website that belongs to no shop here (a theme's shared preview, a shop that was
removed) gets an entry that does nothing: a script that is refused, or that asks an API that refuses it, leaves errors
in the console of a page that is not ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from flask import Blueprint, Response, jsonify, request, send_from_directory, url_for
from peewee import DatabaseError

from widget_api.api.services import services
from widget_api.api.visitor import current_address
from widget_api.models import Shop, connected
from widget_api.problems import NotFound, TooManyRequests

bp = Blueprint("widget", __name__)

DIST = Path(__file__).parents[2] / "static" / "widget" / "dist"
ENTRY = "chat.js"
# Hashed names never change their content. The entry's does with each release, and it names the others: after five
# minutes it is asked for again, by its ETag.
IMMUTABLE = "public, max-age=31536000, immutable"
FRESH = "public, max-age=300"
# What a website of no shop gets. It may become one at any moment.
STANDBY_FRESH = "public, max-age=60"
# The theme editor shows the chat on websites of its own, where it asks for nothing: there it is the whole chat.
STANDBY = 'if(document.querySelector("shop-chat[data-design-mode]"))import("./chat.js?editor");\n'
ENCODINGS = {"br": ".br", "gzip": ".gz"}
# The compressed siblings are no files of their own.
NAME = re.compile(r"[A-Za-z0-9-]{1,64}\.js")


@bp.get("/widget/<name>")
def file(name: str) -> Response:
    """A built file, compressed as the browser likes it best."""
    if not NAME.fullmatch(name):
        raise NotFound
    if not (DIST / name).is_file():
        return _public(_successor(name))
    if name == ENTRY and "editor" not in request.args and not _is_served():
        return _public(_standby())
    encoding = next((word for word in ENCODINGS if request.accept_encodings[word] and _built(name, word)), None)
    path = name + ENCODINGS[encoding] if encoding else name
    response = send_from_directory(DIST, path, mimetype="text/javascript", download_name=name)
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.headers["Cache-Control"] = FRESH if name == ENTRY else IMMUTABLE
    response.vary.add("Accept-Encoding")
    return _public(response)


def _standby() -> Response:
    response = Response(STANDBY, mimetype="text/javascript", headers={"Cache-Control": STANDBY_FRESH})
    response.add_etag()
    response.make_conditional(request)
    return response


@bp.get("/widget/status")
def status() -> Response:
    """Return whether the website that asks may call for that shop.

    The widget asks before its first request to the API: the browser reports a refusal there on the page's console.
    """
    return _public(jsonify(served=_tells(lambda origin: _allows(request.args.get("shop", ""), origin))))


def _is_served() -> bool:
    """Return whether the request comes from a website of a shop, or from no other website at all."""
    return _tells(lambda origin: origin is None or Shop.with_origin(origin))


def _allows(domain: str, origin: str | None) -> bool:
    shop = Shop.find_by(domain=domain.lower(), active=True)
    return shop is not None and (origin is None or shop.allows(origin))


def _tells(question: Callable[[str | None], bool]) -> bool:
    """Ask the database about the request's origin. When it cannot tell, the shopper gets the chat, which says what is
    wrong; so does an address that has asked so often that it may be listing the shops."""
    try:
        services().limits.take("reads", f"served:{current_address()}")
        with connected():
            return question(request.headers.get("Origin"))
    except (DatabaseError, TooManyRequests):
        return True


def _public(response: Response) -> Response:
    """Let every website read the response: it holds nothing of anybody's."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.vary.add("Origin")
    return response


def _successor(name: str) -> Response:
    """To what a file of the release before has become: an entry may be older than the files that it names."""
    kind = name.rpartition("-")[0]
    heir = next(DIST.glob(f"{kind}-??????????.js"), None) if kind else None
    if heir is None:
        raise NotFound
    return Response(status=302, headers={"Location": url_for("widget.file", name=heir.name), "Cache-Control": FRESH})


def _built(name: str, encoding: str) -> bool:
    return (DIST / (name + ENCODINGS[encoding])).is_file()
