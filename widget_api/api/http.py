"""What holds for every request: a way to the database or a refusal, the true client address, no caching."""

from __future__ import annotations

import logging

from flask import Flask, Response, request
from peewee import DatabaseError, InternalError, OperationalError
from werkzeug.middleware.proxy_fix import ProxyFix

from widget_api.api.services import services
from widget_api.api.visitor import current_address
from widget_api.models import NoPlace, database, is_postgres
from widget_api.problems import Busy, NotReady, respond

logger = logging.getLogger(__name__)

# For each so many bytes a response counts as one more read.
BYTES_OF_A_READ = 8 * 1024
# Of what a log line quotes of others.
LOG_CHARACTERS = 300
# Each has limits of its own, or must answer whatever happens.
_PUBLIC = {"widget.file", "widget.status", "profile.profile", "profile.profile_of"}
_ASKING = {"cart.check", "cart.bind", "cart.move", "cart_changes.take", "cart_changes.undo", "products.select"}
UNCOUNTED = {"chat.send", "sessions.begin", "health.alive", "health.ready", *_ASKING, *_PUBLIC}
# These answer without the database, or say themselves that it is away.
UNCONNECTED = {"health.alive", "health.ready", *_PUBLIC}


def init_app(app: Flask) -> None:
    proxies = app.extensions["widget"].config.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    app.before_request(open_connection)
    app.before_request(count)
    app.after_request(charge_size)
    app.after_request(forbid_caching)
    app.teardown_request(close_connection)
    # It is away, starts, is read-only for now, or had to break off: all of that passes, and nothing is half done.
    for passing in (OperationalError, InternalError):
        app.register_error_handler(passing, ask_again)


def ask_again(exc: DatabaseError) -> Response:
    """The refusal while the database cannot do its work. What it said stays in the log."""
    said = str(exc)[:LOG_CHARACTERS].partition("\n")[0]
    logger.warning("%s %s: the database: %s", request.method, request.url_rule, said)
    if isinstance(exc, NoPlace):
        return respond(Busy("Please try again in a moment.", retry_after=2))
    return respond(NotReady("Please try again in a moment.", retry_after=2))


def open_connection() -> None:
    """SQLite's is the thread's own for the whole request; PostgreSQL's are lent to each statement."""
    if request.endpoint not in UNCONNECTED and not is_postgres():
        database.connect(reuse_if_open=True)


def close_connection(_: BaseException | None) -> None:
    if not database.is_closed():
        database.close()


def count() -> None:
    """Every request that has no limit of its own counts as a read of its address."""
    if is_counted():
        services().limits.take("reads", current_address())


def is_counted() -> bool:
    """Return whether the request counts as a read."""
    return request.method != "OPTIONS" and request.endpoint not in UNCOUNTED


def charge_size(response: Response) -> Response:
    """Count a large page as so many reads as small ones would have been that take the same work."""
    if is_counted() and not response.is_streamed:
        size = response.calculate_content_length() or 0
        services().limits.charge("reads", current_address(), size // BYTES_OF_A_READ)
    return response


def forbid_caching(response: Response) -> Response:
    """Answers are for one shopper. Public files say otherwise themselves."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response
