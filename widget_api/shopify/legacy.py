"""The dialect of 2025 at /api/mcp: JSON in text blocks, prices as decimal strings. Policies are left of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from widget_api.shopify.cart import Cart, Checked, Line, classify, line_name, named_apart, read_quantity, require_few
from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.extras import is_plain, mark_of, read_attributes, read_parent, read_selling_plan
from widget_api.shopify.goods import (
    MAX_VARIANTS,
    MOST_VARIANTS,
    PRODUCT_ID,
    VARIANT_ID,
    Ability,
    Answer,
    Found,
    Product,
    Variant,
    has_more,
    leads_to_stock,
    product_in,
    products_in,
    read_options,
    readable,
    refusal,
)
from widget_api.shopify.http import Http
from widget_api.shopify.lines import Plan
from widget_api.shopify.mcp import Mcp, Result
from widget_api.shopify.money import Money, lowest, major
from widget_api.shopify.selection import Selection, matching_first, read_selection
from widget_api.shopify.ucp import DESCRIPTION
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

    def search(self, query: str, *, limit: int, highest: Money | None, sold_out: bool) -> Found:
        """Products that match, at most `limit`; with `sold_out` those that cannot be bought at the moment."""
        filters: list[dict[str, Any]] = [{"available": False}] if sold_out else []
        if highest is not None:
            filters.append({"price": {"max": float(highest.major)}})
        arguments = {"query": query, "context": "A shopper asks in the shop's chat.", "limit": limit}
        result = self._call("search_shop_catalog", arguments | ({"filters": filters} if filters else {}))
        return products_in(result, self.endpoint, read_product, limit)

    def product(self, id: str, selected: Selection = ()) -> Product:
        """One product with one variant: that of the selection, or the shop's own choice. Raises `ShopRefused` when
        there is none."""
        arguments = {"product_id": id, "options": dict(selected)} if selected else {"product_id": id}
        result = self._call("get_product_details", arguments)
        return product_in(result, self.endpoint, lambda raw, endpoint: read_product(raw, endpoint, selected))

    def read(self, id: str) -> Checked:
        return self._cart("get_cart", {"cart_id": id}, id)

    def create(self, quantities: Mapping[str, int]) -> Checked:
        """A new cart with so many pieces of each variant."""
        return self._cart("update_cart", {"add_items": _additions(quantities.items())})

    def write(self, id: str, plan: Plan) -> Checked:
        """Make the cart's lines those of the plan. Only what changes is sent, so all else stays as it is."""
        return self._cart("update_cart", {"cart_id": id, **_delta(plan)}, id)

    def ask(self, query: str) -> list[Answer]:
        """What the shop's policies and FAQs say to it."""
        result = self._call("search_shop_policies_and_faqs", {"query": query})
        for payload in result.payloads():
            if isinstance(payload, list):
                return [answer for raw in payload[:MAX_ANSWERS] for answer in _answers(raw)]
        raise refusal(result)

    def _cart(self, tool: str, arguments: dict[str, Any], asked: str = "") -> Checked:
        return classify(self._call(tool, arguments), self._read_cart, asked)

    def _read_cart(self, raw: Mapping[str, Any], _: Mapping[str, Any]) -> Cart:
        return read_cart(raw, self.endpoint)

    def _call(self, tool: str, arguments: dict[str, Any]) -> Result:
        return self._mcp.call(tool, arguments)


def _additions(quantities: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"product_variant_id": variant, "quantity": quantity} for variant, quantity in quantities if quantity]


def _delta(plan: Plan) -> dict[str, Any]:
    """The arguments of update_cart that make the changes."""
    changed = [planned for planned in plan.lines if planned.changed]
    kept = [planned for planned in changed if planned.line]
    delta = {
        "add_items": _additions((each.variant_id, each.quantity) for each in changed if not each.line),
        "update_items": [
            {"id": each.line.key, "quantity": each.quantity} for each in kept if each.line and each.quantity
        ],
        "remove_line_ids": [each.line.key for each in kept if each.line and not each.quantity],
    }
    return {name: entries for name, entries in delta.items() if entries}


