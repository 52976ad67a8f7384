"""What the demo knows in the middle of a conversation: all of it from what the shop's tools have answered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from widget_api.llm.answer import dicts, mapping, words
from widget_api.llm.base import Assistant, Call, Entry, Request, Result, Tool, User

# Of a question; nobody who tries the shop says more at once.
LONGEST: Final = 500
_PRICE = re.compile(r"(-?[0-9]{1,15}(?:\.[0-9]{1,4})?) ([A-Z]{3})")


@dataclass(frozen=True, slots=True)
class Price:
    """`amount` as people write it, with all decimals that the currency has."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, value: object) -> Price:
        """Return the price that a tool writes as "4990.00 HUF", or nothing of no currency."""
        found = _PRICE.fullmatch(words(value))
        return cls(Decimal(found[1]), found[2]) if found else NO_PRICE


NO_PRICE = Price(Decimal(0), "")


@dataclass(frozen=True, slots=True)
class Choice:
    """A variant. `values` are those of its options by name."""

    id: str
    title: str
    price: Price
    available: bool
    values: dict[str, str]

    @classmethod
    def of(cls, value: dict[str, Any]) -> Choice:
        return cls(
            words(value.get("id")),
            words(value.get("title")),
            Price.of(value.get("price")),
            bool(value.get("available")),
            {name: words(chosen) for name, chosen in mapping(value.get("options")).items()},
        )


