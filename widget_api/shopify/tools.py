"""The tools as the model sees them: small inputs, compact outputs, and never a cart's id.

Shop, session and cart are put in here. The model names variants that this conversation has shown, and quantities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

from widget_api.problems import Problem
from widget_api.shopify.goods import PRODUCT_ID, VARIANT_ID, Product
from widget_api.shopify.money import prices_as_text
from widget_api.shopify.schema import Invalid, check
from widget_api.shopify.store import Checked, Store
from widget_api.shopify.words import words

MAX_SHOWN = 6
MAX_VARIANTS = 10
# A shopper who asks for size 44 of one shoe must find it; in a list of ten products ten variants each must do.
MAX_VARIANTS_OF_ONE = 50
MAX_DESCRIPTION = 300
MAX_QUANTITY = 20
MAX_ANSWERS = 5

_SEARCH_FIRST: Final = (
    "This conversation has not shown that variant: find it with search_catalog or get_product first."
)
_NOT_PUBLISHED: Final = (
    "The shop has published nothing about this. Say so, do not guess, and point the shopper to the shop's contact "
    "page."
)
_EXCERPTS: Final = (
    "These are excerpts of the shop's own pages. Say only what they say; if they do not answer the question, say so "
    "and point the shopper to the shop's contact page."
)
_CART_NOTES: Final[dict[str, str]] = {
    "none": "There is no cart yet; the first change begins one.",
    "gone": "The earlier cart is gone (carts expire); the next change begins a new one.",
    "unknown": "The cart could not be read just now: say so, and do not guess what is in it.",
}


class CartSlot(Protocol):
    """Where a session keeps its cart."""

    @property
    def id(self) -> str:
        """The cart's id, a bearer secret; empty when there is none."""

    def bind(self, id: str) -> None:
        """From now on this is the session's cart."""

    def forget(self) -> None:
        """The session has no cart any more."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A tool: `parameters` is its JSON schema, `status` a line for the shopper while it runs."""

    name: str
    description: str
    parameters: dict[str, Any]
    status: str
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a tool call: `output` for the model and the history, `events` for the widget."""

    output: Any
    error: bool = False
    events: tuple[tuple[str, dict[str, Any]], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As it is written down, so that it can be shown again."""
        return {"output": self.output, "error": self.error, "events": [list(event) for event in self.events]}

    @classmethod
    def of(cls, written: dict[str, Any]) -> Outcome:
        """Return what was written down, with prices as text also where an earlier version wrote numbers."""
        events = tuple((kind, data) for kind, data in written["events"])
        return cls(prices_as_text(written["output"]), written["error"], events)


def _object(required: tuple[str, ...] = (), **fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(required), "additionalProperties": False}


_QUERY: Final = {"type": "string", "minLength": 1, "maxLength": 200}
_ID: Final = {"type": "string", "minLength": 1, "maxLength": 100}

TOOLS: Final[tuple[Spec, ...]] = (
    Spec(
        "search_catalog",
        "Find products of this shop. Returns titles, prices, stock and variants. A price is written as an amount and "
        "its currency: 49.00 EUR, 4990.00 HUF, 1480 JPY.",
        _object(
            ("query",),
            query={**_QUERY, "description": "What to look for, in a few words."},
            limit={"type": "integer", "minimum": 1, "maximum": 10, "description": "How many at most."},
            max_price={
                "type": "number",
                "minimum": 0,
                "maximum": 1_000_000_000,
                "description": "The highest price, in the currency of the shop's prices: 49.5 is 49.50.",
            },
            available_only={"type": "boolean", "description": "Only what can be bought now."},
        ),
        "Searching the catalogue",
    ),
    Spec(
        "get_product",
        "All variants, prices and stock of one product.",
        _object(("id",), id={**_ID, "description": "The product's id, gid://shopify/Product/… or its number."}),
        "Looking at the product",
    ),
    Spec("get_cart", "What is in the shopper's cart.", _object(), "Looking into the cart"),
    Spec(
        "update_cart",
        "Change the shopper's cart, only when the shopper asks for it. Lines that are not named stay as they are. "
        "The answer is the cart as it is then; its note says what came out otherwise than asked.",
        _object(
            ("lines",),
            lines={
                "type": "array",
                "minItems": 1,
                "maxItems": 20,
                "items": _object(
                    ("variant_id", "quantity"),
                    variant_id={**_ID, "description": "The id of a variant from an earlier answer."},
                    quantity={
                        "type": "integer",
                        "minimum": 0,
                        "maximum": MAX_QUANTITY,
                        "description": "How many shall be in the cart then, not how many more; 0 takes it out.",
                    },
                ),
            },
        ),
        "Changing the cart",
        writes=True,
    ),
    Spec(
        "search_shop_policies_and_faqs",
        "What the shop says about shipping, returns, payment, opening hours and other questions about itself.",
        _object(("query",), query={**_QUERY, "description": "The question."}),
        "Reading the shop's policies",
    ),
)

