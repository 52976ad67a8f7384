"""Cross-origin access: the exact websites of the shop that the request is for, and nobody else.

flask-cors writes the headers; which origin may have them is decided here, for it differs with each shop, and
an origin that flask-cors takes for a pattern would be matched unanchored.
"""

from __future__ import annotations

from flask import Flask, Response, g, request
from flask_cors.core import get_cors_options, set_cors_headers
from peewee import DatabaseError

from widget_api.models import Shop, connected

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HEADERS = ("Authorization", "Content-Type", "Last-Event-ID")
EXPOSED = ("Retry-After", "Location", "Content-Disposition", "x-vercel-ai-ui-message-stream")


def init_app(app: Flask) -> None:
    app.after_request(share)


def share(response: Response) -> Response:
    """Let the website read the response when its shop may. Public files say themselves that everybody may."""
    if "Access-Control-Allow-Origin" in response.headers:
        return response
    response.vary.add("Origin")
    origin = _permitted()
    if origin:
        options = get_cors_options(
            None,
            {
                "origins": [origin],
                "methods": METHODS,
                "allow_headers": HEADERS,
                "expose_headers": EXPOSED,
                "max_age": 7200,
                "vary_header": False,
                "allow_private_network": False,
            },
        )
        set_cors_headers(response, options)
    return response


def _permitted() -> str | None:
    """The request's origin if it may read the answer.

    Once a request's shop is known, only that shop's websites may. Before it is known - a preflight carries no
    token, and most refusals belong to no shop - any registered shop's may, and those of a shop that was removed:
    its pages must be able to read that they are refused.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        return None
    if "readers" in g:
        return origin if origin in g.readers else None
    try:
        with connected():
            is_known = Shop.with_origin(origin, removed=True)
    except DatabaseError:
        return None  # the answer says already what is wrong
    return origin if is_known else None
