"""Shops for tests, served for real: one that says what a script tells it, and the demo shop's two endpoints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from tests.served import served
from widget_api.api import profile
from widget_api.demo import legacy, ucp
from widget_api.demo.faults import FAULTS
from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.http import Http
from widget_api.shopify.store import Store

UCP, LEGACY = "/api/ucp/mcp", "/api/mcp"
UCP_TOOLS = ("search_catalog", "get_product", "create_cart", "get_cart", "update_cart")
LEGACY_TOOLS = ("search_shop_catalog", "get_product_details", "get_cart", "update_cart")
POLICIES = "search_shop_policies_and_faqs"
PROFILE = "https://chat.example/.well-known/ucp-agent.json"

Json = dict[str, Any]


@dataclass(frozen=True)
class Raw:
    """An HTTP answer, byte for byte. A body in pieces is sent until it ends or nobody listens."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


@dataclass(frozen=True)
class Error:
    """A JSON-RPC error."""

    code: int
    message: str = ""
    data: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Answer = Json | Raw | Error
Script = Answer | list[Answer] | Callable[[Json], Answer]


@dataclass(frozen=True)
class Heard:
    """A request as the shop got it."""

    path: str
    headers: dict[str, str]
    message: Json

    @property
    def tool(self) -> str:
        return str(self.message.get("params", {}).get("name", ""))

    @property
    def arguments(self) -> Json:
        return dict(self.message["params"]["arguments"])


class ShopServer:
    """A shop that answers by `script`: for each tool (or method) an answer, a list of them in turn, or a function.

    `first` is answered before anything else, whatever is asked. Lists of tools are answered by `tools`, one for
    each path; where there are none, there is a 404. `pages` are what a GET gets.
    """

    def __init__(self, **tools: Sequence[str]) -> None:
        self.tools = {UCP: tools.get("ucp", UCP_TOOLS), LEGACY: tools.get("legacy", ())}
        self.script: dict[str, Script] = {}
        self.first: list[Answer] = []
        self.heard: list[Heard] = []
        self.pages: dict[str, Raw] = {}
        self.url = ""

    def calls(self, tool: str) -> list[Heard]:
        """The requests that called `tool`."""
        return [heard for heard in self.heard if heard.tool == tool]

    def answer(self, heard: Heard) -> Answer:
        self.heard.append(heard)
        if self.first:
            return self.first.pop(0)
        method = heard.message.get("method", "")
        if heard.tool or method in self.script:
            return self._scripted(heard.tool or method, heard.message)
        tools = self.tools.get(heard.path, ())
        return {"tools": [{"name": name} for name in tools]} if tools else Raw(404, b"<h1>Not here</h1>")

    def _scripted(self, name: str, message: Json) -> Answer:
        script = self.script.get(name, Error(-32602, f"Tool not found: {name}"))
        if isinstance(script, list):
            return script.pop(0)
        return script(message) if callable(script) else script


class _Handler(BaseHTTPRequestHandler):
    shop: ShopServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        message = json.loads(body)
        answer = self.shop.answer(Heard(self.path, dict(self.headers), message))
        self._send(raw(answer, message.get("id")))

    def do_GET(self) -> None:
        self._send(self.shop.pages.get(self.path, Raw(404)))

    def _send(self, answer: Raw) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for piece in [answer.body] if isinstance(answer.body, bytes) else answer.body:
                self.wfile.write(piece)
                self.wfile.flush()
        except OSError:
            pass  # nobody listens any more

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def raw(answer: Answer, id: object) -> Raw:
    """The bytes of a JSON-RPC answer."""
    if isinstance(answer, Raw):
        return answer
    message: Json = {"jsonrpc": "2.0", "id": id}
    if isinstance(answer, Error):
        message["error"] = {"code": answer.code, "message": answer.message, "data": answer.data}
        return Raw(
            answer.status, json.dumps(message).encode(), {"Content-Type": "application/json", **answer.headers}
        )
    return Raw(200, json.dumps({**message, "result": answer}).encode())


@contextmanager
def shop_server(**tools: Sequence[str]) -> Iterator[ShopServer]:
    """A scripted shop on a free port: `shop_server(ucp=…, legacy=…)` with the tools that each endpoint lists."""
    shop = ShopServer(**tools)
    handler = type("Handler", (_Handler,), {"shop": shop})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = False  # so that the end of the block waits for all of them
    shop.url = f"http://127.0.0.1:{server.server_port}"
    with served(server):
        yield shop


@contextmanager
def demo_shop() -> Iterator[str]:
    """The demo shop's endpoints and our agent profile, served for real; yields the address. Faults end with it."""
    app = Flask(__name__)
    for part in (ucp, legacy, profile):
        app.register_blueprint(part.bp)
    try:
        with app_server(app) as url:
            yield url
    finally:
        FAULTS.mend()


