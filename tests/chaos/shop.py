"""The shop: a process that answers as Shopify's UCP endpoint does, slowly, and writes down every change of a cart.

A change that has come in is made, whoever has died meanwhile, as in the world outside.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.chaos.helper import ready
from tests.chaos.ledger import Ledger
from tests.chaos.questions import VARIANT, VARIANTS, variant_number

Json = dict[str, Any]
TOOLS = ("search_catalog", "get_product", "create_cart", "get_cart", "update_cart")
PRICE = 1900
# Of a product with more of them, a search tells the model the first alone (`shown.MAX_VARIANTS`).
VARIANTS_OF_ONE = 3
UCP = {"version": "2026-04-08", "status": "success"}


@dataclass
class Shop:
    """Carts in memory. A call takes up to `slow` seconds, half of it before a change is made, half after."""

    ledger: Ledger
    slow: float
    carts: dict[str, dict[str, int]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    writes: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def call(self, name: str, arguments: Json) -> Json:
        if name == "search_catalog":
            return _found(int(arguments["catalog"]["query"].split()[-1]))
        if name == "create_cart":
            return self._write(f"c{random.getrandbits(64):x}", arguments)
        token = arguments["id"].removeprefix("gid://shopify/Cart/").partition("?")[0]
        if token not in self.carts:
            return {"ucp": UCP, "messages": [{"type": "error", "code": "not_found", "content": "Cart not found"}]}
        return self._write(token, arguments) if name == "update_cart" else self._cart(token)

    def _write(self, token: str, arguments: Json) -> Json:
        """Make the cart what the lines say: they replace all that is there."""
        number = next(self.writes)
        sent = {line["item"]["id"]: line["quantity"] for line in arguments["cart"]["line_items"]}
        self.ledger.write("write", number=number, cart=token, sent=sent, held=self.carts.get(token, {}))
        self._dawdle()
        with self.lock:
            before = self.carts.get(token, {})
            after = self.carts[token] = {variant: many for variant, many in sent.items() if many}
            self.ledger.write("applied", number=number, cart=token, before=before, after=after)
        self._dawdle()
        return self._cart(token)

    def _dawdle(self) -> None:
        time.sleep(random.uniform(0, self.slow / 2))

    def _cart(self, token: str) -> Json:
        lines = list(self.carts[token].items())
        total = sum(many for _, many in lines) * PRICE
        return {
            "ucp": UCP,
            "id": f"gid://shopify/Cart/{token}?key=k{token}",
            "line_items": [_line(token, variant, many) for variant, many in lines],
            "currency": "EUR",
            "totals": [{"type": "subtotal", "amount": total}, {"type": "total", "amount": total}],
            "messages": [],
        }


def _line(token: str, variant: str, many: int) -> Json:
    return {
        "id": f"gid://shopify/CartLine/{variant.removeprefix(VARIANT)}?cart={token}",
        "item": {"id": variant, "title": f"Thing {variant[-3:]}", "price": PRICE},
        "quantity": many,
        "totals": [{"type": "total", "amount": many * PRICE}],
    }


def _found(shopper: int) -> Json:
    """Return what this shopper is shown: products of few variants, of which a search tells the model all."""
    numbers = range(VARIANTS)
    listed = [numbers[first : first + VARIANTS_OF_ONE] for first in numbers[::VARIANTS_OF_ONE]]
    return {"ucp": UCP, "products": [_product(shopper, place, kinds) for place, kinds in enumerate(listed)]}


def _product(shopper: int, place: int, kinds: Iterable[int]) -> Json:
    price = {"amount": PRICE, "currency": "EUR"}
    variants = [
        {
            "id": f"{VARIANT}{variant_number(shopper, kind)}",
            "title": f"Kind {kind}",
            "price": price,
            "availability": {"available": True},
            "options": [{"name": "Kind", "label": str(kind)}],
        }
        for kind in kinds
    ]
    return {
        "id": f"gid://shopify/Product/{variant_number(shopper, place)}",
        "handle": f"thing-{shopper}-{place}",
        "title": f"Thing {shopper}",
        "description": {"plain": "A thing."},
        "price_range": {"min": price, "max": price},
        "variants": variants,
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    shop: Shop

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        request = self.rfile.read(length)
        if len(request) < length:
            self.close_connection = True  # whoever asked has been killed before all was said
            return
        message = json.loads(request)
        result = self._result(message["method"], message.get("params", {}))
        body = json.dumps({"jsonrpc": "2.0", "id": message.get("id"), "result": result}).encode()
        try:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True  # whoever asked has been killed meanwhile

    def _result(self, method: str, params: Json) -> Json:
        if method == "tools/list":
            return {"tools": [{"name": name} for name in TOOLS]}
        return {"isError": False, "structuredContent": self.shop.call(params["name"], params["arguments"])}

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that die in the middle of a request are what this is about; all else is told."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def serve(path: Path, slow: float) -> None:
    Handler.shop = Shop(Ledger(path), slow)
    server = Server(("127.0.0.1", 0), Handler)
    ready(int(server.server_address[1]))
    server.serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), float(sys.argv[2]))
