"""The dialect of today: UCP at /api/ucp/mcp (dev.ucp.shopping, 2026-04-08), with prices in minor units."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from widget_api.problems import ShopRefused
from widget_api.shopify.availability import is_available, status_of
from widget_api.shopify.cart import Cart, Checked, classify
from widget_api.shopify.endpoint import Endpoint
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
from widget_api.shopify.mcp import InvalidArguments, Result
from widget_api.shopify.money import Money, lowest, minor
from widget_api.shopify.negotiation import DRAFT, NOT_OFFERED, UcpClient
from widget_api.shopify.refusals import AgentRefused
from widget_api.shopify.selection import (
    Selection,
    matching_first,
    read_selection,
    selection_to_list,
    spell_selection,
)
from widget_api.shopify.ucp_cart import keep_defined, make_update, new_line_item, read_cart
from widget_api.shopify.words import plain, prose, words

__all__ = ["Ucp", "read_cart", "read_product"]

DESCRIPTION = 1500
# Shopify has at most so many pictures of a product, and so many links belong to an answer.
MAX_MEDIA: Final = 250
MAX_LINKS: Final = 20
# Recorded of Shopify: "object property at /cart/id is a disallowed additional property". The other words are those
# of the usual validators of JSON.
_TOO_MUCH = re.compile(
    r"\b(?:additional|unexpected|unknown|unrecogni[sz]ed|unevaluated|unsupported|extra)"
    r"\s+(?:propert(?:y|ies)|fields?|keys?(?:\(s\))?|members?|inputs?|attributes?|arguments?|parameters?)"
    r"|\bwas unexpected\b|\bnot (?:defined|declared) in the schema\b",
    re.IGNORECASE,
)
_NO_ANSWER: Final = frozenset({"not_found", "no_answer", "no_results", "no_match"})


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

    def search(self, query: str, *, limit: int, highest: Money | None, sold_out: bool) -> Found:
        """Products that match, at most `limit`; with `sold_out` those that cannot be bought at the moment."""
        filters: dict[str, Any] = {}
        if highest is not None:
            filters["price"] = {"max": highest.amount}
        # The shop's default is what can be bought; True need not be said.
        if sold_out:
            filters["available"] = False
        catalog = {"query": query, "pagination": {"limit": limit}, "filters": filters}
        result = self._call("search_catalog", {"catalog": self._in_context(catalog)})
        return products_in(result, self.endpoint, read_product, limit)

    def product(self, id: str, selected: Selection = ()) -> Product:
        """One product with the variants that match the selection, or the shop's own choice of them. The shop may let
        go of what cannot be had. Raises `ShopRefused` when there is no such product."""
        product, raw = self._product(id, selected)
        spelling = spell_selection(selected, raw.get("options"))
        return product if spelling == selected else self._product(id, spelling)[0]

    def _product(self, id: str, selected: Selection) -> tuple[Product, dict[str, Any]]:
        """The product, and what it was read from."""
        raws: list[dict[str, Any]] = []

        def read(raw: dict[str, Any], endpoint: Endpoint) -> Product:
            raws.append(raw)
            return read_product(raw, endpoint, selected)

        catalog = self._in_context({"id": id, "selected": selection_to_list(selected)})
        return product_in(self._call("get_product", {"catalog": catalog}), self.endpoint, read), raws[-1]

    def read(self, id: str) -> Checked:
        return self._cart("get_cart", {"id": id}, id)

    def create(self, quantities: Mapping[str, int]) -> Checked:
        """A new cart with so many pieces of each variant."""
        lines = [new_line_item(variant, quantity) for variant, quantity in quantities.items()]
        return self._cart("create_cart", {"cart": self._in_context({"line_items": lines})})

    def write(self, id: str, plan: Plan) -> Checked:
        """Make the cart's lines those of the plan. All else that the shop sent goes back with them."""
        request = make_update(plan, self.endpoint.context)
        try:
            return self._cart("update_cart", {"id": id, "cart": request}, id)
        except ShopRefused as exc:
            # The shop has looked at the form alone, and has done nothing.
            smaller = keep_defined(request)
            reason = exc.reason if isinstance(exc, InvalidArguments) else exc.detail
            if not _TOO_MUCH.search(reason) or smaller == request:
                raise
            return self._cart("update_cart", {"id": id, "cart": smaller}, id)

    def ask(self, query: str) -> list[Answer]:
        """Return the shop's own answer to a question about itself, or nothing when it has none.

        Raises `ShopRefused` when it says why there is none.
        """
        try:
            result = self._asking.call("ask", "ask_business", {"ask": self._in_context({"query": query})})
        except AgentRefused as exc:
            if exc.refusal.code in NOT_OFFERED:
                return []  # the list of tools said otherwise
            raise
        for payload in result.payloads():
            for answer in _answers(query, payload, self.endpoint):
                return [answer]
            if _has_no_answer(payload):
                return []
        raise refusal(result)

    def _cart(self, tool: str, arguments: dict[str, Any], asked: str = "") -> Checked:
        return classify(self._shopping.call("cart", tool, arguments), self._read_cart, asked)

    def _read_cart(self, raw: Mapping[str, Any], answer: Mapping[str, Any]) -> Cart:
        return read_cart(raw, self.endpoint, answer)

    def _call(self, tool: str, arguments: dict[str, Any]) -> Result:
        return self._shopping.call("catalogue", tool, arguments)

    def _in_context(self, request: dict[str, Any]) -> dict[str, Any]:
        """`request` with what the shop should know of the shopper, and without what is empty."""
        request = {**request, "context": self.endpoint.context}
        return {name: value for name, value in request.items() if value not in ({}, [])}


