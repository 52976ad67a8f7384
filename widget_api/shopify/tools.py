"""The tools as the model sees them: small inputs, compact outputs, and never a cart's id.

Shop, session and cart are put in here. The model names variants that this conversation has shown, lines of the
cart, and quantities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Protocol

from widget_api.problems import Problem
from widget_api.shopify import shown
from widget_api.shopify.breaker import Ending
from widget_api.shopify.goods import PRODUCT_ID, VARIANT_ID, Product
from widget_api.shopify.lines import Change, without_suffix
from widget_api.shopify.money import prices_as_text
from widget_api.shopify.references import cards_of, refer, restore
from widget_api.shopify.schema import Invalid, check
from widget_api.shopify.selection import MAX_OPTIONS
from widget_api.shopify.store import Checked, Store
from widget_api.shopify.words import words

PRODUCTS: Final = "data-products"
# Of what a search has found, where the answer does not say which of it.
MAX_SHOWN = 6
# Of each product on a card.
MAX_VARIANTS = 10
MAX_QUANTITY = 20
MAX_ANSWERS = 5
# For all that one call of a tool asks the shop. A turn holds the session's cart for longer (`turns.cart.WRITING_MS`).
CALL_SECONDS: Final = 15.0
# For the calls of a turn after one that was too late: the shopper has waited long enough.
NEXT_SECONDS: Final = 5.0

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

    @property
    def kept(self) -> Any:
        """Return the output as a message keeps it: with the cards of what was found."""
        return refer(self.output, self.events)

    @property
    def cards(self) -> list[dict[str, Any]]:
        """Return what was found as the widget shows it."""
        return [card for kind, data in self.events if kind == PRODUCTS for card in data["products"]]

    def to_dict(self) -> dict[str, Any]:
        """As it is written down, so that it can be shown again."""
        kept = self.kept
        held = bool(cards_of(kept))
        events = [list(event) for event in self.events if not (held and event[0] == PRODUCTS)]
        return {"output": kept, "error": self.error, "events": events}

    @classmethod
    def of(cls, written: dict[str, Any]) -> Outcome:
        """Return what was written down, with prices as text also where an earlier version wrote numbers."""
        events = tuple((kind, data) for kind, data in written["events"])
        if cards := cards_of(written["output"]):
            events = ((PRODUCTS, {"products": cards}), *events)
        return cls(prices_as_text(restore(written["output"], events)), written["error"], events)


def _object(required: tuple[str, ...] = (), **fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(required), "additionalProperties": False}


_QUERY: Final = {"type": "string", "minLength": 1, "maxLength": 200}
_ID: Final = {"type": "string", "minLength": 1, "maxLength": 300}
_LINE_ID: Final = {"type": "string", "minLength": 1, "maxLength": 300}

TOOLS: Final[tuple[Spec, ...]] = (
    Spec(
        "search_catalog",
        "Find products of this shop. Returns titles, prices, stock and a few variants. Where has_more_variants is "
        "true there are more variants than those: get_product gets to them, and tells a product in full. A price is "
        "written as an amount and its currency: 49.00 EUR, 4990.00 HUF, 1480 JPY.",
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
        "One product in full: its options, and the variants of one selection of them. Not all variants are listed: "
        "`options` has every value, `available` (in stock) and `exists` (is made) relative to `selected`, the "
        "selection that the answer is for. To get to another variant, as size 44, call again with `selected`: the "
        "option's name and the value's label, letter for letter as in `options`. The shop lets go of what cannot be "
        "had together; `note` says of what. Where the shopper has not said which value, ask.",
        _object(
            ("id",),
            id={**_ID, "description": "The product's id, gid://shopify/Product/… or its number."},
            selected={
                "type": "array",
                "maxItems": MAX_OPTIONS,
                "description": "What the shopper has chosen so far; each option at most once.",
                "items": _object(
                    ("name", "label"),
                    name={"type": "string", "minLength": 1, "maxLength": 255, "description": "As in Size."},
                    label={"type": "string", "minLength": 1, "maxLength": 255, "description": "As in 44."},
                ),
            },
        ),
        "Looking at the product",
    ),
    Spec(
        "get_cart",
        "What is in the shopper's cart, line by line. One variant may stand in several lines that differ in their "
        "attributes (as an engraving), selling plan or parent.",
        _object(),
        "Looking into the cart",
    ),
    Spec(
        "update_cart",
        "Change the shopper's cart, only when the shopper asks for it. What is not named stays as it is. Name a "
        "variant_id to say how many of it shall be in the cart in all: a rise goes to its line without extras or to "
        "a new line, a fall takes from the last of lines that are alike, 0 takes out all of its lines. Name a "
        "line_id instead to change that line alone, as the engraved one of two mugs. Where lines differ and nobody "
        "has said which one is meant, nothing is changed and the answer says so: ask the shopper. The answer is the "
        "cart as it is then; its note says what came out otherwise than asked and where a number went: tell the "
        "shopper.",
        _object(
            ("lines",),
            lines={
                "type": "array",
                "minItems": 1,
                "maxItems": 20,
                "items": _object(
                    ("quantity",),
                    variant_id={**_ID, "description": "The id of a variant from an earlier answer."},
                    line_id={**_LINE_ID, "description": "The id of a line, from get_cart."},
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
        self._was_late = False  # the shop, in a call of this turn
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
            with self._calling():
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
        with self._calling():
            checked = self._store.settled(self._cart.id, [self._change(line) for line in input["lines"]])
        if checked.status == "gone":
            self._cart.forget()
        return _cart_outcome(checked, checked.note)

    @contextmanager
    def _calling(self) -> Iterator[None]:
        """Have the block be one call of the shop."""
        with self._store.call(NEXT_SECONDS if self._was_late else CALL_SECONDS) as call:
            try:
                yield
            finally:
                self._was_late = self._was_late or call.ending is Ending.LATE

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
        found = self._store.find(query, limit=limit, highest=highest, available_only=available_only)
        output = shown.search_output(found)
        if highest is not None and (note := _unmeasured(found.products, self._store.endpoint.currency)):
            output["note"] = note
        return Outcome(output, events=(_products_event(found.products),) if found.products else ())

    def _product(self, id: str, selected: list[dict[str, str]] | None = None) -> Outcome:
        gid = _gid("Product", id)
        if not PRODUCT_ID.fullmatch(gid):
            raise Invalid("The field id must be a product's id: gid://shopify/Product/ and a number.")
        wanted = tuple((each["name"].strip(), each["label"].strip()) for each in selected or ())
        if len(dict(wanted)) < len(wanted):
            raise Invalid("The field selected must name each option once.")
        found = self._store.product(gid, wanted)
        return Outcome(shown.product_output(found, wanted), events=(_products_event([found]),))

    def _get_cart(self) -> Outcome:
        checked = self._store.cart(self._cart.id)
        if checked.status == "gone":
            self._cart.forget()
        return _cart_outcome(checked, _CART_NOTES.get(checked.status, ""))

    def _update_cart(self, lines: list[dict[str, Any]]) -> Outcome:
        changes = [self._change(line) for line in lines]
        variants = [change.variant_id for change in changes if not change.line_id]
        if len(set(variants)) < len(variants):
            raise Invalid("The field lines must name each variant once.")
        for change in changes:
            self._require_known(change)
        held = self._cart.id
        checked = self._store.set_lines(held, changes, self._before_writing)
        if checked.id and checked.id != held:
            self._cart.bind(checked.id)
        elif checked.status == "gone":
            self._cart.forget()
        return _cart_outcome(checked, checked.note)

    def _change(self, line: dict[str, Any]) -> Change:
        """The change that a line of the input asks for, with the variant's id as the shop has it."""
        return Change(line["quantity"], self._variant(line.get("variant_id", "")), line.get("line_id", "").strip())

    def _variant(self, id: str) -> str:
        """The id that was shown, which may have a suffix that the model leaves out; else the id in full."""
        gid = _gid("ProductVariant", id.strip())
        alike = [each for each in self.seen if without_suffix(each) == gid]
        return alike[0] if len(alike) == 1 else gid

    def _require_known(self, change: Change) -> None:
        """Refuse variants that the conversation has not shown. A line is looked for in the cart itself."""
        if not change.variant_id and not change.line_id:
            raise Invalid("Each of the lines must name a variant_id or a line_id.")
        if not change.line_id and change.variant_id not in self.seen:
            raise Invalid(_SEARCH_FIRST)

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


def _unmeasured(products: Sequence[Product], currency: str) -> str:
    """Return a note for the model where prices are in another currency than the one that was asked in, or ""."""
    others = sorted({product.price.currency for product in products} - {currency}) if currency else []
    return f"max_price was taken as {currency} and not applied to prices in {', '.join(others)}." if others else ""


def _products_event(products: Sequence[Product]) -> tuple[str, dict[str, Any]]:
    return PRODUCTS, {"products": [_card(product) for product in products]}


def _card(product: Product) -> dict[str, Any]:
    """Return the product with its first variants. The widget asks the shop for the others, selection by selection."""
    more = product.has_more_variants or len(product.variants) > MAX_VARIANTS
    return replace(product, variants=product.variants[:MAX_VARIANTS], has_more_variants=more).to_dict()


def _cart_outcome(checked: Checked, note: str) -> Outcome:
    cart = checked.cart
    event = {"status": checked.status, "cart": cart.to_dict(secret=False) if cart else None}
    output = {"status": checked.status, "cart": shown.cart_output(cart) if cart else None}
    return Outcome({**output, "note": note} if note else output, events=(("data-cart", event),))
