"""The demo shop without its chat: the same server, whose pages lose the snippet on their way out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from widget_api import demo

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask

SNIPPET = re.compile(r"<shop-chat\b.*?</shop-chat>\s*<script[^>]*/widget/chat\.js[^>]*></script>", re.DOTALL)


def create_app() -> Flask:
    """As `widget_api.demo.create_app`."""
    app = demo.create_app()
    app.wsgi_app = Without(app.wsgi_app)  # type: ignore[method-assign]
    return app


class Without:
    """Takes the snippet out of each page."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = Response.from_app(self._app, environ)
        if response.mimetype == "text/html":
            response.set_data(SNIPPET.sub("", response.get_data(as_text=True)))
        return response(environ, start_response)
