"""The dialect of 2025 at /api/mcp: JSON in text blocks, prices as decimal strings. Policies are left of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from widget_api.shopify.cart import Cart, Checked, Line, classify, line_name
from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.goods import (
    PRODUCT_ID,
    VARIANT_ID,
    Ability,
    Answer,
    Product,
    Variant,
    product_in,
    products_in,
    refusal,
)
from widget_api.shopify.http import Http
from widget_api.shopify.mcp import Mcp, Result
from widget_api.shopify.money import Money, lowest, major
from widget_api.shopify.ucp import DESCRIPTION, MAX_VARIANTS
from widget_api.shopify.words import prose, words

MAX_ANSWERS = 5


class Legacy:
    """One shop, asked as in 2025."""

    TOOLS: ClassVar[dict[Ability, frozenset[str]]] = {
        "catalogue": frozenset({"search_shop_catalog", "get_product_details"}),
        "cart": frozenset({"get_cart", "update_cart"}),
        "ask": frozenset({"search_shop_policies_and_faqs"}),
    }

    def __init__(self, endpoint: Endpoint, http: Http) -> None:
        self.endpoint = endpoint
        self._mcp = Mcp(endpoint.legacy, http, endpoint.user_agent, endpoint.domain)

    def offers(self, ability: Ability) -> bool:
        """Whether the shop lists all that it takes here. Raises `ShopUnavailable`, `ShopRefused`."""
        return self.TOOLS[ability] <= self._mcp.tools({})

    def forget(self) -> None:
        self._mcp.forget({})

    def search(self, query: str, *, limit: int, highest: Money | None, sold_out: bool) -> list[Product]:
        """Products that match, at most `limit`; with `sold_out` those that cannot be bought at the moment."""
        filters: list[dict[str, Any]] = [{"available": False}] if sold_out else []
        if highest is not None:
            filters.append({"price": {"max": float(highest.major)}})
        arguments = {"query": query, "context": "A shopper asks in the shop's chat.", "limit": limit}
        result = self._call("search_shop_catalog", arguments | ({"filters": filters} if filters else {}))
        return products_in(result, self.endpoint, read_product)

    def product(self, id: str) -> Product:
        """One product. Raises `ShopRefused` when there is none."""
        return product_in(self._call("get_product_details", {"product_id": id}), self.endpoint, read_product)

    def read(self, id: str) -> Checked:
        return self._cart("get_cart", {"cart_id": id}, id)

    def create(self, quantities: Mapping[str, int]) -> Checked:
        """A new cart with so many pieces of each variant."""
        return self._cart("update_cart", {"add_items": _additions(quantities)})

    def write(self, id: str, cart: Cart, changes: Mapping[str, int]) -> Checked:
        """Make it so many pieces of each variant of `changes`. Only what changes is sent."""
        return self._cart("update_cart", {"cart_id": id, **_delta(cart, changes)}, id)

    def ask(self, query: str) -> list[Answer]:
        """What the shop's policies and FAQs say to it."""
        result = self._call("search_shop_policies_and_faqs", {"query": query})
        for payload in result.payloads():
            if isinstance(payload, list):
                return [answer for raw in payload[:MAX_ANSWERS] for answer in _answers(raw)]
        raise refusal(result)

    def _cart(self, tool: str, arguments: dict[str, Any], asked: str = "") -> Checked:
        return classify(self._call(tool, arguments), self._read_cart, asked)

    def _read_cart(self, raw: Mapping[str, Any]) -> Cart:
        return read_cart(raw, self.endpoint)

    def _call(self, tool: str, arguments: dict[str, Any]) -> Result:
        return self._mcp.call(tool, arguments)


def _additions(quantities: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {"product_variant_id": variant, "quantity": quantity} for variant, quantity in quantities.items() if quantity
    ]


def _delta(cart: Cart, changes: Mapping[str, int]) -> dict[str, Any]:
    """The arguments of update_cart that make the changes. A variant in several lines keeps the first."""
    updates, removals, placed = [], [], set()
    for line in cart.lines:
        if line.variant_id in changes:
            quantity = 0 if line.variant_id in placed else changes[line.variant_id]
            placed.add(line.variant_id)
            if quantity:
                updates.append({"id": line.key, "quantity": quantity})
            else:
                removals.append(line.key)
    additions = _additions({variant: many for variant, many in changes.items() if variant not in placed})
    delta = {"add_items": additions, "update_items": updates, "remove_line_ids": removals}
    return {name: entries for name, entries in delta.items() if entries}


def read_product(raw: dict[str, Any], endpoint: Endpoint) -> Product:
    """A product of a search, or of `get_product_details`, which names one variant only."""
    if not PRODUCT_ID.fullmatch(raw["product_id"]):
        raise ValueError("not a product id")
    single = raw.get("selectedOrFirstAvailableVariant")
    raws = raw.get("variants") or ([single] if single else [])
    variants = tuple(_variant(variant, endpoint) for variant in raws[:MAX_VARIANTS])
    prices = raw.get("price_range") or {}
    return Product(
        id=raw["product_id"],
        title=words(raw.get("title")),
        url=endpoint.link(raw.get("url")),
        image=endpoint.link(raw.get("image_url")),
        description=prose(raw.get("description"), DESCRIPTION),
        price=(
            major(prices["min"], prices["currency"])
            if "min" in prices
            else lowest(variant.price for variant in variants)
        ),
        variants=variants,
        available=any(variant.available for variant in variants),
    )


def _variant(raw: dict[str, Any], endpoint: Endpoint) -> Variant:
    if not VARIANT_ID.fullmatch(raw["variant_id"]):
        raise ValueError("not a variant id")
    options = raw.get("selected_options") or []
    return Variant(
        id=raw["variant_id"],
        title=words(raw.get("title")),
        price=major(raw["price"], raw["currency"]),
        available=bool(raw.get("available", True)),
        options=tuple((words(each.get("name"), 60), words(each.get("value"), 100)) for each in options[:5]),
        image=endpoint.link(raw.get("image_url")),
    )


def read_cart(raw: Mapping[str, Any], endpoint: Endpoint) -> Cart:
    """The cart of a legacy answer. Raises `ValueError` and its like for anything else."""
    total = _amount(raw["cost"])
    return Cart(
        lines=tuple(_line(line) for line in raw["lines"]),
        total=total,
        checkout_url=endpoint.link(raw.get("checkout_url")),
        expires_at=words(raw.get("expires_at"), 40),
    )


def _line(raw: Mapping[str, Any]) -> Line:
    merchandise, quantity = raw["merchandise"], raw["quantity"]
    if not VARIANT_ID.fullmatch(merchandise["id"]) or type(quantity) is not int or quantity < 1:
        raise ValueError("not a line")
    total = _amount(raw["cost"])
    names = (words(merchandise["product"]["title"]), words(merchandise.get("title")))
    return Line(
        id=line_name(raw["id"]),
        variant_id=merchandise["id"],
        title=" - ".join(name for name in names if name and name != "Default Title"),
        quantity=quantity,
        price=Money(total.amount // quantity, total.currency),
        total=total,
        key=raw["id"],
    )


def _amount(cost: Mapping[str, Any]) -> Money:
    amount = cost["total_amount"]
    return major(amount["amount"], amount["currency"])


def _answers(raw: object) -> list[Answer]:
    if not isinstance(raw, dict) or not (said := prose(raw.get("answer"))):
        return []
    return [Answer(words(raw.get("question")), said)]
