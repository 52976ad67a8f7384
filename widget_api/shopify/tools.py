"""The tools as the model sees them: small inputs, compact outputs, and never a cart's id.

Shop, session and cart are put in here. The model names variants that this conversation has shown, lines of the
cart, and quantities.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Protocol

from widget_api.problems import Problem
from widget_api.shopify import shown
from widget_api.shopify.breaker import Ending
from widget_api.shopify.coercion import coerce
from widget_api.shopify.goods import PRODUCT_ID, VARIANT_ID, Found, Product
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
_NOTHING_MATCHES: Final = "Nothing matches; try other or fewer words"
NOT_ASKED: Final = (
    "Not changed: the shopper's newest message does not ask for this. The shopper is shown a button for it: say so "
    "in one sentence, and do not say that it is done."
)
OTHERS_NOT_ASKED: Final = (
    "What stands under `proposed` was not changed: the shopper's newest message does not ask for it. The shopper is "
    "shown a button for it."
)
_NOTHING_TO_DO: Final = "The cart has this already, as far as it was told."
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


@dataclass(frozen=True, slots=True)
class Sorted:
    """Changes of the cart: `asked` for by the shopper, and `others`."""

    asked: tuple[Change, ...]
    others: tuple[Change, ...] = ()


class Guard(Protocol):
    """Tells the changes that the shopper asks for from those that only the model wants."""

    def learn(self, values: Iterable[Any]) -> None:
        """Take in what a tool has answered, and the data of its events."""

    def sort(self, changes: Sequence[Change]) -> Sorted:
        """Sort the changes."""

    def proposal(self, changes: Sequence[Change]) -> dict[str, Any] | None:
        """Return the data of an event that proposes the changes; None where they would change nothing."""


def _object(required: tuple[str, ...] = (), **fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(required), "additionalProperties": False}


_QUERY: Final = {"type": "string", "minLength": 1, "maxLength": 200}
_ID: Final = {"type": "string", "minLength": 1, "maxLength": 300}
_LINE_ID: Final = {"type": "string", "minLength": 1, "maxLength": 300}

TOOLS: Final[tuple[Spec, ...]] = (
    Spec(
        "search_catalog",
        "Find products of this shop. Call it before you name or recommend a product, its price or stock. Example: "
        'for "Something warm for my dad, under 50 euros?" {"query": "warm hat", "max_price": 50}. Returns titles, '
        "prices, stock and a few variants; get_product has the others.",
        _object(
            ("query",),
            query={**_QUERY, "description": "One to three nouns, in the language of the shop's product titles."},
            limit={"type": "integer", "minimum": 1, "maximum": 10, "description": "How many at most."},
            max_price={
                "type": "number",
                "minimum": 0,
                "maximum": 1_000_000_000,
                "description": "The highest price, if the shopper named one, in the shop's currency.",
            },
            available_only={"type": "boolean", "description": "Only what can be bought now."},
        ),
        "Searching the catalogue",
    ),
    Spec(
        "get_product",
        "One product in full. Call it for details, material, care, or a size or colour that the search does not "
        'list. Example: for "Do you have it in 44?" {"id": "…", "selected": [{"name": "Size", "label": "44"}]}, '
        "spelled as in its options. A note says which of the selected values cannot be had together.",
        _object(
            ("id",),
            id={**_ID, "description": "The product's id."},
            selected={
                "type": "array",
                "maxItems": MAX_OPTIONS,
                "description": "The values chosen so far, one for each option.",
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
        "The shopper's cart, line by line. Call it before you say what it holds or costs, and before you raise or "
        'lower a number: "One more, please" {}. Lines of one variant may differ in their attributes (as an '
        "engraving), selling plan or parent.",
        _object(),
        "Looking into the cart",
    ),
    Spec(
        "update_cart",
        "Change the shopper's cart. Call it only when the newest message asks for that, in its own words, and "
        "colour and size are settled; anything else is only proposed to the shopper. "
        'Example: for "Two in Oat, please" {"lines": [{"variant_id": "…", "quantity": 2}]}. What is not named '
        "stays as it is. A variant_id stands for all lines of that variant, a line_id for that line alone, as the "
        "engraved one of two mugs; where lines differ and nobody said which is meant, ask. Returns the new cart; "
        "tell the shopper what its note says.",
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
                        "description": "How many shall be in the cart then, not how many more; 0: none.",
                    },
                ),
            },
        ),
        "Changing the cart",
        writes=True,
    ),
    Spec(
        "search_shop_policies_and_faqs",
        "What the shop says about itself. Call it before you say anything about shipping, returns, payment, care, "
        'repairs, opening hours or contact. Example: for "Can I send it back?" {"query": "returns"}. What it does '
        "not answer, the shop has not said.",
        _object(("query",), query={**_QUERY, "description": "The question in a few words, in the shop's language."}),
        "Reading the shop's policies",
    ),
)

_SPECS: Final = {spec.name: spec for spec in TOOLS}
# What a model writes where it wants no limit: nought and less.
_LIMITS: Final = ("limit", "max_price")


def tidy(name: str, input: Any) -> Any:
    """Return a call's input as the tool takes it, as far as its meaning is certain. The tool is run with this, and it
    is what is kept and told of the call."""
    spec = _SPECS.get(name)
    if spec is None:
        return input
    tidied = coerce(input, spec.parameters, drop_unknown=not spec.writes)
    if not isinstance(tidied, dict):
        return tidied
    fields = spec.parameters["properties"]
    for limit in _LIMITS:
        if limit in fields and _is_number(tidied.get(limit)):
            tidied = _within(tidied, limit, fields[limit]["maximum"])
    return tidied


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value  # NaN is none


def _within(input: dict[str, Any], limit: str, most: int) -> dict[str, Any]:
    """Return the input with the limit clamped; without it, where it is none."""
    if input[limit] > 0 and isinstance(input[limit], int):
        return input | {limit: min(input[limit], most)}
    return {name: value for name, value in input.items() if name != limit or value > 0}


class Toolbox:
    """The tools of one session at one shop. `seen` holds the ids of the variants that the conversation has shown.

    `before_writing` is called right before the cart is changed; what it raises keeps it from being changed. What the
    `guard` does not let pass is proposed to the shopper instead.
    """

    def __init__(
        self,
        store: Store,
        cart: CartSlot,
        seen: Iterable[str],
        before_writing: Callable[[], None] = lambda: None,
        guard: Guard | None = None,
    ) -> None:
        self._before_writing = before_writing
        self._guard = guard
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
        self._learn(outcome)
        return outcome

    def _learn(self, outcome: Outcome) -> None:
        shown = [outcome.output, *(data for kind, data in outcome.events if kind == "data-products")]
        self.seen |= variants_seen(shown)
        if self._guard:
            self._guard.learn(shown)

    def settle(self, name: str, input: dict[str, Any]) -> Outcome:
        """What became of a change of the cart that was begun, nobody knows more: by the cart as it is now. Nothing
        is changed."""
        tidied = tidy(name, input)
        try:
            check(tidied, _SPECS[name].parameters)
        except Invalid as exc:
            return _failed(str(exc))  # nothing was begun with that
        changes = self._sorted([self._change(line) for line in tidied["lines"]])
        if not changes.asked:
            return self._proposed(changes.others)
        with self._calling():
            checked = self._store.settled(self._cart.id, changes.asked)
        if checked.status == "gone":
            self._cart.forget()
        outcome = self._with_proposal(_cart_outcome(checked, checked.note), changes.others)
        self._learn(outcome)
        return outcome

    @contextmanager
    def _calling(self) -> Iterator[None]:
        """Have the block be one call of the shop."""
        if not hasattr(self._store, "call"):  # one that asks no shop
            yield
            return
        with self._store.call(NEXT_SECONDS if self._was_late else CALL_SECONDS) as call:
            try:
                yield
            finally:
                self._was_late = self._was_late or call.ending is Ending.LATE

    def _run(self, name: str, input: dict[str, Any]) -> Outcome:
        spec = _SPECS.get(name)
        if spec is None:
            raise Invalid(f"There is no such tool; the tools are {', '.join(_SPECS)}.")
        tidied = tidy(name, input)
        check(tidied, spec.parameters)
        return self._tools[name](**tidied)

    def _search(
        self, query: str, limit: int = 5, max_price: float | None = None, *, available_only: bool = False
    ) -> Outcome:
        highest = None if max_price is None else Decimal(str(max_price))
        found = self._find(query, limit=limit, highest=highest, available_only=available_only)
        if not found.products:
            return Outcome(shown.search_output(found) | {"note": _nothing_matches(highest, available_only)})
        currency = self._store.endpoint.currency
        output = shown.search_output(_affordable(found, highest, currency))
        if highest is not None and (note := _unmeasured(found.products, currency)):
            output["note"] = note
        return Outcome(output, events=(_products_event(found.products),))

    def _find(self, query: str, **how: Any) -> Found:
        """Return what the shop finds. A store that only has `search` tells no notices."""
        if hasattr(self._store, "find"):
            return self._store.find(query, **how)
        return Found(tuple(self._store.search(query, **how)))

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
        wanted = self._sorted(changes)
        if not wanted.asked:
            return self._proposed(wanted.others)
        held = self._cart.id
        checked = self._store.set_lines(held, wanted.asked, self._before_writing)
        if checked.id and checked.id != held:
            self._cart.bind(checked.id)
        elif checked.status == "gone":
            self._cart.forget()
        return self._with_proposal(_cart_outcome(checked, checked.note), wanted.others)

    def _sorted(self, changes: Sequence[Change]) -> Sorted:
        return self._guard.sort(changes) if self._guard else Sorted(tuple(changes))

    def _proposed(self, changes: Sequence[Change]) -> Outcome:
        """Propose the changes to the shopper; nothing is changed."""
        proposal = self._guard.proposal(changes) if self._guard else None
        if proposal is None:
            return Outcome({"status": "unchanged", "note": _NOTHING_TO_DO})
        output = {"status": "proposed", "proposed": [_proposed_line(line) for line in proposal["lines"]]}
        return Outcome({**output, "note": NOT_ASKED}, events=(("data-cart-proposal", proposal),))

    def _with_proposal(self, outcome: Outcome, changes: Sequence[Change]) -> Outcome:
        """Add a proposal of what was not asked for to the outcome of what was."""
        if not changes:
            return outcome
        proposed = self._proposed(changes)
        if not proposed.events:
            return outcome
        note = " ".join(filter(None, [outcome.output.get("note"), OTHERS_NOT_ASKED]))
        output = {**outcome.output, "proposed": proposed.output["proposed"], "note": note}
        return Outcome(output, outcome.error, (*outcome.events, *proposed.events))

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
    """Return the full id. The model knows things by their numbers, which may have a suffix, as pages do."""
    number = id.partition("?")[0]
    return f"gid://shopify/{kind}/{id}" if number.isascii() and number.isdigit() else id


def _compact(product: Product, most_variants: int) -> dict[str, Any]:
    """Return a product as a search tells it."""
    return shown.compact(product, most_variants)


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


def _nothing_matches(highest: Decimal | None, available_only: bool) -> str:
    limits = ["max_price"] * (highest is not None) + ["available_only"] * available_only
    return f"{_NOTHING_MATCHES}, or without {' and '.join(limits)}." if limits else f"{_NOTHING_MATCHES}."


def _affordable(found: Found, highest: Decimal | None, currency: str) -> Found:
    """Return the products without the variants that cost more, as the model reads them: they are told as more
    variants. The cards have them all."""
    if highest is None:
        return found
    return replace(found, products=tuple(_without_dearer(product, highest, currency) for product in found.products))


def _without_dearer(product: Product, highest: Decimal, currency: str) -> Product:
    fitting = tuple(
        variant
        for variant in product.variants
        if (currency and variant.price.currency != currency) or variant.price.major <= highest
    )
    if not fitting or len(fitting) == len(product.variants):
        return product
    return replace(product, variants=fitting, has_more_variants=True)


def change_of(checked: Checked) -> dict[str, Any] | None:
    """Return what a change has changed, under an id to undo it by; None where it cannot be undone: lines with extras,
    such as an engraving, cannot be put back."""
    before, after = checked.before, checked.cart
    if before is None or after is None:
        return None
    was, now = before.quantities(), after.quantities()
    lines = [
        {
            "variant_id": line.variant_id,
            "title": line.title,
            "by": now.get(line.variant_id, 0) - was.get(line.variant_id, 0),
        }
        for line in {line.variant_id: line for line in (*before.lines, *after.lines)}.values()
        if now.get(line.variant_id, 0) != was.get(line.variant_id, 0)
    ]
    changed = {line["variant_id"] for line in lines}
    extras = any(not line.plain for line in before.lines if line.variant_id in changed)
    return {"id": secrets.token_urlsafe(12), "lines": lines} if lines and not extras else None


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


def _proposed_line(line: dict[str, Any]) -> dict[str, Any]:
    """Return a proposed line as the model reads it."""
    return {name: line[name] for name in ("variant_id", "title", "quantity")}


def _cart_outcome(checked: Checked, note: str) -> Outcome:
    cart = checked.cart
    event: dict[str, Any] = {"status": checked.status, "cart": cart.to_dict(secret=False) if cart else None}
    if change := change_of(checked):
        event["change"] = change
    output = {"status": checked.status, "cart": shown.cart_output(cart) if cart else None}
    return Outcome({**output, "note": note} if note else output, events=(("data-cart", event),))