def read_product(raw: dict[str, Any], endpoint: Endpoint, selected: Selection = ()) -> Product:
    """A product of a search, or of `get_product_details`, which names one variant only."""
    if not PRODUCT_ID.fullmatch(raw["product_id"]):
        raise ValueError("not a product id")
    single = raw.get("selectedOrFirstAvailableVariant")
    raws = raw.get("variants") or ([single] if single else [])
    raws = matching_first(raws[:MOST_VARIANTS], selected, lambda variant: variant.get("selected_options"))
    variants = readable(raws[:MAX_VARIANTS], lambda variant: _variant(variant, endpoint))
    options = read_options(raw.get("options"), variants)
    # The variant that was chosen says what the shop has made of the selection.
    effective = variants[0].options if selected and single and variants else ()
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
        available=any(variant.available for variant in variants) or leads_to_stock(options),
        options=options,
        selected=effective,
        has_more_variants=has_more(len(raws), variants, options, effective),
        price_max=_highest(prices),
    )


def _highest(prices: dict[str, Any]) -> Money | None:
    """Return the top of a price range, or None where the shop does not tell it as a price."""
    try:
        return major(prices["max"], prices["currency"])
    except (ValueError, LookupError):
        return None


def _variant(raw: dict[str, Any], endpoint: Endpoint) -> Variant:
    if not VARIANT_ID.fullmatch(raw["variant_id"]):
        raise ValueError("not a variant id")
    return Variant(
        id=raw["variant_id"],
        title=words(raw.get("title")),
        price=major(raw["price"], raw["currency"]),
        available=bool(raw.get("available", True)),
        options=read_selection(raw.get("selected_options"), "value"),
        image=endpoint.link(raw.get("image_url")),
    )


def read_cart(raw: Mapping[str, Any], endpoint: Endpoint) -> Cart:
    """The cart of a legacy answer. Raises `ValueError` and its like for anything else."""
    total = _amount(raw["cost"])
    return Cart(
        lines=named_apart(_line(line, total.currency) for line in require_few(raw["lines"])),
        total=total,
        checkout_url=endpoint.link(raw.get("checkout_url")),
        expires_at=words(raw.get("expires_at"), 40),
    )


def _line(raw: Mapping[str, Any], currency: str) -> Line:
    """Read a line. Its merchandise may be anything, as a gift card, or not be told.

    Raises `ValueError` and its like for what is no line at all.
    """
    if not raw.keys() & {"merchandise", "quantity"}:
        raise ValueError("not a line")
    merchandise, quantity = raw.get("merchandise") or {}, read_quantity(raw.get("quantity"))
    total = _amount_or_none(raw.get("cost")) or Money(0, currency)
    key = raw["id"] if isinstance(raw.get("id"), str) else ""
    product = merchandise.get("product")
    names = (words((product or {}).get("title")), words(merchandise.get("title")))
    return Line(
        id=line_name(key),
        variant_id=words(merchandise.get("id")),
        title=" - ".join(name for name in names if name and name != "Default Title"),
        quantity=quantity,
        price=Money(total.amount // max(quantity, 1), total.currency),
        total=total,
        key=key,
        attributes=read_attributes(raw),
        selling_plan=read_selling_plan(raw),
        parent_id=line_name(read_parent(raw)),
        plain=is_plain(raw),
        mark=mark_of({name: value for name, value in raw.items() if name not in _COMPUTED}),
        sent=raw,
    )


# What the shop works out for each line, and so does not tell lines apart.
_COMPUTED = frozenset({"id", "quantity", "cost", "merchandise"})


def _amount(cost: Mapping[str, Any]) -> Money:
    amount = cost["total_amount"]
    return major(amount["amount"], amount["currency"])


def _amount_or_none(cost: Any) -> Money | None:
    try:
        return _amount(cost)
    except (ValueError, TypeError, LookupError):
        return None


def _answers(raw: object) -> list[Answer]:
    if not isinstance(raw, dict) or not (said := prose(raw.get("answer"))):
        return []
    return [Answer(words(raw.get("question")), said)]
