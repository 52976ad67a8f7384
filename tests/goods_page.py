"""A page with the widget whose assistant shows what the test hands it, and a theme's cart that the test fills."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from bench.widget.scripted import SHOP, Scripted

Json = dict[str, Any]

SNIPPET = """<!doctype html>
<html lang="{locale}">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>Shop</title>
<script>{script}</script>
<body><main><h1>Shop</h1></main>
<shop-chat data-shop="{shop}" data-locale="{locale}" {more}></shop-chat>
<script type="module" src="/widget/chat.js"></script></body>
</html>
"""
SIZES = [str(size) for size in range(38, 48)]
COLOURS = ["Black", "Slate", "Oat", "Rust", "Moss", "Ink", "Pine", "Berry"]


def sent(route: Route) -> Any:
    """The JSON that a request has brought."""
    return json.loads(route.request.post_data or "null")


def money(amount: int) -> Json:
    return {"amount": amount, "currency": "EUR", "exponent": 2}


def notice(text: str, **more: str) -> Json:
    plain = {"type": "warning", "code": "allergens", "presentation": "notice", "image": "", "url": ""}
    return {**plain, "text": text, **more}


def variant(number: int, price: int = 2900, *, available: bool = True, **more: Any) -> Json:
    """A variant; `options` are its labels by the names of the options."""
    options: dict[str, str] = more.pop("options", {})
    return {
        "id": f"gid://shopify/ProductVariant/{number}",
        "title": " / ".join(options.values()) or "Default Title",
        "price": money(price),
        "compare_at": None,
        "available": available,
        "options": options,
        "notices": [],
        **more,
    }


def product(number: int, title: str, *variants: Json, **more: Any) -> Json:
    """A product as `data-products` and the selection route have it."""
    return {
        "id": f"gid://shopify/Product/{number}",
        "title": title,
        "url": f"/products/{number}",
        "image": "",
        "price": min((each["price"] for each in variants), key=lambda price: price["amount"], default=money(2900)),
        "price_max": None,
        "variants": list(variants),
        "available": True,
        "options": [],
        "selected": [],
        "has_more_variants": False,
        "notices": [],
        **more,
    }


def option(name: str, *labels: str, sold_out: str = "", missing: str = "") -> Json:
    """An option with its marks: labels in `sold_out` and `missing` are separated by spaces."""
    values = [
        {
            "label": label,
            "available": label not in (sold_out + " " + missing).split(),
            "exists": label not in missing.split(),
        }
        for label in labels
    ]
    return {"name": name, "values": values}


def beanie(**more: Any) -> Json:
    """A product of one option that the card has whole."""
    colours = [("Oat", 2900, True), ("Rust", 3400, True), ("Moss", 2900, False)]
    variants = [
        variant(10 + place, price, available=available, options={"Colour": colour})
        for place, (colour, price, available) in enumerate(colours)
    ]
    options = [option("Colour", "Oat", "Rust", "Moss", sold_out="Moss")]
    return product(1, "Ridge Beanie", *variants, **{"options": options, **more})


def mittens(**more: Any) -> Json:
    """A product of two options that the card has whole, as messages of earlier versions do. Rust comes in L only."""
    pairs = [("Slate", "S", True), ("Slate", "L", False), ("Rust", "L", True)]
    variants = [
        variant(20 + place, 3900 + 100 * place, available=available, options={"Colour": colour, "Size": size})
        for place, (colour, size, available) in enumerate(pairs)
    ]
    return product(2, "Drift Mittens", *variants, **more)


@dataclass
class Shoe:
    """A shoe in 10 sizes and 8 colours, of which the shop tells what a selection leads to. 40 does not exist in Rust,
    47 is sold out in Black, Moss costs more."""

    asked: list[Json] = field(default_factory=list)
    notices: list[Json] = field(default_factory=list)
    preset: dict[str, str] = field(default_factory=dict)

    def exists(self, size: str, colour: str) -> bool:
        return (size, colour) != ("40", "Rust")

    def is_available(self, size: str, colour: str) -> bool:
        return self.exists(size, colour) and (size, colour) != ("47", "Black")

    def variant(self, size: str, colour: str) -> Json:
        number = 1000 + SIZES.index(size) * len(COLOURS) + COLOURS.index(colour)
        price = 13900 if colour == "Moss" else 12900
        notices = [notice("Dyed by hand: the colour may run.")] if colour == "Ink" else []
        return variant(
            number,
            price,
            available=self.is_available(size, colour),
            options={"Size": size, "Color": colour},
            notices=notices,
        )

    def product(self, selected: dict[str, str]) -> Json:
        """What the shop says of a selection: a few variants that it allows, and marks for each value."""
        chosen = {**self.preset, **selected}
        pairs = [
            (size, colour)
            for size, colour in itertools.product(SIZES, COLOURS)
            if chosen.get("Size", size) == size
            and chosen.get("Color", colour) == colour
            and self.exists(size, colour)
        ]
        return product(
            3,
            "Trail Shoe",
            *(self.variant(*pair) for pair in pairs[:3]),
            options=[
                self._marked("Size", SIZES, lambda size: (size, chosen.get("Color"))),
                self._marked("Color", COLOURS, lambda colour: (chosen.get("Size"), colour)),
            ],
            selected=[{"name": name, "label": label} for name, label in chosen.items()],
            has_more_variants=True,
            price=money(12900),
            price_max=money(13900),
            notices=self.notices,
        )

    def _marked(self, name: str, labels: list[str], pair: Any) -> Json:
        values = []
        for label in labels:
            size, colour = pair(label)
            pairs = list(itertools.product([size] if size else SIZES, [colour] if colour else COLOURS))
            exists = any(self.exists(*each) for each in pairs)
            values.append(
                {"label": label, "exists": exists, "available": any(self.is_available(*each) for each in pairs)}
            )
        return {"name": name, "values": values}

    def answer(self, route: Route) -> None:
        """Answer the selection route."""
        body = sent(route)
        self.asked.append(body)
        selected = {each["name"]: each["label"] for each in body["selected"]}
        route.fulfill(json={"product": self.product(selected)})


# A theme's cart in the page: how many pieces of which variant, and how many there are.
THEME = """
window.Shopify = { actions: {
  updateCart: ({ lines }) =>
    fetch('/act', { method: 'POST', body: JSON.stringify(lines) }).then((done) => done.json()),
  getCart: () => fetch('/act').then((done) => done.json()),
} };
"""


@dataclass
class Theme:
    """The storefront's cart: what is in stock, what is in the cart, how it is changed."""

    stock: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    token: str = "theme"

    def serve(self, page: Page) -> None:
        page.route("**/cart.js", lambda route: route.fulfill(json=self.read()))
        page.route("**/act", self._act)
        page.route("**/cart/add.js", self._add)

    def read(self) -> Json:
        items = [{"variant_id": int(number), "quantity": pieces} for number, pieces in self.held.items() if pieces]
        return {"token": f"{self.token}?key=k", "item_count": sum(self.held.values()), "items": items}

    def _put(self, number: str, quantity: int) -> list[Json]:
        before = self.held.get(number, 0)
        self.held[number] = min(before + quantity, self.stock.get(number, 99))
        if self.held[number] == before + quantity:
            return []
        code = "MERCHANDISE_NOT_ENOUGH_STOCK" if self.held[number] else "MERCHANDISE_OUT_OF_STOCK"
        return [{"code": code, "message": f"Shopify says no to {number}."}]

    def _act(self, route: Route) -> None:
        lines = sent(route) or []
        warnings = [
            warning for line in lines for warning in self._put(line["merchandiseId"].split("/")[-1], line["quantity"])
        ]
        cart = {"totalQuantity": sum(self.held.values()), "lines": []}
        route.fulfill(json={"cart": cart, "userErrors": [], "warnings": warnings})

    def _add(self, route: Route) -> None:
        items = sent(route)["items"]
        for item in items:
            self._put(str(item["id"]), item["quantity"])
        route.fulfill(json={"items": items})