_SPECS: Final = {spec.name: spec for spec in TOOLS}


class Toolbox:
    """The tools of one session at one shop. `seen` holds the ids of the variants that the conversation has shown.

    `before_writing` is called right before the cart is changed; what it raises keeps it from being changed.
    """

    def __init__(
        self, store: Store, cart: CartSlot, seen: Iterable[str], before_writing: Callable[[], None] = lambda: None
    ) -> None:
        self._before_writing = before_writing
        self.seen = set(seen)
        self._store = store
        self._cart = cart
        self._tools: dict[str, Callable[..., Outcome]] = {
            "search_catalog": self._search,
            "get_product": self._product,
            "get_cart": self._get_cart,
            "update_cart": self._update_cart,
            "search_shop_policies_and_faqs": self._ask,
        }

    def run(self, name: str, input: dict[str, Any]) -> Outcome:
        """Run a tool. What the model or the shop did wrong is an outcome in words, not an exception."""
        try:
            outcome = self._run(name, input)
        except Invalid as exc:
            return _failed(str(exc))
        except Problem as exc:
            return _failed(exc.detail or exc.title)
        self.seen |= variants_seen([outcome.output])
        return outcome

    def settle(self, name: str, input: dict[str, Any]) -> Outcome:
        """What became of a change of the cart that was begun, nobody knows more: by the cart as it is now. Nothing
        is changed."""
        try:
            check(input, _SPECS[name].parameters)
        except Invalid as exc:
            return _failed(str(exc))  # nothing was begun with that
        changes = {_gid("ProductVariant", line["variant_id"]): line["quantity"] for line in input["lines"]}
        checked = self._store.settled(self._cart.id, changes)
        if checked.status == "gone":
            self._cart.forget()
        return _cart_outcome(checked, checked.note)

    def _run(self, name: str, input: dict[str, Any]) -> Outcome:
        spec = _SPECS.get(name)
        if spec is None:
            raise Invalid(f"There is no such tool; the tools are {', '.join(_SPECS)}.")
        check(input, spec.parameters)
        return self._tools[name](**input)

    def _search(
        self, query: str, limit: int = 5, max_price: float | None = None, *, available_only: bool = False
    ) -> Outcome:
        highest = None if max_price is None else Decimal(str(max_price))
        found = self._store.search(query, limit=limit, highest=highest, available_only=available_only)
        output: dict[str, Any] = {"products": [_compact(product, MAX_VARIANTS) for product in found]}
        if highest is not None and (note := _unmeasured(found, self._store.endpoint.currency)):
            output["note"] = note
        return Outcome(output, events=(_products_event(found),) if found else ())

    def _product(self, id: str) -> Outcome:
        gid = _gid("Product", id)
        if not PRODUCT_ID.fullmatch(gid):
            raise Invalid("The field id must be a product's id: gid://shopify/Product/ and a number.")
        found = self._store.product(gid)
        return Outcome({"product": _compact(found, MAX_VARIANTS_OF_ONE)}, events=(_products_event([found]),))

    def _get_cart(self) -> Outcome:
        checked = self._store.cart(self._cart.id)
        if checked.status == "gone":
            self._cart.forget()
        return _cart_outcome(checked, _CART_NOTES.get(checked.status, ""))

    def _update_cart(self, lines: list[dict[str, Any]]) -> Outcome:
        changes = {self._known(line["variant_id"]): line["quantity"] for line in lines}
        if len(changes) < len(lines):
            raise Invalid("The field lines must name each variant once.")
        held = self._cart.id
        checked = self._store.set_lines(held, changes, self._before_writing)
        if checked.id and checked.id != held:
            self._cart.bind(checked.id)
        elif checked.status == "gone":
            self._cart.forget()
        return _cart_outcome(checked, checked.note)

    def _known(self, id: str) -> str:
        gid = _gid("ProductVariant", id)
        if not VARIANT_ID.fullmatch(gid) or gid not in self.seen:
            raise Invalid(_SEARCH_FIRST)
        return gid

    def _ask(self, query: str) -> Outcome:
        answers = self._store.ask(query)[:MAX_ANSWERS]
        output: dict[str, Any] = {"answers": [answer.to_dict() for answer in answers]}
        if not answers or any(answer.is_excerpt for answer in answers):
            contact = self._store.contact_page()
            output["note"] = f"{_EXCERPTS if answers else _NOT_PUBLISHED}{f' It is {contact}' if contact else ''}"
        return Outcome(output)


