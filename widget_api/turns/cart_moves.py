"""One cart: what the assistant has put into a cart of its own moves into the theme's, which the shopper sees.

UCP replaces a whole cart, so the server could undo what the shopper does in the theme at the same moment. A page adds
to what is there, by the theme's Ajax API. So a page moves the lines, and the server decides which lines, which page,
and what became of it:

- A move is begun under the lock that every change of the cart takes, and holds it until the page has told the
  outcome. No turn and no other page changes the cart in between, whichever tab or process they are in.
- A page that never tells, as it was closed or lost its connection, loses the lock after `MOVING_MS`. Whoever asks
  next settles the move: a variant of which the theme's cart holds more than at the beginning has arrived, and is not
  moved again.
- What has arrived is taken off what is still to move, so it does not matter how often a page asks.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from widget_api.models import CartMove, Session, connected, transaction
from widget_api.problems import CartBusy, CartRefused, ShopUnavailable
from widget_api.shopify.cart import Cart, Checked, Line, token
from widget_api.shopify.goods import VARIANT_ID
from widget_api.shopify.lines import without_suffix
from widget_api.shopify.store import Store
from widget_api.turns.cart import cart_writer, free_cart, take_cart

# A page gives up what it has not begun after 4 s (`one-cart.js`), and the theme's answer after 6 s.
MOVING_MS: Final = 12_000
BUSY_SECONDS: Final = 1
RETRY_SECONDS: Final = 2
# Begins the names of the pages that change the cart.
_PAGE: Final = "page-"

_NOT_KNOWN: Final = "It has expired or never was: read /cart.js again."
_NOT_CHECKED: Final = "The cart could not be checked: try again in a moment."


@dataclass(frozen=True, slots=True)
class Move:
    """Lines that a page is to put into the theme's cart; `id` is to be told with the outcome."""

    id: str
    lines: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """The session's cart as it stands: `own` is one that the assistant began, `left_behind` names the lines of an
    earlier cart that cannot be moved."""

    checked: Checked
    own: bool = False
    move: Move | None = None
    left_behind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CartMoves:
    """The moves of one session's cart at one shop."""

    shop: int
    session: str
    store: Store

    def begin(self, theme: str) -> Standing:
        """Make the theme's cart the session's, or begin to move the session's cart into it.

        `theme` is the id of the theme's cart, or empty while that holds nothing. Raises `CartBusy`, `CartRefused` and
        `ShopUnavailable`.
        """
        with transaction():
            Session.ensure(self.shop, self.session)
        return self._alone(theme)

    def finish(self, id: str, theme: str) -> Standing:
        """Take a page's word that the lines of the move `id` are in the theme's cart or, where `theme` is empty, that
        this takes none of them. Go on as `begin` does. A move that is over already changes nothing."""
        with transaction():
            Session.ensure(self.shop, self.session)
            move = CartMove.find_by(id=id, session=self.session, state="begun")
            if move and theme:
                _update(id, state="told", moved=_sum(move.moved, _pieces(move.lines)))
            elif move:
                _update(id, state="refused")
        return self._alone(theme, after=move.id if move else "")

    def _alone(self, theme: str, after: str = "") -> Standing:
        """Do it while nobody else changes the cart. `after` is a move that has it so far."""
        name = _PAGE + secrets.token_urlsafe(12)
        if not take_cart(self.session, name, MOVING_MS, ours=after):
            # A page adds to the cart. The assistant replaces it, with what was added meanwhile, perhaps.
            by_page = {"moving": True} if cart_writer(self.session).startswith(_PAGE) else {}
            raise CartBusy("Try again in a moment.", retry_after=BUSY_SECONDS, **by_page)
        is_moving = False
        try:
            standing = self._stand(name, theme)
            is_moving = standing.move is not None
        finally:
            if not is_moving:
                with transaction():
                    free_cart(self.session, name)
        return standing

    def _stand(self, id: str, theme: str) -> Standing:
        """Return how the cart stands, with a move where there is something to move."""
        with connected():
            session = Session.get_by_id(self.session)
        held = session.cart_id
        if not held or token(held) == token(theme):
            return self._bind(theme)
        checked = self._ask(held)
        if checked.cart is None:
            return self._bind(theme, checked)
        if not theme and not session.cart_own:
            return Standing(checked)  # the shopper has emptied or paid the theme's cart, or the browser has lost it
        return self._move(id, theme, checked, checked.cart)

    def _move(self, id: str, theme: str, checked: Checked, cart: Cart) -> Standing:
        with connected():
            last = CartMove.find_by(session=self.session, source=token(checked.id))
        moved = self._settle(last, theme) if last else {}
        lines = list(_still_to_move(cart.lines, moved))
        stay = tuple(line.title for line in cart.lines if not _can_move(line))
        if not lines and (theme or moved):
            return self._bind(theme, left_behind=stay, is_owed=bool(moved))
        if not lines or (last and last.state == "refused" and last.lines == lines and not theme):
            return Standing(checked, own=True)
        before = self._held_by(theme)
        with transaction():
            CartMove.delete().where(CartMove.session == self.session).execute()
            CartMove.add(
                id=id,
                session=self.session,
                source=token(checked.id),
                target=token(theme),
                before=before,
                lines=lines,
                moved=moved,
            )
        return Standing(checked, own=True, move=Move(id, tuple(lines)), left_behind=stay)

    def _settle(self, last: CartMove, theme: str) -> dict[str, int]:
        """Return the pieces of each variant that are in the theme's cart by earlier moves from the same cart."""
        moved: dict[str, int] = last.moved
        if last.state != "begun":
            return moved
        now = self._held_by(theme)
        before = last.before if last.target == token(theme) else {}
        lines = _pieces(last.lines)
        arrived = {variant: lines[variant] for variant in lines if now.get(variant, 0) > before.get(variant, 0)}
        return _sum(moved, arrived)

    def _held_by(self, theme: str) -> dict[str, int]:
        """Return the pieces of each variant in the theme's cart. Raises `CartRefused` and `ShopUnavailable`."""
        cart = self._ask(theme).cart if theme else None
        if theme and cart is None:
            raise CartRefused(_NOT_KNOWN)
        return _pieces(line.to_dict() for line in cart.lines) if cart else {}

    def _bind(
        self, theme: str, checked: Checked | None = None, left_behind: tuple[str, ...] = (), *, is_owed: bool = False
    ) -> Standing:
        """Make the theme's cart the session's, or leave the session without one where the theme's holds nothing.

        `is_owed`: the lines of the session's cart are in the theme's, so it is bound also if it cannot be read.
        """
        found = self.store.cart(theme)
        if found.status == "gone":
            raise CartRefused(_NOT_KNOWN)
        if found.status == "unknown" and not is_owed:
            raise ShopUnavailable(_NOT_CHECKED, retry_after=RETRY_SECONDS)
        with transaction():
            Session.bind_cart(self.session, theme)
            cleared: dict[str, Any] = {"source": "", "target": "", "before": {}, "lines": [], "moved": {}}
            CartMove.update(state="done", **cleared).where(CartMove.session == self.session).execute()
        return Standing(found if theme else checked or found, left_behind=left_behind)

    def _ask(self, id: str) -> Checked:
        """Return what the shop says of the cart. Raises `ShopUnavailable` when it cannot say."""
        checked = self.store.cart(id)
        if checked.status == "unknown":
            raise ShopUnavailable(_NOT_CHECKED, retry_after=RETRY_SECONDS)
        return checked


def _update(move: str, **values: Any) -> None:
    CartMove.update(**values).where(CartMove.id == move).execute()


def _can_move(line: Line) -> bool:
    """Return whether a page can put the line into the theme's cart as it is. It cannot with a subscription, a part of
    another line, and what is sold by measure."""
    return bool(VARIANT_ID.fullmatch(line.variant_id)) and not (
        line.selling_plan or line.parent_id or line.quantity_text or not line.quantity
    )


def _still_to_move(lines: Iterable[Line], moved: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    """Yield what of the lines has not been moved yet."""
    left = dict(moved)
    for line in filter(_can_move, lines):
        variant = without_suffix(line.variant_id)
        gone = min(left.get(variant, 0), line.quantity)
        left[variant] = left.get(variant, 0) - gone
        if line.quantity > gone:
            said = line.to_dict()
            kept = {name: said[name] for name in ("variant_id", "title", "attributes")}
            yield {**kept, "quantity": line.quantity - gone}


def _pieces(lines: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the pieces of each variant; carts may leave out the suffix of its id."""
    pieces: Counter[str] = Counter()
    for line in lines:
        pieces[without_suffix(line["variant_id"])] += line["quantity"]
    return dict(pieces)


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return dict(Counter(one) + Counter(other))
