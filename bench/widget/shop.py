"""The demo shop as a phone gets one from Shopify, compressed: with its chat, and without."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from widget_api import demo

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask

COMPRESSED = frozenset({"text/html", "text/css", "text/javascript", "image/svg+xml"})
SNIPPETS = re.compile(
    r"""<link [^>]*shop-chat[^>]*>|<(shop-chat(?:-\w+)?)[\s>].*?</\1>|<script [^>]*/widget/chat\.js[^>]*></script>""",
    re.DOTALL,
)


def create_app(*, chat: bool) -> Flask:
    """As `widget_api.demo.create_app`."""
    app = demo.create_app()
    app.wsgi_app = Compressed(app.wsgi_app if chat else Without(app.wsgi_app))  # type: ignore[method-assign]
    return app


class Without:
    """Takes the chat out of each page: its elements, its script, and the style sheet of the question block."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = Response.from_app(self._app, environ)
        if response.mimetype == "text/html":
            response.set_data(SNIPPETS.sub("", response.get_data(as_text=True)))
        return response(environ, start_response)


class Compressed:
    """Sends a shop's pages and their files as Shopify does. What the chat compresses itself stays as it is."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = Response.from_app(self._app, environ)
        takes = Request(environ).accept_encodings["gzip"] > 0
        if takes and response.mimetype in COMPRESSED and not response.content_encoding:
            response.set_data(gzip.compress(b"".join(response.iter_encoded()), mtime=0))
            response.content_encoding = "gzip"
        return response(environ, start_response)
