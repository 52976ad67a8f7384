"""Changes of the cart that shoppers decide on: they take what the assistant has proposed, and undo what it has done.

The server makes such a change as it makes the assistant's own, alone with the session's cart. Before the shop is
asked it writes down how many pieces there shall be then. So a change that was interrupted, or is asked for twice, is
told to the shop again in the same numbers and not made twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from widget_api.models import CartChange, Conversation, Session, Turn, connected, now, transaction
from widget_api.problems import CartBusy, CartChangeNotFound, ShopRefused, ShopUnavailable
from widget_api.shopify.cart import MAX_PIECES, Cart, Checked
from widget_api.shopify.lines import Change, is_same_variant
from widget_api.shopify.schema import Invalid
from widget_api.shopify.store import Store
from widget_api.turns.cart import free_cart, take_cart

# Longer than a request may ask the shop.
CHANGING_MS: Final = 12_000
BUSY_SECONDS: Final = 1
RETRY_SECONDS: Final = 2
# A page asks for the states of all at once.
MOST_LISTED: Final = 100

_KINDS: Final = {"data-cart-proposal": "proposed", "data-cart": "done"}
_NOT_KNOWN: Final = "It was made long ago or never was: read the messages again."
_NOT_CHECKED: Final = "The cart could not be changed: try again in a moment."


def keep_changes(turn: Turn, events: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Write down the changes that an answer's events tell of. What is done is proposed no longer."""
    for kind, data in events:
        change = data if kind == "data-cart-proposal" else data.get("change")
        if kind not in _KINDS or not change:
            continue
        session = Conversation.get_by_id(turn.conversation_id).session_id
        if kind == "data-cart":
            _settle_proposals(session, change["lines"])
        CartChange.add(
            id=change["id"],
            session=session,
            conversation=turn.conversation_id,
            lines=change["lines"],
            state=_KINDS[kind],
        )


def _settle_proposals(session: str, made: list[dict[str, Any]]) -> None:
    """Mark proposals of just these lines as taken."""
    for open_ in CartChange.where("session_id = %s AND state = %s", session, "proposed"):
        if _by_variant(open_.lines) == _by_variant(made):
            CartChange.update(state="taken").where(CartChange.pk == open_.pk).execute()


def _by_variant(lines: Iterable[dict[str, Any]]) -> dict[str, int]:
    return {line["variant_id"].partition("?")[0]: line["by"] for line in lines}


@dataclass(frozen=True, slots=True)
class Settled:
    """A change as it stands, and the cart after it. `own`: the assistant began the cart."""

    state: str
    checked: Checked
    own: bool = False


