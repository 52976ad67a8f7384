"""The cart: is it still there, make it one with the theme's, bind one, let go of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from flask import Blueprint

from widget_api.api.body import read, require_id, shape
from widget_api.api.services import services
from widget_api.api.shop_calls import asking_visitor, calling
from widget_api.api.visitor import current_visitor
from widget_api.models import Session, transaction
from widget_api.problems import CartRefused, InvalidBody, ShopUnavailable
from widget_api.shopify.store import Checked, Store, cart_id
from widget_api.turns.cart_moves import CartMoves, Standing
from widget_api.turns.job import Visitor

bp = Blueprint("cart", __name__)


@shape
class Binding(msgspec.Struct, forbid_unknown_fields=True):
    """`PUT /api/cart`: the cart's id, or the `token` that `/cart.js` gives. It may be empty with `move`, a move that
    has ended."""

    cart_id: str
    move: str = ""


@shape
class Theme(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /api/cart/move`: the theme's cart, empty while there is nothing in it."""

    cart_id: str = ""


@bp.get("/api/cart")
def check() -> dict[str, Any]:
    """Ask the shop for the session's cart. `gone` forgets it; `unknown` keeps it, for the shop could not say."""
    visitor = asking_visitor()
    session = Session.find_by(id=visitor.session)
    bound = session.cart_id if session else ""
    checked = _ask(visitor, bound) if bound else Checked("none")
    if checked.status == "gone":
        _forget(visitor, bound)
    return shown(Standing(checked, own=checked.status == "ok" and session is not None and session.cart_own))


@bp.post("/api/cart/move")
def move() -> dict[str, Any]:
    """Make the session's cart and the theme's one: answer with the lines that the page is to put into the theme's."""
    visitor = asking_visitor()
    theme = _cart_id(read(Theme).cart_id)
    with _moving(visitor) as moves:
        return shown(moves.begin(theme))


@bp.put("/api/cart")
def bind() -> dict[str, Any]:
    """Make a cart that the shopper has the session's, once the shop says that it knows it; or end a move."""
    visitor = asking_visitor()
    binding = read(Binding)
    if binding.move:
        ended, theme = require_id(binding.move, "move"), _cart_id(binding.cart_id)
        with _moving(visitor) as moves:
            return shown(moves.finish(ended, theme))
    with asking(visitor) as store:
        checked = store.cart(_named(binding.cart_id))
        if checked.status == "unknown":
            raise ShopUnavailable("The cart could not be checked: try again in a moment.", retry_after=2)
    if checked.status != "ok":
        raise CartRefused("It has expired or never was: read /cart.js again.")
    with transaction():
        Session.ensure(visitor.shop.id, visitor.session)
        Session.bind_cart(visitor.session, checked.id)
    return shown(Standing(checked))


@bp.delete("/api/cart")
def unbind() -> tuple[str, int]:
    """Let go of the cart; it stays in the shop."""
    with transaction():
        Session.bind_cart(current_visitor().session, "")
    return "", 204


def _cart_id(named: str) -> str:
    """Return the id of the cart that is named, or '' for none. Raises `InvalidBody`."""
    return _named(named) if named else ""


def _named(named: str) -> str:
    """Return the id of the cart that is named. Raises `InvalidBody`."""
    try:
        return cart_id(named)
    except ValueError as exc:
        raise InvalidBody("cart_id must be a cart's id or the token of /cart.js.") from exc


def _ask(visitor: Visitor, id: str) -> Checked:
    """Return what the shop says of the cart."""
    with asking(visitor) as store:
        return store.cart(id)


@contextmanager
def asking(visitor: Visitor) -> Iterator[Store]:
    """Have the block ask the visitor's shop. Raises `ShopBusy` for `ShopUnavailable` where the shop was not asked."""
    store = services().shops.store(visitor.shop, {})
    with calling(visitor, store) as call:
        try:
            yield store
        except ShopUnavailable as exc:
            if call.refusal:
                raise call.refusal from exc
            raise


@contextmanager
def _moving(visitor: Visitor) -> Iterator[CartMoves]:
    with asking(visitor) as store:
        yield CartMoves(visitor.shop.id, visitor.session, store)


def _forget(visitor: Visitor, gone: str) -> None:
    """Unless another cart was bound while the shop was asked."""
    with transaction():
        if Session.cart_of(visitor.session) == gone:
            Session.bind_cart(visitor.session, "")


def shown(standing: Standing) -> dict[str, Any]:
    """Return the answer; what there is nothing to say of is left out."""
    checked, move = standing.checked, standing.move
    return {
        "status": checked.status,
        "cart": checked.cart.to_dict(secret=True) if checked.cart else None,
        **({"own": True} if standing.own else {}),
        **({"move": {"id": move.id, "lines": list(move.lines)}} if move else {}),
        **({"left_behind": list(standing.left_behind)} if standing.left_behind else {}),
    }