def _gid(kind: str, id: str) -> str:
    """The full id; pages and models also name things by their bare numbers."""
    return f"gid://shopify/{kind}/{id}" if id.isascii() and id.isdigit() else id


def _failed(reason: str) -> Outcome:
    return Outcome({"error": words(reason)}, error=True)


def variants_seen(outputs: Iterable[Any]) -> set[str]:
    """The ids of all variants in outputs that `Toolbox.run` made: what the model may put into the cart."""
    return {text for output in outputs for text in _ids(output) if VARIANT_ID.fullmatch(text)}


def _ids(output: Any) -> Iterator[str]:
    if isinstance(output, list):
        for entry in output:
            yield from _ids(entry)
    elif isinstance(output, dict):
        for name, value in output.items():
            if name in {"id", "variant_id"} and isinstance(value, str):
                yield value
            else:
                yield from _ids(value)


def _compact(product: Product, variants: int) -> dict[str, Any]:
    """A product for the model: what it needs to answer, and no more."""
    return {
        "id": product.id,
        "title": product.title,
        "url": product.url,
        "image": product.image,
        "description": words(product.description, MAX_DESCRIPTION),
        "price": product.price.to_text(),
        "available": product.available,
        "variants": [
            {
                "id": variant.id,
                "title": variant.title,
                "price": variant.price.to_text(),
                "available": variant.available,
                "options": dict(variant.options),
            }
            for variant in product.variants[:variants]
        ],
    }


def _unmeasured(products: list[Product], currency: str) -> str:
    """Return a note for the model where prices are in another currency than the one that was asked in, or ""."""
    others = sorted({product.price.currency for product in products} - {currency}) if currency else []
    return f"max_price was taken as {currency} and not applied to prices in {', '.join(others)}." if others else ""


def _products_event(products: list[Product]) -> tuple[str, dict[str, Any]]:
    return "data-products", {"products": [product.to_dict() for product in products[:MAX_SHOWN]]}


def _cart_outcome(checked: Checked, note: str) -> Outcome:
    cart = checked.cart
    event = {"status": checked.status, "cart": cart.to_dict(secret=False) if cart else None}
    output: dict[str, Any] = {"status": checked.status, "cart": None}
    if cart:
        output["cart"] = prices_as_text(
            {
                "lines": [line.to_dict() for line in cart.lines],
                "total": cart.total.to_dict(),
                "count": cart.count,
            }
            | ({"totals": details} if (details := cart.price_details) else {})
        )
    return Outcome({**output, "note": note} if note else output, events=(("data-cart", event),))
