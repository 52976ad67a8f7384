"""Health: is the process alive, can it work."""

from __future__ import annotations

from flask import Blueprint
from peewee import DatabaseError

from widget_api.api.services import services
from widget_api.backups import opening
from widget_api.models import check
from widget_api.problems import NotReady

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@bp.get("/readyz")
def ready() -> dict[str, str]:
    """The database answers too. Says also when it is one that had to be restored, and what was lost with that."""
    try:
        check()
    except DatabaseError as exc:
        raise NotReady("The database does not answer.", retry_after=5) from exc
    return {"status": "ok", **opening.note(services().config), **services().boot_check.note()}
