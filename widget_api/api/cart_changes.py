"""Changes of the cart: what became of them, take one that was proposed, undo one that was made."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from widget_api.api.cart import asking, shown
from widget_api.api.shop_calls import asking_visitor
from widget_api.api.visitor import current_visitor
from widget_api.turns.cart_changes import CartChanges, Settled, states
from widget_api.turns.cart_moves import Standing

bp = Blueprint("cart_changes", __name__)


@bp.get("/api/cart/changes")
def list_changes() -> dict[str, Any]:
    """Return the state of each of the session's newest changes, and the one that can be undone."""
    found, undoable = states(current_visitor().session)
    return {"changes": found, **({"undo": undoable} if undoable else {})}


@bp.post("/api/cart/changes/<id>/take")
def take(id: str) -> dict[str, Any]:
    """Make the change that the assistant has proposed, once."""
    visitor = asking_visitor()
    with asking(visitor) as store:
        return _settled(CartChanges(visitor.session, store).take(id))


@bp.post("/api/cart/changes/<id>/undo")
def undo(id: str) -> dict[str, Any]:
    """Take back a change that was made, once."""
    visitor = asking_visitor()
    with asking(visitor) as store:
        return _settled(CartChanges(visitor.session, store).undo(id))


def _settled(settled: Settled) -> dict[str, Any]:
    return {"state": settled.state, "cart": shown(Standing(settled.checked, own=settled.own))}
