"""The cart: is it still there, bind one, let go of it."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Blueprint

from widget_api.api.body import read, shape
from widget_api.api.services import services
from widget_api.api.shop_calls import asking_visitor, calling
from widget_api.api.visitor import current_visitor
from widget_api.models import Session, transaction
from widget_api.problems import CartRefused, InvalidBody, ShopBusy, ShopUnavailable
from widget_api.shopify.store import Checked, cart_id
from widget_api.turns.job import Visitor

bp = Blueprint("cart", __name__)


@shape
class Binding(msgspec.Struct, forbid_unknown_fields=True):
    """`PUT /api/cart`: the cart's id, or the `token` that `/cart.js` gives."""

    cart_id: str


@bp.get("/api/cart")
def check() -> dict[str, Any]:
    """Ask the shop for the session's cart. `gone` forgets it; `unknown` keeps it, for the shop could not say."""
    visitor = asking_visitor()
    bound = Session.cart_of(visitor.session)
    checked = _ask(visitor, bound)[0] if bound else Checked("none")
    if checked.status == "gone":
        _forget(visitor, bound)
    return _shown(checked)


@bp.put("/api/cart")
def bind() -> dict[str, Any]:
    """Make a cart that the shopper has the session's, once the shop says that it knows it."""
    visitor = asking_visitor()
    try:
        asked = cart_id(read(Binding).cart_id)
    except ValueError as exc:
        raise InvalidBody("cart_id must be a cart's id or the token of /cart.js.") from exc
    checked, refusal = _ask(visitor, asked)
    if checked.status == "unknown":
        if refusal:
            raise refusal
        raise ShopUnavailable("The cart could not be checked: try again in a moment.", retry_after=2)
    if checked.status != "ok":
        raise CartRefused("It has expired or never was: read /cart.js again.")
    with transaction():
        Session.ensure(visitor.shop.id, visitor.session)
        Session.bind_cart(visitor.session, checked.id)
    return _shown(checked)


@bp.delete("/api/cart")
def unbind() -> tuple[str, int]:
    """Let go of the cart; it stays in the shop."""
    with transaction():
        Session.bind_cart(current_visitor().session, "")
    return "", 204


def _ask(visitor: Visitor, id: str) -> tuple[Checked, ShopBusy | None]:
    """Return what the shop says of the cart, and the reason when it was not asked."""
    store = services().shops.store(visitor.shop, {})
    with calling(visitor, store) as call:
        return store.cart(id), call.refusal


def _forget(visitor: Visitor, gone: str) -> None:
    """Unless another cart was bound while the shop was asked."""
    with transaction():
        if Session.cart_of(visitor.session) == gone:
            Session.bind_cart(visitor.session, "")


def _shown(checked: Checked) -> dict[str, Any]:
    return {"status": checked.status, "cart": checked.cart.to_dict(secret=True) if checked.cart else None}
