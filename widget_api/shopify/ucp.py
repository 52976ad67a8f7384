"""The dialect of today: UCP at /api/ucp/mcp (dev.ucp.shopping, 2026-04-08), with prices in minor units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from widget_api.shopify.cart import Cart, Checked, Line, Total, classify, line_name
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
from widget_api.shopify.mcp import Result
from widget_api.shopify.money import Money, lowest, minor
from widget_api.shopify.negotiation import DRAFT, NOT_OFFERED, UcpClient
from widget_api.shopify.refusals import AgentRefused
from widget_api.shopify.words import plain, prose, words

MAX_VARIANTS = 100
MAX_TOTALS = 20
DESCRIPTION = 1500


class Ucp:
    """One shop, asked in UCP."""

    TOOLS: ClassVar[dict[Ability, frozenset[str]]] = {
        "catalogue": frozenset({"search_catalog", "get_product"}),
        "cart": frozenset({"create_cart", "get_cart", "update_cart"}),
        "ask": frozenset({"ask_business"}),
    }

    def __init__(self, endpoint: Endpoint, http: Http) -> None:
        self.endpoint = endpoint
        self._shopping = UcpClient(endpoint, http)
        # Asking the business is in no dated version of UCP: it has a profile of its own, and so a list of tools.
        self._asking = UcpClient(endpoint, http, (DRAFT,))

    def offers(self, ability: Ability) -> bool:
        """Whether the shop lists all that it takes here. Raises `ShopUnavailable`, `ShopRefused`."""
        if ability != "ask":
            return self.TOOLS[ability] <= self._shopping.tools(ability)
        try:
            return self.TOOLS[ability] <= self._asking.tools(ability)
        except AgentRefused as exc:
            if exc.refusal.code in NOT_OFFERED:
                return False
            raise

    def forget(self) -> None:
        self._shopping.forget()
        self._asking.forget()

    def search(self, query: str, *, limit: int, highest: Money | None, sold_out: bool) -> list[Product]:
        """Products that match, at most `limit`; with `sold_out` those that cannot be bought at the moment."""
        filters: dict[str, Any] = {}
        if highest is not None:
            filters["price"] = {"max": highest.amount}
        # The shop's default is what can be bought; True need not be said.
        if sold_out:
            filters["available"] = False
        catalog = {"query": query, "pagination": {"limit": limit}, "filters": filters}
        result = self._call("search_catalog", {"catalog": self._in_context(catalog)})
        return products_in(result, self.endpoint, read_product)

    def product(self, id: str) -> Product:
        """One product with all its variants. Raises `ShopRefused` when there is none."""
        result = self._call("get_product", {"catalog": self._in_context({"id": id})})
        return product_in(result, self.endpoint, read_product)

    def read(self, id: str) -> Checked:
        return self._cart("get_cart", {"id": id}, id)

    def create(self, quantities: Mapping[str, int]) -> Checked:
        """A new cart with so many pieces of each variant."""
        lines = [_item(variant, quantity) for variant, quantity in quantities.items()]
        return self._cart("create_cart", {"cart": self._in_context({"line_items": lines})})

    def write(self, id: str, cart: Cart, changes: Mapping[str, int]) -> Checked:
        """Make it so many pieces of each variant of `changes`, and all the rest as it is in `cart`.

        UCP's update replaces the whole cart, so every line is sent, by its id, and what is not sent is gone.
        """
        lines = list(_replacement(cart, changes))
        return self._cart("update_cart", {"id": id, "cart": {"line_items": lines}}, id)

    def ask(self, query: str) -> list[Answer]:
        """The shop's own answer to a question about itself. Raises `ShopRefused` when it says why there is none."""
        result = self._asking.call("ask", "ask_business", {"ask": self._in_context({"query": query})})
        for payload in result.payloads():
            for answer in _answers(query, payload, self.endpoint):
                return [answer]
        raise refusal(result)

    def _cart(self, tool: str, arguments: dict[str, Any], asked: str = "") -> Checked:
        return classify(self._shopping.call("cart", tool, arguments), self._read_cart, asked)

    def _read_cart(self, raw: Mapping[str, Any]) -> Cart:
        return read_cart(raw, self.endpoint)

    def _call(self, tool: str, arguments: dict[str, Any]) -> Result:
        return self._shopping.call("catalogue", tool, arguments)

    def _in_context(self, request: dict[str, Any]) -> dict[str, Any]:
        """`request` with what the shop should know of the shopper, and without what is empty."""
        request = {**request, "context": self.endpoint.context}
        return {name: value for name, value in request.items() if value != {}}


def _item(variant: str, quantity: int, key: str = "") -> dict[str, Any]:
    item: dict[str, Any] = {"item": {"id": variant}, "quantity": quantity}
    return {"id": key, **item} if key else item