class Goods:
    """The chat in a tab, whose next answer is what the test says."""

    def __init__(self, page: Page, shop: Scripted, theme: Theme | None = None) -> None:
        self.page = page
        self.shop = shop
        self.theme = theme or Theme()
        self.theme.serve(page)
        self.parts: list[Json] = []
        self.said: list[Json] = []
        page.route("**/api/chat", self._speak)
        page.route("**/api/conversations/*/messages*", lambda route: route.fulfill(json=self._history()))
        page.route("**/api/cart", lambda route: route.fulfill(json={"status": "none", "cart": None}))

    def open(self, locale: str = "en", script: str = THEME, more: str = "") -> None:
        html = SNIPPET.format(locale=locale, script=script, shop=SHOP, more=more)
        self.shop.pages["/goods"] = html
        self.page.goto(f"{self.shop.url}/goods")
        self.page.locator("shop-chat .launcher").click()
        expect(self.page.locator("shop-chat dialog.panel")).to_be_visible()

    def show(self, *products: Json) -> None:
        """Ask, and be shown these products."""
        self.say({"type": "data-products", "data": {"products": list(products)}})

    def say(self, *parts: Json) -> None:
        """Ask, and be answered with these parts."""
        self.parts = list(parts)
        answers = self.page.locator("shop-chat .assistant")
        before = answers.count()
        self.page.locator("shop-chat textarea").fill("Show me something")
        self.page.keyboard.press("Enter")
        expect(answers).to_have_count(before + 1)
        expect(answers.last.locator(".tools")).to_be_attached()

    def _history(self) -> Json:
        return {"messages": self.said, "next": None}

    def _speak(self, route: Route) -> None:
        answer = f"answer-{next(self.shop.answers)}"
        text = {"type": "text", "text": "Here you are."}
        about = {"created_at": "2026-11-30T12:00:00Z", "status": "complete"}
        self.said += [
            {**sent(route)["message"], "metadata": about},
            {"id": answer, "role": "assistant", "metadata": about, "parts": [*self.parts, text]},
        ]
        events = [
            {"type": "start", "messageId": answer},
            *self.parts,
            {"type": "text-start", "id": "t"},
            {"type": "text-delta", "id": "t", "delta": "Here you are."},
            {"type": "text-end", "id": "t"},
            {"type": "finish"},
        ]
        lines = [f"id: 1-{seq}\ndata: {json.dumps(event)}\n\n" for seq, event in enumerate(events, 1)]
        route.fulfill(headers={"Content-Type": "text/event-stream"}, body="".join(lines) + "data: [DONE]\n\n")

    @property
    def card(self) -> Locator:
        """The first product of the newest answer."""
        return self.page.locator("shop-chat .assistant").last.locator(".products li").first

    @property
    def add(self) -> Locator:
        return self.card.locator(".add")

    @property
    def cart(self) -> Locator:
        return self.page.locator("shop-chat .cart")

    def field(self, name: str) -> Locator:
        """The list of values of one option."""
        return self.card.get_by_role("combobox", name=re.compile(f"^{name}, "))

    def values(self, name: str) -> list[str]:
        """What its list says, without the invitation to choose."""
        expect(self.field(name)).to_be_attached()  # the script that shows products may be on its way
        return self.field(name).locator("option").all_text_contents()[1:]

    def choose(self, name: str, label: str) -> None:
        self.field(name).select_option(value=label)
