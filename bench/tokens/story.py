"""The same ten turns in every shop, as a model that uses its tools well goes through them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

# Ids in the results of earlier commits, which may end in the middle of their JSON.
_FULL_ID = re.compile(r"gid://shopify/(Product|ProductVariant)/[0-9]+")


@dataclass
class Seen:
    """The ids of the newest result, as it told them; one without ids leaves them as they were."""

    products: list[str] = field(default_factory=list)
    variants: list[str] = field(default_factory=list)

    def learn(self, messages: Sequence[Json]) -> None:
        """Read the results behind the newest question."""
        for message in messages:
            if message["role"] == "tool":
                self._read(message["content"])

    def _read(self, text: str) -> None:
        products, variants = _full_ids(text) if _FULL_ID.search(text) else _bare_ids(json.loads(text))
        self.products = list(dict.fromkeys(products)) or self.products
        self.variants = list(dict.fromkeys(variants)) or self.variants


def _full_ids(text: str) -> tuple[list[str], list[str]]:
    told = list(_FULL_ID.finditer(text))
    products = [each[0] for each in told if each[1] == "Product"]
    return products, [each[0] for each in told if each[1] == "ProductVariant"]


def _bare_ids(result: Json) -> tuple[list[str], list[str]]:
    products = result.get("products") or [each for each in [result.get("product")] if each]
    return [each["id"] for each in products], [each["id"] for product in products for each in product["variants"]]


@dataclass(frozen=True)
class Turn:
    """A question, the path of the page that it is asked on, the call that is made for it, and the answer."""

    question: str
    path: str
    answer: str
    tool: str = ""
    input: Callable[[Seen], Json] = lambda _: {}


def story(things: Sequence[str]) -> list[Turn]:
    """Return the turns, for three kinds of things that the shop has."""
    first, second, third = things

    def search(thing: str) -> Callable[[Seen], Json]:
        return lambda _: {"query": thing}

    def look(place: int) -> Callable[[Seen], Json]:
        return lambda seen: {"id": seen.products[place]}

    def put(quantity: int) -> Callable[[Seen], Json]:
        line = {"quantity": quantity}
        return lambda seen: {
            "lines": [{"variant_id": seen.variants[0], **line}],
        }

    return [
        Turn(f"Hi! Do you have a warm {first} for a walk in the snow?", "/", _LIST, "search_catalog", search(first)),
        Turn(f"And is there a {second} that goes with it?", "/", _LIST, "search_catalog", search(second)),
        Turn("What is the second one made of?", "/collections/all", _MADE, "get_product", look(1)),
        Turn("Which of the two would you take yourself?", "/collections/all", _ADVICE),
        Turn("Then put that one in my cart, please.", "/collections/all", _PUT, "update_cart", put(1)),
        Turn(
            "Can I send it back if it does not fit?",
            "/cart",
            _RETURNS,
            "search_shop_policies_and_faqs",
            lambda _: {"query": "returns"},
        ),
        Turn(f"I also need a {third} for my brother.", "/", _LIST, "search_catalog", search(third)),
        Turn("Tell me more about the first.", "/", _MADE, "get_product", look(0)),
        Turn("Two of those as well, please.", "/", _PUT, "update_cart", put(2)),
        Turn("Thank you, that was it for today!", "/cart", _BYE),
    ]


_LIST = (
    "Yes, we have some. The first one is the warmest of them and the one that most people take; the second is "
    "lighter and packs small. Is it for cold days, or for every day?"
)
_MADE = "It is made of a soft merino blend, keeps its warmth when it is wet, and may be washed at 30 degrees."
_ADVICE = "I would take the second one: it costs a little more, but it lasts longer, and it dries overnight."
_PUT = "Done: it is in your cart. Would you like to see what else goes with it?"
_RETURNS = "Yes. You can send it back within the time that the shop's policy names, unworn and with its label."
_BYE = "You are welcome, and enjoy the snow! Your cart is there whenever you are ready."


def call(turn: Turn, seen: Seen, number: int) -> Json:
    """Return the call of a turn in OpenAI's form."""
    function = {"name": turn.tool, "arguments": json.dumps(turn.input(seen))}
    return {"index": 0, "id": f"call{number:05d}", "type": "function", "function": function}
