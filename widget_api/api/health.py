"""Health: is the process alive, can it work."""

from __future__ import annotations

from flask import Blueprint
from peewee import DatabaseError

from widget_api.models import connected, database
from widget_api.problems import NotReady

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@bp.get("/readyz")
def ready() -> dict[str, str]:
    """The database answers too."""
    try:
        with connected():
            database.execute_sql("SELECT 1")
    except DatabaseError as exc:
        raise NotReady("The database does not answer.", retry_after=5) from exc
    return {"status": "ok"}
