"""Shops that stand in for others: their own goods, told as UCP has it, and carts that live as long as they do."""

from __future__ import annotations

import itertools
import re
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tests.shop_server import POLICIES, UCP_TOOLS, Answer, Json, shop_server, text_result, ucp_result

CURRENCY: Final = "EUR"
VERSION: Final = "2026-04-08"


@dataclass(frozen=True, slots=True)
class Good:
    """A product. `price` is in cents; `options` are its values by name; `sold_out` names variants by their titles."""

    number: int
    title: str
    price: int
    text: str
    tags: str
    options: dict[str, list[str]] = field(default_factory=dict)
    sold_out: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"gid://shopify/Product/{9000 + self.number}"

    @property
    def variants(self) -> list[Json]:
        """All variants, in the order of their options."""
        combined = list(itertools.product(*self.options.values())) if self.options else [("Default Title",)]
        return [self._variant(place, values) for place, values in enumerate(combined)]

    def _variant(self, place: int, values: Sequence[str]) -> Json:
        title = " / ".join(values)
        return {
            "id": f"gid://shopify/ProductVariant/{(9000 + self.number) * 100 + place}",
            "title": title,
            "price": {"amount": self.price, "currency": CURRENCY},
            "availability": {"available": title not in self.sold_out},
            "options": [{"name": name, "label": value} for name, value in zip(self.options, values, strict=False)],
        }

    def shown(self, base: str, wanted: Sequence[Json] = ()) -> Json:
        """Return the product with the variants of the selection; of the first value of each option without one."""
        first = [{"name": name, "label": values[0]} for name, values in self.options.items()]
        selected = [each for each in wanted if each["label"] in self.options.get(each["name"], ())] or first
        price = {"amount": self.price, "currency": CURRENCY}
        return {
            "id": self.id,
            "handle": self.title.lower().replace(" ", "-"),
            "title": self.title,
            "description": {"plain": self.text},
            "url": f"{base}/products/{self.title.lower().replace(' ', '-')}",
            "price_range": {"min": price, "max": price},
            "media": [],
            "options": [self._option(name, selected) for name in self.options],
            "selected": selected,
            "variants": self._matching(selected),
        }

    def _matching(self, selected: Sequence[Json]) -> list[Json]:
        return [variant for variant in self.variants if all(each in variant["options"] for each in selected)]

    def _option(self, name: str, selected: Sequence[Json]) -> Json:
        others = [each for each in selected if each["name"] != name]
        values = []
        for label in self.options[name]:
            matching = self._matching([*others, {"name": name, "label": label}])
            stocked = any(variant["availability"]["available"] for variant in matching)
            values.append({"label": label, "available": stocked, "exists": bool(matching)})
        return {"name": name, "values": values}


class StandIn:
    """A shop's answers. `goods` and `faq` are as in `shops.toml`."""

    def __init__(self, goods: Sequence[Json], faq: Sequence[Sequence[str]], options: dict[str, list[str]]) -> None:
        self.base = ""
        self._goods = [
            Good(number, options=options, sold_out=tuple(raw.pop("sold_out", ())), **raw)
            for number, raw in enumerate(map(dict, goods))
        ]
        self._faq = [(question, answer) for question, answer in faq]
        self._variants = {variant["id"]: (good, variant) for good in self._goods for variant in good.variants}
        self._carts: dict[str, list[Json]] = {}
        self._lock = threading.Lock()

    def search(self, message: Json) -> Answer:
        catalog = _arguments(message)["catalog"]
        found = self._ranked(catalog.get("query", ""))
        highest = catalog.get("filters", {}).get("price", {}).get("max")
        kept = [good for good in found if highest is None or good.price <= highest]
        limit = catalog.get("pagination", {}).get("limit", 10)
        return ucp_result({"ucp": {"version": VERSION}, "products": [each.shown(self.base) for each in kept[:limit]]})

    def product(self, message: Json) -> Answer:
        catalog = _arguments(message)["catalog"]
        found = next((each for each in self._goods if each.id == catalog["id"]), None)
        if found is None:
            content = {"type": "error", "code": "not_found", "content": "Product not found"}
            return ucp_result({"ucp": {"version": VERSION, "status": "error"}, "messages": [content]})
        return ucp_result(
            {"ucp": {"version": VERSION}, "product": found.shown(self.base, catalog.get("selected", ()))}
        )

    def create_cart(self, message: Json) -> Answer:
        made = f"gid://shopify/Cart/{uuid.uuid4().hex}?key={uuid.uuid4().hex}"
        return self._put(made, _arguments(message)["cart"]["line_items"])

    def update_cart(self, message: Json) -> Answer:
        arguments = _arguments(message)
        return self._put(arguments["id"], arguments["cart"]["line_items"])

    def get_cart(self, message: Json) -> Answer:
        return self._shown(_arguments(message)["id"])

    def answer(self, message: Json) -> Answer:
        words = _stems(_arguments(message)["query"])
        found = [
            {"question": question, "answer": answer}
            for question, answer in self._faq
            if words & _stems(f"{question} {answer}")
        ]
        return text_result(found)

    def _ranked(self, query: str) -> list[Good]:
        words = _stems(query)
        scores = [(len(words & _stems(f"{good.title} {good.tags} {good.text}")), good) for good in self._goods]
        return [good for score, good in sorted(scores, key=lambda each: -each[0]) if score]

    def _put(self, id: str, items: Sequence[Json]) -> Answer:
        with self._lock:
            self._carts[id] = [
                {
                    **item,
                    "id": item.get("id") or f"gid://shopify/CartLine/{uuid.uuid4().hex}",
                    "item": {"id": item["item"]["id"], **self._named(item["item"]["id"])},
                }
                for item in items
                if item["quantity"]
            ]
        return self._shown(id)

    def _named(self, variant: str) -> Json:
        good, told = self._variants[variant]
        alone = told["title"] == "Default Title"
        return {"title": good.title if alone else f"{good.title} - {told['title']}", "price": good.price}

    def _shown(self, id: str) -> Answer:
        lines = [
            {**line, "totals": [{"type": "total", "amount": line["quantity"] * line["item"]["price"]}]}
            for line in self._carts.get(id, ())
        ]
        total = sum(line["totals"][0]["amount"] for line in lines)
        return ucp_result(
            {
                "ucp": {"version": VERSION, "status": "success"},
                "id": id,
                "line_items": lines,
                "currency": CURRENCY,
                "totals": [{"type": "subtotal", "amount": total}, {"type": "total", "amount": total}],
                "messages": [],
            }
        )


@contextmanager
def running(raw: Json) -> Iterator[str]:
    """Yield the address of a stand-in for the block. `raw` is its table of `shops.toml`."""
    with shop_server(ucp=UCP_TOOLS, legacy=(POLICIES,)) as server:
        shop = StandIn(raw["goods"], raw["faq"], raw.get("options", {}))
        shop.base = server.url
        server.script |= {
            "search_catalog": shop.search,
            "get_product": shop.product,
            "create_cart": shop.create_cart,
            "update_cart": shop.update_cart,
            "get_cart": shop.get_cart,
            POLICIES: shop.answer,
        }
        yield server.url


def _arguments(message: Json) -> dict[str, Any]:
    return dict(message["params"]["arguments"])


def _stems(text: str) -> set[str]:
    return {word.rstrip("s") for word in re.findall(r"[a-zäöüßéèàç-]{3,}", text.casefold())}