@dataclass(frozen=True, slots=True)
class Item:
    """A product."""

    id: str
    title: str
    description: str
    price: Price
    available: bool
    choices: tuple[Choice, ...]  # maybe not all
    more: bool = False  # whether there are other choices
    # The shop's own list of values, and whether they can be had; None for what is not made.
    offered: dict[str, dict[str, bool | None]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @classmethod
    def of(cls, value: dict[str, Any]) -> Item:
        return cls(
            words(value.get("id")),
            words(value.get("title")),
            words(value.get("description")),
            Price.of(value.get("price")),
            bool(value.get("available")),
            tuple(Choice.of(variant) for variant in dicts(value.get("variants"))),
            bool(value.get("has_more_variants")),
            {words(option.get("name")): _values(option) for option in dicts(value.get("options"))},
            tuple(notice for notice in value.get("notices") or () if isinstance(notice, str)),
        )

    def joined(self, earlier: Item | None) -> Item:
        """The item with the choices that were shown of it earlier: an answer for one selection takes none back."""
        if earlier is None:
            return self
        own = {choice.id for choice in self.choices}
        kept = tuple(choice for choice in earlier.choices if choice.id not in own)
        return replace(self, choices=(*self.choices, *kept))

    def options(self) -> dict[str, dict[str, bool]]:
        """Each option's values, and whether there is anything to buy of them."""
        found = {
            name: {value: there for value, there in values.items() if there is not None}
            for name, values in self.offered.items()
        }
        for choice in self.choices:
            for name, value in choice.values.items():
                values = found.setdefault(name, {})
                values[value] = values.get(value, False) or choice.available
        return {name: values for name, values in found.items() if list(values) != ["Default Title"]}


def _values(option: dict[str, Any]) -> dict[str, bool | None]:
    """The values of an option, and whether they can be had; None for those that are not made."""
    values = dicts(option.get("values"))
    return {words(each.get("label")): bool(each.get("available")) if each.get("exists") else None for each in values}


@dataclass(frozen=True, slots=True)
class CartLine:
    """A number of pieces of one variant. `details` are what sets it apart, as "Engraving: Anna"."""

    variant_id: str
    title: str
    quantity: int
    total: Price
    id: str = ""
    details: tuple[str, ...] = ()
    amount: str = ""  # of goods that are sold by measure

    @property
    def name(self) -> str:
        return f"{self.title} ({', '.join(self.details)})" if self.details else self.title

    @classmethod
    def of(cls, value: dict[str, Any]) -> CartLine:
        details = [
            f"{words(each.get('name'))}: {words(each.get('value'))}" for each in dicts(value.get("attributes"))
        ]
        return cls(
            words(value.get("variant_id")),
            words(value.get("title")),
            value["quantity"] if isinstance(value.get("quantity"), int) else 0,
            Price.of(value.get("total")),
            words(value.get("id")),
            tuple(filter(None, [*details, words(value.get("selling_plan"))])),
            words(value.get("quantity_text")),
        )


@dataclass(frozen=True, slots=True)
class Cart:
    """A cart as the tools show it."""

    lines: tuple[CartLine, ...] = ()
    total: Price = NO_PRICE

    @classmethod
    def of(cls, value: object) -> Cart:
        lines = (CartLine.of(line) for line in dicts(mapping(value).get("lines")))
        return cls(tuple(lines), Price.of(mapping(value).get("total")))

    def quantity(self, variant_id: str) -> int:
        return sum(line.quantity for line in self.lines if line.variant_id == variant_id)


@dataclass(slots=True)
class Known:
    """The conversation so far, as rules need it."""

    text: str = ""  # what the shopper said last
    tools: dict[str, Tool] = field(default_factory=dict)  # what may be called now
    asked: str = ""  # what we said before that
    page: str = ""  # the title of the product page that the shopper is on
    shown: tuple[Item, ...] = ()  # the list of products that was shown last
    before: frozenset[str] = frozenset()  # the ids of all products shown before this turn began
    items: dict[str, Item] = field(default_factory=dict)  # all products by id, the newest last
    focus: Item | None = None  # the one product that was last spoken of
    query: str = ""  # what the catalogue was last asked for
    changed: dict[str, int] = field(default_factory=dict)  # the quantities that the cart was last asked to have
    again: bool = False  # whether it had been asked for them before
    turn: dict[str, Any] = field(default_factory=dict)  # this turn's outputs by the tool's name, the last of each
    calls: dict[str, Call] = field(default_factory=dict)  # all calls by id
    looked: list[Any] = field(default_factory=list)  # the selections that this turn has asked a product for

    @classmethod
    def of(cls, request: Request) -> Known:
        """What `request` tells."""
        known = cls(tools={tool.name: tool for tool in request.tools if request.tool_choice != "none"})
        for entry in request.messages:
            known._take(entry)
        return known

    @property
    def cart(self) -> Cart | None:
        """The cart as this turn's tools have shown it."""
        output = self.turn.get("update_cart", self.turn.get("get_cart"))
        return None if output is None else Cart.of(mapping(output).get("cart"))

    @property
    def error(self) -> str:
        """What has gone wrong with a tool of this turn."""
        for output in map(mapping, self.turn.values()):
            if said := words(output.get("error")):
                return said
            if output.get("status") == "unknown":
                return "The cart cannot be read just now, so I left it as it is."
        return ""

    def can(self, tool: str) -> bool:
        """Whether `tool` may be called and has not answered in this turn."""
        return tool in self.tools and tool not in self.turn

    def takes(self, tool: str, field: str) -> bool:
        """Whether `tool` has an input of that name."""
        return tool in self.tools and field in mapping(self.tools[tool].parameters.get("properties"))

    def _take(self, entry: Entry) -> None:
        match entry:
            case User():
                self.text, self.turn, self.before, self.looked = entry.text[:LONGEST], {}, frozenset(self.items), []
                self.page = entry.page.get("title", "") if entry.page.get("type") == "product" else ""
            case Assistant():
                self.asked = entry.text or self.asked
                self.calls.update({call.id: call for call in entry.calls})
            case Result():
                self._learn(entry)

    def _learn(self, result: Result) -> None:
        self.turn[result.name] = {"error": words(result.output)} if _is_error(result) else result.output
        output = mapping(result.output)
        call = self.calls.get(result.call_id)
        asked = (call.input or {}) if call else {}
        if "products" in output:
            self.query = words(asked.get("query")) or self.query
            self._see_list([Item.of(product) for product in dicts(output["products"])])
        elif "product" in output:
            self._see_one(Item.of(mapping(output["product"])))
        if result.name == "get_product":
            self.looked.append(asked.get("selected") or [])
        if lines := dicts(asked.get("lines")):
            changed = {words(line.get("variant_id")): int(line.get("quantity") or 0) for line in lines}
            self.again = changed.keys() <= self.changed.keys()
            self.changed = changed
            self.focus = self._with_variant(next(iter(self.changed))) or self.focus

    def _see_list(self, items: list[Item]) -> None:
        self.shown = tuple(items)
        self.focus = items[0] if len(items) == 1 else None
        for item in items:
            self.items[item.id] = item.joined(self.items.pop(item.id, None))

    def _see_one(self, item: Item) -> None:
        item = item.joined(self.items.get(item.id))
        self.focus = item
        self.items[item.id] = item
        known = any(item.id == each.id for each in self.shown)
        self.shown = tuple(item if item.id == each.id else each for each in self.shown) if known else (item,)

    def _with_variant(self, id: str) -> Item | None:
        return next((item for item in self.items.values() if id in {choice.id for choice in item.choices}), None)


def _is_error(result: Result) -> bool:
    return result.error and isinstance(result.output, str)
