"""The demo shop without its chat: the same server, whose pages lose what the snippets put into them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from widget_api import demo

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask

SNIPPETS = re.compile(
    r"""<link [^>]*shop-chat[^>]*>|<(shop-chat(?:-\w+)?)[\s>].*?</\1>|<script [^>]*/widget/chat\.js[^>]*></script>""",
    re.DOTALL,
)


def create_app() -> Flask:
    """As `widget_api.demo.create_app`."""
    app = demo.create_app()
    app.wsgi_app = Without(app.wsgi_app)  # type: ignore[method-assign]
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