@contextmanager
def app_server(app: Flask) -> Iterator[str]:
    """Serve an app of this process for real; yields the address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    with served(server):
        yield f"http://127.0.0.1:{server.server_port}"


@contextmanager
def store_at(url: str, *, profile: str = PROFILE, **endpoint: Any) -> Iterator[Store]:
    """The storefront at `url`, never waiting when it is told to wait."""
    http = Http(pause=lambda _: None)
    try:
        yield Store(Endpoint("demo-store.myshopify.com", url, profile, **endpoint), http)
    finally:
        http.close()


class Slot:
    """A session's place for its cart."""

    def __init__(self, id: str = "") -> None:
        self.id = id

    def bind(self, id: str) -> None:
        self.id = id

    def forget(self) -> None:
        self.id = ""


# What shops say


def ucp_result(body: Json, *, error: bool = False) -> Json:
    """A tool's answer: structured, and once more as text."""
    return {"isError": error, "structuredContent": body, "content": [{"type": "text", "text": json.dumps(body)}]}


def text_result(*texts: object, error: bool = False) -> Json:
    """A tool's answer in text blocks alone; what is no text is written as JSON."""
    blocks = [text if isinstance(text, str) else json.dumps(text) for text in texts]
    return {"isError": error, "content": [{"type": "text", "text": block} for block in blocks]}


TOKEN, KEY = "hWN3xDemoToken0001", "0f9c1b2a3d4e5f60718293a4b5c6d7e8"
CART_ID = f"gid://shopify/Cart/{TOKEN}?key={KEY}"
GREY, MOSS = "gid://shopify/ProductVariant/8001", "gid://shopify/ProductVariant/8002"


def ucp_cart(*lines: tuple[str, int], id: str = CART_ID, price: int = 2900, currency: str = "EUR") -> Json:
    """A cart with so many of each variant, each at `price`."""
    total = sum(quantity * price for _, quantity in lines)
    return {
        "ucp": {"version": "2026-04-08", "status": "success"},
        "id": id,
        "line_items": [
            {
                "id": f"gid://shopify/CartLine/{number}?cart={TOKEN}",
                "item": {"id": variant, "title": f"Beanie {variant[-4:]}", "price": price},
                "quantity": quantity,
                "totals": [{"type": "total", "amount": quantity * price}],
            }
            for number, (variant, quantity) in enumerate(lines, 1)
        ],
        "currency": currency,
        "totals": [{"type": "subtotal", "amount": total}, {"type": "total", "amount": total}],
        "messages": [],
        "continue_url": f"https://demo-store.myshopify.com/cart/c/{TOKEN}?key={KEY}",
        "expires_at": "2026-12-20T09:30:00Z",
    }


def ucp_message(code: str, content: str, **more: Any) -> Json:
    """An answer that has no cart and no product but says why."""
    message = {"type": "error", "code": code, "content": content, "severity": "unrecoverable", **more}
    return {"ucp": {"version": "2026-04-08", "status": "error"}, "messages": [message]}


def ucp_product(**changes: Any) -> Json:
    """A product in UCP with two variants, the second sold out."""
    price, higher = {"amount": 2900, "currency": "EUR"}, {"amount": 3400, "currency": "EUR"}
    return {
        "id": "gid://shopify/Product/7001",
        "handle": "ridge-beanie",
        "title": "Ridge Beanie",
        "description": {"html": "<p>Merino rib knit.</p>", "plain": "Merino rib knit."},
        "url": "https://demo-store.example/products/ridge-beanie",
        "price_range": {"min": price, "max": higher},
        "media": [{"type": "image", "url": "https://cdn.shopify.com/s/files/ridge.jpg", "alt_text": ""}],
        "variants": [
            {
                "id": GREY,
                "title": "Grey",
                "price": price,
                "list_price": higher,
                "availability": {"available": True},
                "options": [{"name": "Color", "label": "Grey"}],
            },
            {
                "id": MOSS,
                "title": "Moss",
                "price": higher,
                "availability": {"available": False},
                "options": [{"name": "Color", "label": "Moss"}],
            },
        ],
        **changes,
    }


SIZES = tuple(str(size) for size in range(36, 46))
COLOURS = ("Black", "White", "Red", "Blue", "Green", "Sand", "Grey", "Plum")
SHOE = "gid://shopify/Product/7100"
Pairs = dict[str, str]