def read_product(raw: dict[str, Any], endpoint: Endpoint, selected: Selection = ()) -> Product:
    """Return the product of an answer, the variants that fit `selected` first. Raises `ValueError` and its like."""
    if not PRODUCT_ID.fullmatch(raw["id"]):
        raise ValueError("not a product id")
    raws = matching_first((raw.get("variants") or [])[:MOST_VARIANTS], selected, _options_of)
    variants = readable(raws[:MAX_VARIANTS], lambda variant: _variant(variant, endpoint))
    options = read_options(raw.get("options"), variants)
    effective = read_selection(raw.get("selected"))
    handle, prices = raw.get("handle"), raw.get("price_range") or {}
    return Product(
        id=raw["id"],
        title=words(raw.get("title")),
        url=endpoint.link(raw.get("url") or (f"/products/{handle}" if handle else "")),
        image=_image(raw, endpoint) or next((variant.image for variant in variants if variant.image), ""),
        description=_text(raw.get("description"), DESCRIPTION),
        price=_price(prices["min"]) if "min" in prices else lowest(variant.price for variant in variants),
        variants=variants,
        available=any(variant.available for variant in variants) or leads_to_stock(options),
        options=options,
        selected=effective,
        has_more_variants=has_more(len(raws), variants, options, effective),
        price_max=_price_or_none(prices.get("max")),
    )


def _options_of(raw: dict[str, Any]) -> object:
    return raw.get("options") or raw.get("selected_options")


def _variant(raw: dict[str, Any], endpoint: Endpoint) -> Variant:
    if not VARIANT_ID.fullmatch(raw["id"]):
        raise ValueError("not a variant id")
    listed = raw.get("list_price")
    return Variant(
        id=raw["id"],
        title=words(raw.get("title")),
        price=_price(raw["price"]),
        available=is_available(raw.get("availability")),
        compare_at=_price(listed) if listed else None,
        options=read_selection(_options_of(raw)),
        image=_image(raw, endpoint),
        status=status_of(raw.get("availability")),
    )


def _price(raw: dict[str, Any]) -> Money:
    return minor(raw["amount"], raw["currency"])


def _price_or_none(raw: object) -> Money | None:
    try:
        return _price(raw) if isinstance(raw, dict) else None
    except (ValueError, LookupError):
        return None


def _image(raw: dict[str, Any], endpoint: Endpoint) -> str:
    for medium in list(raw.get("media") or ())[:MAX_MEDIA]:
        address = medium.get("url") if isinstance(medium, dict) and medium.get("type", "image") == "image" else None
        if url := endpoint.link(address):
            return url
    return ""


def _text(raw: object, limit: int) -> str:
    """UCP's description: any of `plain`, `markdown` and `html`."""
    if not isinstance(raw, dict):
        return prose(raw, limit)
    return prose(raw.get("plain") or raw.get("markdown"), limit) or plain(raw.get("html"), limit)


def _has_no_answer(payload: object) -> bool:
    """Return whether an answer without a text says that the shop knows none, and not that something went wrong."""
    if not isinstance(payload, dict):
        return False
    messages = payload.get("messages")
    entries = [each for each in (messages if isinstance(messages, list) else []) if isinstance(each, dict)]
    codes = {str(each.get("code", "")).lower() for each in entries}
    failures = {str(each.get("code", "")).lower() for each in entries if each.get("type", "error") == "error"}
    return failures <= _NO_ANSWER and ("answer" in payload or bool(codes & _NO_ANSWER))


def _answers(query: str, payload: object, endpoint: Endpoint) -> Iterator[Answer]:
    if not isinstance(payload, dict):
        return
    if said := _text(payload.get("answer"), DESCRIPTION):
        links = [endpoint.link(link.get("url")) for link in _links(payload)]
        yield Answer(query, said, tuple(filter(None, links)))


def _links(payload: dict[str, Any]) -> list[dict[str, Any]]:
    links = payload.get("links")
    return [link for link in (links if isinstance(links, list) else [])[:MAX_LINKS] if isinstance(link, dict)]