def _replacement(cart: Cart, changes: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    """All lines of the cart after the changes. A variant that stands in several lines keeps the first."""
    placed: set[str] = set()
    for line in cart.lines:
        quantity = changes.get(line.variant_id, line.quantity)
        if line.variant_id in changes and line.variant_id in placed:
            quantity = 0
        placed.add(line.variant_id)
        if quantity:
            yield _item(line.variant_id, quantity, line.key)
    for variant, quantity in changes.items():
        if quantity and variant not in placed:
            yield _item(variant, quantity)


def read_product(raw: dict[str, Any], endpoint: Endpoint) -> Product:
    if not PRODUCT_ID.fullmatch(raw["id"]):
        raise ValueError("not a product id")
    variants = [_variant(variant, endpoint) for variant in (raw.get("variants") or [])[:MAX_VARIANTS]]
    handle, prices = raw.get("handle"), raw.get("price_range") or {}
    return Product(
        id=raw["id"],
        title=words(raw.get("title")),
        url=endpoint.link(raw.get("url") or (f"/products/{handle}" if handle else "")),
        image=_image(raw, endpoint) or next((variant.image for variant in variants if variant.image), ""),
        description=_text(raw.get("description"), DESCRIPTION),
        price=_price(prices["min"]) if "min" in prices else lowest(variant.price for variant in variants),
        variants=tuple(variants),
        available=any(variant.available for variant in variants),
    )


def _variant(raw: dict[str, Any], endpoint: Endpoint) -> Variant:
    if not VARIANT_ID.fullmatch(raw["id"]):
        raise ValueError("not a variant id")
    options = raw.get("options") or raw.get("selected_options") or []
    listed = raw.get("list_price")
    return Variant(
        id=raw["id"],
        title=words(raw.get("title")),
        price=_price(raw["price"]),
        available=bool((raw.get("availability") or {}).get("available", True)),
        compare_at=_price(listed) if listed else None,
        options=tuple((words(each.get("name"), 60), words(each.get("label"), 100)) for each in options[:5]),
        image=_image(raw, endpoint),
    )


def _price(raw: dict[str, Any]) -> Money:
    return minor(raw["amount"], raw["currency"])


def _image(raw: dict[str, Any], endpoint: Endpoint) -> str:
    for medium in raw.get("media") or ():
        if medium.get("type", "image") == "image" and (url := endpoint.link(medium.get("url"))):
            return url
    return ""


def _text(raw: object, limit: int) -> str:
    """UCP's description: any of `plain`, `markdown` and `html`."""
    if not isinstance(raw, dict):
        return prose(raw, limit)
    return prose(raw.get("plain") or raw.get("markdown"), limit) or plain(raw.get("html"), limit)


def read_cart(raw: Mapping[str, Any], endpoint: Endpoint) -> Cart:
    """The cart of a UCP answer. Raises `ValueError` and its like for anything else."""
    currency = raw["currency"]
    lines = tuple(_line(line, currency) for line in raw["line_items"])
    total = _total(raw.get("totals"), currency)
    return Cart(
        lines=lines,
        total=total if total is not None else Money(sum(line.total.amount for line in lines), currency),
        checkout_url=endpoint.link(raw.get("continue_url")),
        expires_at=words(raw.get("expires_at"), 40),
        totals=tuple(_totals(raw.get("totals"), currency)),
    )


def _line(raw: Mapping[str, Any], currency: object) -> Line:
    item, quantity = raw["item"], minor(raw["quantity"], currency).amount
    if not VARIANT_ID.fullmatch(item["id"]) or quantity < 0:
        raise ValueError("not a line")
    price = minor(item["price"], currency)
    total = _total(raw.get("totals"), currency)
    return Line(
        id=line_name(raw["id"]),
        variant_id=item["id"],
        title=words(item.get("title")),
        quantity=quantity,
        price=price,
        total=total if total is not None else price * quantity,
        key=raw["id"],
    )


def _total(raw: object, currency: object) -> Money | None:
    """The entry of type "total", else "subtotal"."""
    amounts = {str(entry.get("type")): entry.get("amount") for entry in _entries(raw)}
    amount = amounts.get("total", amounts.get("subtotal"))
    return None if amount is None else minor(amount, currency)


def _totals(raw: object, currency: object) -> Iterator[Total]:
    """Yield all entries that have an amount, in the shop's order."""
    for entry in _entries(raw)[:MAX_TOTALS]:
        text = words(entry.get("display_text"), 100)
        with suppress(ValueError, LookupError):
            yield Total(words(entry["type"], 40), text, minor(entry["amount"], currency))


def _entries(raw: object) -> list[dict[str, Any]]:
    return [entry for entry in raw if isinstance(entry, dict)] if isinstance(raw, list) else []


def _answers(query: str, payload: object, endpoint: Endpoint) -> Iterator[Answer]:
    if not isinstance(payload, dict):
        return
    if said := _text(payload.get("answer"), DESCRIPTION):
        links = [endpoint.link(link.get("url")) for link in payload.get("links") or () if isinstance(link, dict)]
        yield Answer(query, said, tuple(filter(None, links)))
