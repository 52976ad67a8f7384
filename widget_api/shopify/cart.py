"""A cart, and what a shop's answer says about it: it is there, it is gone, or nobody knows."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, Literal

from widget_api.problems import ShopRefused, ShopUnavailable
from widget_api.shopify.mcp import Result
from widget_api.shopify.money import Money
from widget_api.shopify.notices import Notice
from widget_api.shopify.words import words

PREFIX: Final = "gid://shopify/Cart/"
_ID = re.compile(re.escape(PREFIX) + r"[\x21-\x7e]{1,400}")
_SECRET = re.compile(r"[A-Za-z0-9_.~%-]{1,200}(?:\?key=[A-Za-z0-9_.~%-]{1,200})?")

_GONE_CODES = frozenset({"not_found", "cart_not_found", "invalid_cart_id"})
# "does not exist" is also said of a variant that nobody sells any more: that says nothing about the cart.
_GONE_WORDS = re.compile(
    r"^(?!.*merchandise).*does not exist|Invalid cart_id format|Invalid id format", re.IGNORECASE
)

MAX_PIECES: Final = 10**9
# Shopify's carts have at most so many; a longer one is not read, for what is not read could not be sent back.
MAX_LINES: Final = 500
MAX_COMPLAINTS: Final = 50

Status = Literal["ok", "gone", "none", "unknown"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a cart: `price` for each piece, `total` for all. `key` names the line to the shop.

    `quantity_text` is the amount in words where the goods are sold by measure, as "1.5 lb"; empty for pieces.
    `parent_id` is the id of the line that this one belongs to. `mark` tells lines of one variant apart: the same for
    lines that differ in nothing but their number. `plain` is a line as a new one is. `sent` is what the shop sent.
    """

    id: str
    variant_id: str
    title: str
    quantity: int
    price: Money
    total: Money
    key: str = field(default="", repr=False)
    attributes: tuple[tuple[str, str], ...] = ()
    selling_plan: str = ""
    parent_id: str = ""
    quantity_text: str = ""
    notices: tuple[Notice, ...] = ()
    plain: bool = True
    mark: str = field(default="", repr=False)
    sent: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def extras(self) -> tuple[object, ...]:
        """Return what the line has beside its variant, as far as shoppers see it."""
        return self.attributes, self.selling_plan, bool(self.parent_id)

    @property
    def described(self) -> str:
        """The line in words: “Enamel mug” (Engraving: Anna)."""
        details = [f"{name}: {value}" for name, value in self.attributes]
        details += [self.selling_plan] if self.selling_plan else []
        details += ["belongs to another line"] if self.parent_id else []
        return f"“{self.title}”" + (f" ({', '.join(details)})" if details else "")

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "variant_id": self.variant_id,
            "title": self.title,
            "quantity": self.quantity,
            "quantity_text": self.quantity_text,
            "price": self.price.to_dict(),
            "total": self.total.to_dict(),
            "attributes": [{"name": name, "value": value} for name, value in self.attributes],
            "selling_plan": self.selling_plan,
            "parent_id": self.parent_id,
            "notices": [notice.to_dict() for notice in self.notices],
        }


@dataclass(frozen=True, slots=True)
class Total:
    """An entry of UCP's `totals` (types/totals.json): how the shop breaks the cart's price down.

    `type` is subtotal, discount, fulfillment, tax, fee, total or a word of the shop's own; `text` is its label in the
    shopper's language, or empty. A discount's amount is below zero.
    """

    type: str
    text: str
    amount: Money

    def to_dict(self) -> dict[str, Any]:
        return {"type": self.type, "text": self.text, "amount": self.amount.to_dict()}


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount of a cart; `code` is empty for an automatic one, `amount` is positive, None when it is not told."""

    code: str
    title: str
    amount: Money | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"code": self.code, "title": self.title, "amount": self.amount.to_dict() if self.amount else None}


@dataclass(frozen=True, slots=True)
class Cart:
    """The contents of a cart. Its id is not part of it: who has that has the cart. `sent` is what the shop sent."""

    lines: tuple[Line, ...]
    total: Money
    checkout_url: str = field(default="", repr=False)
    expires_at: str = ""
    totals: tuple[Total, ...] = ()
    notices: tuple[Notice, ...] = ()
    discounts: tuple[Discount, ...] = ()
    sent: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def count(self) -> int:
        """Return how many pieces are in it. A line of goods sold by measure counts as one."""
        return sum(1 if line.quantity_text else line.quantity for line in self.lines)

    @property
    def price_details(self) -> list[dict[str, Any]]:
        """The entries of `totals` beside subtotal and total: discounts, shipping, taxes, fees."""
        return [entry.to_dict() for entry in self.totals if entry.type not in {"subtotal", "total"}]

    def quantities(self) -> dict[str, int]:
        """How many pieces of each variant."""
        found: dict[str, int] = {}
        for line in self.lines:
            found[line.variant_id] = found.get(line.variant_id, 0) + line.quantity
        return found

    def to_dict(self, *, secret: bool = True) -> dict[str, Any]:
        """The cart for its owner; with `secret=False` without the checkout address, which carries its key."""
        shown = {
            "lines": [line.to_dict() for line in self.lines],
            "total": self.total.to_dict(),
            "totals": [entry.to_dict() for entry in self.totals],
            "count": self.count,
            "expires_at": self.expires_at,
            "notices": [notice.to_dict() for notice in self.notices],
        }
        return {**shown, "checkout_url": self.checkout_url} if secret else shown


@dataclass(frozen=True, slots=True)
class Checked:
    """What became known of a cart. `id` is a bearer secret, empty unless `ok`; `note` is for people and models. After
    a change `before` is the cart as it was."""

    status: Status
    cart: Cart | None = None
    id: str = field(default="", repr=False)
    note: str = ""
    before: Cart | None = field(default=None, repr=False)


def cart_id(text: str) -> str:
    """The id of the cart that `text` names: a GID, or `token?key=…` as /cart.js has it. Raises `ValueError`."""
    secret = text.removeprefix(PREFIX)
    if not _SECRET.fullmatch(secret):
        raise ValueError("A cart is named by its id, gid://shopify/Cart/… or token?key=….")
    return PREFIX + secret


def token(id: str) -> str:
    """The part of a cart's id that names it: without the key."""
    return id.removeprefix(PREFIX).partition("?")[0]