@dataclass
class Shoe:
    """A product with options, told as UCP's lookup.md has it: the variants of one selection, and marks for the rest.

    `made` and `stocked` are the pairs of size and colour that exist, and that are in stock.
    """

    made: set[tuple[str, str]] = field(
        default_factory=lambda: {(size, colour) for size in SIZES for colour in COLOURS}
    )
    stocked: set[tuple[str, str]] | None = None
    featured: tuple[str, str] = ("38", "Black")

    @property
    def in_stock(self) -> set[tuple[str, str]]:
        return self.made if self.stocked is None else self.stocked

    def get_product(self, message: Json) -> Json:
        """Answer the tool's call."""
        asked = message["params"]["arguments"]["catalog"].get("selected")
        wanted = {each["name"]: each["label"] for each in asked} if asked else None
        return ucp_result({"ucp": {"version": "2026-04-08"}, "product": self.product(wanted)})

    def product(self, wanted: Pairs | None = None) -> Json:
        """The product with the variants of the selection, or of the featured one."""
        effective = self._effective(wanted) if wanted else dict(zip(("Size", "Color"), self.featured, strict=True))
        return ucp_product(
            id=SHOE,
            title="Fell Shoe",
            options=[self._option(name, effective) for name in ("Size", "Color")],
            selected=[{"name": name, "label": label} for name, label in effective.items()],
            variants=[self.variant(*pair) for pair in self._matching(effective)],
        )

    def variant(self, size: str, colour: str) -> Json:
        number = 1000 + 10 * SIZES.index(size) + COLOURS.index(colour)
        return {
            "id": f"gid://shopify/ProductVariant/{number}",
            "title": f"{size} / {colour}",
            "price": {"amount": 9900, "currency": "EUR"},
            "availability": {"available": (size, colour) in self.in_stock},
            "options": [{"name": "Size", "label": size}, {"name": "Color", "label": colour}],
        }

    def _effective(self, wanted: Pairs) -> Pairs:
        """What is left of the selection when the shop has let go, from its end, of what cannot be had."""
        kept = {name: label for name, label in wanted.items() if name in {"Size", "Color"}}
        while kept and not self._matching(kept):
            kept.popitem()
        return kept

    def _matching(self, selection: Pairs) -> list[tuple[str, str]]:
        named = (selection.get("Size"), selection.get("Color"))
        return sorted(
            pair for pair in self.made if all(want in {None, has} for want, has in zip(named, pair, strict=True))
        )

    def _option(self, name: str, selection: Pairs) -> Json:
        at = ("Size", "Color").index(name)
        values = []
        for label in (SIZES, COLOURS)[at]:
            matching = self._matching({**selection, name: label})
            stocked = any(pair in self.in_stock for pair in matching)
            if any(pair[at] == label for pair in self.made):
                values.append({"label": label, "available": stocked, "exists": bool(matching)})
        return {"name": name, "values": values}


class LiteralCart:
    """A cart of a shop that takes UCP by its word: an update is the cart, and what it leaves out is gone.

    `members` are the cart's own beside its lines. A line's members stand as the shop shows them.
    """

    COMPUTED = ("ucp", "id", "currency", "totals", "messages", "links", "continue_url", "expires_at")

    def __init__(self, shop: ShopServer, lines: list[Json], members: Json | None = None) -> None:
        self.lines = lines
        self.members = members or {}
        self.updates: list[Json] = []
        self._numbers = 900
        shop.script |= {"get_cart": self.read, "update_cart": self.update}

    def read(self, _: Json) -> Answer:
        return ucp_result(self.shown())

    def update(self, message: Json) -> Answer:
        sent = message["params"]["arguments"]["cart"]
        self.updates.append(sent)
        assert not set(sent) & set(self.COMPUTED)
        known = {line["id"]: line for line in self.lines}
        self.lines = [self._replaced(each, known) for each in sent["line_items"]]
        self.members = {name: value for name, value in sent.items() if name != "line_items"}
        return ucp_result(self.shown())

    def _replaced(self, sent: Json, known: dict[str, Json]) -> Json:
        assert "totals" not in sent
        assert not {"title", "price"} & set(sent["item"])
        if "id" not in sent:
            self._numbers += 1
            return literal_line(sent["item"]["id"], sent["quantity"], id=f"gid://shopify/CartLine/{self._numbers}")
        item = known[sent["id"]]["item"]
        return {**sent, "item": {**sent["item"], "title": item.get("title", ""), "price": item.get("price", 0)}}

    def shown(self) -> Json:
        prices = [line["item"].get("price") for line in self.lines]
        amounts = [
            line["quantity"] * price if isinstance(price, int) else 0
            for line, price in zip(self.lines, prices, strict=True)
        ]
        lines = [
            {**line, "totals": [{"type": "total", "amount": amount}]}
            for line, amount in zip(self.lines, amounts, strict=True)
        ]
        return {
            **ucp_cart(),
            "line_items": lines,
            "totals": [{"type": "total", "amount": sum(amounts)}],
            **self.members,
        }

    def quantities(self) -> dict[str, int]:
        """How many of each line, by the last piece of its id."""
        return {line["id"].partition("?")[0].rpartition("/")[2]: line["quantity"] for line in self.lines}


def literal_line(variant: str, quantity: int = 1, *, id: str, **members: Any) -> Json:
    """A line of a `LiteralCart`; its item is called by its variant's number."""
    item = {"id": variant, "title": f"Mug {variant[-4:]}", "price": 1800}
    return {"id": id, "item": item, "quantity": quantity, **members}