@dataclass(frozen=True, slots=True)
class CartChanges:
    """The changes of one session's cart at one shop."""

    session: str
    store: Store

    def take(self, id: str) -> Settled:
        """Make the change that was proposed, once. Raises `CartChangeNotFound`, `CartBusy` and `ShopUnavailable`."""
        return self._alone(id, "proposed", "begun", "done", _goals_of_taking)

    def undo(self, id: str) -> Settled:
        """Take the change back, once. Raises as `take` does."""
        return self._alone(id, "done", "undoing", "undone", _goals_of_undoing)

    def _alone(self, id: str, before: str, during: str, after: str, goals: _Goals) -> Settled:
        """Bring the change from a state to another while nobody else changes the cart."""
        self._find(id)
        if not take_cart(self.session, id, CHANGING_MS):
            raise CartBusy("Try again in a moment.", retry_after=BUSY_SECONDS)
        try:
            change = self._find(id)
            held = self._held()
            if change.state == before:
                self._begin(change, during, held, goals)
            if change.state != during:
                return self._settled(change.state, self._read(held))
            return self._make(change, after, held)
        finally:
            with transaction():
                free_cart(self.session, id)

    def _begin(self, change: CartChange, during: str, held: str, goals: _Goals) -> None:
        """Write down how many there shall be of each."""
        cart = self._read(held).cart
        change.goals = goals(change.lines, cart)
        change.state = during if change.goals else "stale"
        self._keep(change)

    def _make(self, change: CartChange, after: str, held: str) -> Settled:
        failed = "refused" if change.state == "begun" else "stale"
        wanted = [Change(goal["quantity"], goal["variant_id"], goal["line_id"]) for goal in change.goals]
        try:
            checked = self.store.set_lines(held, wanted)
        except (Invalid, ShopRefused):
            checked, change.state = self._read(held), failed
        else:
            if checked.status == "unknown":
                raise ShopUnavailable(_NOT_CHECKED, retry_after=RETRY_SECONDS)
            change.state = after if _is_met(change.goals, checked.cart) else failed
        with transaction():
            if checked.id and checked.id != held:
                Session.bind_cart(self.session, checked.id, own=True)
            elif checked.status == "gone":
                Session.bind_cart(self.session, "")
        self._keep(change)
        return self._settled(change.state, checked)

    def _settled(self, state: str, checked: Checked) -> Settled:
        with connected():
            own = Session.get_by_id(self.session).cart_own
        return Settled(state, checked, own=own and checked.status == "ok")

    def _held(self) -> str:
        with connected():
            return Session.cart_of(self.session)

    def _find(self, id: str) -> CartChange:
        if not (id.isascii() and id.isprintable()):
            raise CartChangeNotFound(_NOT_KNOWN)
        with connected():
            found = CartChange.find_by(id=id, session=self.session)
        if found is None:
            raise CartChangeNotFound(_NOT_KNOWN)
        return found

    def _read(self, held: str) -> Checked:
        checked = self.store.cart(held)
        if checked.status == "unknown":
            raise ShopUnavailable(_NOT_CHECKED, retry_after=RETRY_SECONDS)
        return checked

    def _keep(self, change: CartChange) -> None:
        values = {"state": change.state, "goals": change.goals, "changed_at": now()}
        with transaction():
            CartChange.update(values).where(CartChange.pk == change.pk).execute()


_Goals = Callable[[list[dict[str, Any]], Cart | None], list[dict[str, Any]]]


def _goals_of_taking(lines: list[dict[str, Any]], cart: Cart | None) -> list[dict[str, Any]]:
    """Return how many there shall be: the difference that was proposed, to what there is now."""
    return [_goal(line, cart, line["by"] if line["quantity"] else -MAX_PIECES) for line in lines]


def _goals_of_undoing(lines: list[dict[str, Any]], cart: Cart | None) -> list[dict[str, Any]]:
    """Return how many there shall be without the change; none where what it put in has gone since."""
    if any(_count(cart, line) < line["by"] for line in lines):
        return []
    return [_goal(line, cart, -line["by"]) for line in lines]


def _goal(line: dict[str, Any], cart: Cart | None, by: int) -> dict[str, Any]:
    held = _count(cart, line)
    named = {"variant_id": line["variant_id"], "line_id": line.get("line_id", "")}
    return {**named, "held": held, "quantity": max(0, held + by)}


def _count(cart: Cart | None, line: dict[str, Any]) -> int:
    named = line.get("line_id")
    held = cart.lines if cart else ()
    if named:
        return sum(each.quantity for each in held if each.id == named)
    return sum(each.quantity for each in held if is_same_variant(each.variant_id, line["variant_id"]))


def _is_met(goals: list[dict[str, Any]], cart: Cart | None) -> bool:
    """Return whether the cart has come closer to one of the goals: a shop may have fewer pieces left than wanted."""
    return any(_count(cart, goal) == goal["quantity"] or _count(cart, goal) != goal["held"] for goal in goals)


def states(session: str) -> tuple[dict[str, str], str]:
    """Return the states of the session's newest changes by their ids, and the id of the one that can be undone."""
    newest = "session_id = %s ORDER BY changed_at DESC, pk DESC LIMIT %s"
    with connected():
        found = CartChange.where(newest, session, MOST_LISTED)
    made = [change for change in found if change.state in {"done", "undoing", "undone", "stale"}]
    undoable = made[0].id if made and made[0].state in {"done", "undoing"} else ""
    return {change.id: change.state for change in found}, undoable