def line_name(key: str) -> str:
    """A line's id without the cart's token, which Shopify appends to it."""
    return words(key.partition("?")[0], 200)


def read_quantity(raw: object) -> int:
    """Return a line's quantity. What makes no sense is one piece: the line is there."""
    whole = isinstance(raw, int | float) and not isinstance(raw, bool) and 0 <= raw <= MAX_PIECES and raw == int(raw)
    return int(raw) if whole else 1  # type: ignore[call-overload]


def require_few(lines: list[Any]) -> list[Any]:
    """Return the lines of a cart. Raises `ValueError` where they are more than any cart has."""
    if not isinstance(lines, list) or len(lines) > MAX_LINES:
        raise ValueError("not the lines of a cart")
    return lines


def named_apart(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Return the lines with ids of which no two are the same: a line is addressed by its id."""
    named: dict[str, Line] = {}
    for number, line in enumerate(lines, 1):
        name = line.id or f"line-{number}"
        while name in named:
            name = f"{name}#{number}"
        named[name] = replace(line, id=name)
    return tuple(named.values())


# Makes the cart from the object that has its id, and the answer that the object is in.
ReadCart = Callable[[Mapping[str, Any], Mapping[str, Any]], Cart]


def classify(result: Result, read: ReadCart, asked: str = "") -> Checked:
    """`ok` with the cart, or `gone`.

    `asked` is the id that was asked for; it stays the cart's id, also when the answer leaves the key out.
    Raises `ShopRefused` with the shop's words for anything else it says and `ShopUnavailable` for nonsense.
    """
    for payload in result.payloads():
        for candidate in (payload, payload.get("cart")) if isinstance(payload, dict) else ():
            if isinstance(candidate, dict) and _is_cart(candidate, asked):
                note = _notes(payload) or _notes(candidate)
                return _found(partial(read, candidate, payload), asked or candidate["id"], note)
    complaints = [complaint for payload in result.payloads() for complaint in _complaints(payload)]
    complaints += [_Complaint("", said, about_item=False) for said in result.sayings()]
    if any(complaint.means_gone for complaint in complaints):
        return Checked("gone")
    said = next((complaint.said for complaint in complaints if complaint.said), "")
    if not said:
        raise ShopUnavailable("The shop's answer could not be understood.")
    raise ShopRefused(said)


def _is_cart(candidate: Mapping[str, Any], asked: str) -> bool:
    named = candidate.get("id")
    return isinstance(named, str) and bool(_ID.fullmatch(named)) and (not asked or token(named) == token(asked))


def _found(read: Callable[[], Cart], id: str, note: str) -> Checked:
    try:
        return Checked("ok", read(), id, note)
    except (ValueError, TypeError, AttributeError, LookupError) as exc:
        raise ShopUnavailable("The shop's answer could not be understood.") from exc


@dataclass(frozen=True, slots=True)
class _Complaint:
    code: str
    said: str
    about_item: bool

    @property
    def means_gone(self) -> bool:
        if self.about_item:
            return False
        return self.code in _GONE_CODES or bool(_GONE_WORDS.search(self.said))


def _complaints(payload: object) -> Iterator[_Complaint]:
    """What the shop says: `messages` in UCP, `errors` in the legacy dialect."""
    if not isinstance(payload, dict):
        return
    for entry in _entries(payload, "messages"):
        path = entry.get("path")
        about_item = isinstance(path, str) and "line_items" in path
        yield _Complaint(str(entry.get("code", "")), words(entry.get("content")), about_item)
    for entry in _entries(payload, "errors"):
        yield _Complaint("", words(entry.get("message")), about_item=False)


def _entries(payload: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    entries = payload.get(name)
    return [
        entry for entry in (entries if isinstance(entries, list) else [])[:MAX_COMPLAINTS] if isinstance(entry, dict)
    ]


def _notes(payload: object) -> str:
    """What the shop says beside a cart that is there: what it could not do as asked."""
    said = dict.fromkeys(complaint.said for complaint in _complaints(payload))
    return " ".join(filter(None, list(said)[:3]))


class Locks:
    """One lock a name, kept only while somebody holds it or waits for it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def hold(self, name: str, seconds: float = -1) -> Iterator[bool]:
        """The block is alone with `name` in this process. Yields False when it is not, after so many seconds; with -1
        it waits for as long as it takes."""
        with self._guard:
            lock, users = self._held.get(name, (threading.Lock(), 0))
            self._held[name] = (lock, users + 1)
        try:
            alone = lock.acquire(timeout=seconds)
            try:
                yield alone
            finally:
                if alone:
                    lock.release()
        finally:
            with self._guard:
                lock, users = self._held.pop(name)
                if users > 1:
                    self._held[name] = (lock, users - 1)
