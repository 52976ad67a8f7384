"""What holds for every request: a database connection of its own, the true client address, no caching."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from widget_api.api.services import services
from widget_api.api.visitor import current_address
from widget_api.models import database

# Each has limits of its own, or must answer whatever happens.
UNCOUNTED = {"chat.send", "sessions.begin", "health.alive", "health.ready", "widget.file", "profile.profile"}
# These answer without the database, or say themselves that it is away.
UNCONNECTED = {"health.alive", "health.ready", "widget.file", "profile.profile"}


def init_app(app: Flask) -> None:
    proxies = app.extensions["widget"].config.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    app.before_request(open_connection)
    app.before_request(count)
    app.after_request(forbid_caching)
    app.teardown_request(close_connection)


def open_connection() -> None:
    if request.endpoint not in UNCONNECTED:
        database.connect(reuse_if_open=True)


def close_connection(_: BaseException | None) -> None:
    if not database.is_closed():
        database.close()


def count() -> None:
    """Every request that has no limit of its own counts as a read of its address."""
    if request.method != "OPTIONS" and request.endpoint not in UNCOUNTED:
        services().limits.take("reads", current_address())


def forbid_caching(response: Response) -> Response:
    """Answers are for one shopper. Public files say otherwise themselves."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response
