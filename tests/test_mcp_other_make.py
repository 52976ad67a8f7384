"""A shop of another make: the official `mcp` package with tools of the same names, of today's era and of 2025's."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.shop_server import GREY, UCP, Json, store_at, ucp_cart, ucp_message, ucp_product
from widget_api.problems import ShopRefused
from widget_api.shopify.store import Store


def shop() -> MCPServer:
    """A shop with one product and one cart, which it keeps as it is told."""
    server = MCPServer("shop")
    held = {GREY: 1}

    @server.tool()
    def search_catalog(meta: Json, catalog: Json) -> Json:
        assert meta["ucp-agent"]["profile"]
        return {"products": [ucp_product()] if "beanie" in catalog["query"] else []}

    @server.tool()
    def get_product(meta: Json, catalog: Json) -> Json:  # noqa: ARG001
        if catalog["id"] == "gid://shopify/Product/1":
            raise ToolError("We do not sell that.")
        return {"product": ucp_product()}

    @server.tool()
    def get_cart(meta: Json, id: str) -> Json:  # noqa: ARG001
        return ucp_cart(*held.items()) if "Demo" in id else ucp_message("not_found", "Cart not found or has expired")

    @server.tool()
    def create_cart(meta: Json, cart: Json) -> Json:
        return update_cart(meta, cart, "")

    @server.tool()
    def update_cart(meta: Json, cart: Json, id: str) -> Json:  # noqa: ARG001
        held.clear()
        held.update({line["item"]["id"]: line["quantity"] for line in cart["line_items"]})
        return ucp_cart(*held.items())

    return server


class Of2025:
    """The same server as it was in 2025: it does not know of the headers that came after."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        newer = (b"mcp-protocol-version", b"2026-07-28")
        if newer in scope.get("headers", []):
            scope = {**scope, "headers": [header for header in scope["headers"] if header != newer]}
        await self.app(scope, receive, send)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module", params=["today", "json", "2025", "2025-json"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """The storefront of that shop, in each era and with either kind of answer."""
    era: str = request.param
    app: Any = shop().streamable_http_app(streamable_http_path=UCP, json_response=era.endswith("json"))
    with served(Of2025(app) if era.startswith("2025") else app) as url, store_at(url) as store:
        yield store


def test_products_are_found(store: Store) -> None:
    assert [product.title for product in store.search("beanie")] == ["Ridge Beanie"]
    assert store.search("boots") == []


def test_a_product_is_shown(store: Store) -> None:
    assert store.product("gid://shopify/Product/7001").variants[0].id == GREY


def test_a_tools_own_words_are_passed_on(store: Store) -> None:
    with pytest.raises(ShopRefused, match="We do not sell that"):
        store.product("gid://shopify/Product/1")


def test_a_cart_is_made_and_changed(store: Store) -> None:
    made = store.set_lines("", {GREY: 1})
    assert made.status == "ok"
    changed = store.set_lines(made.id, {GREY: 3})
    assert changed.cart is not None
    assert changed.cart.quantities() == {GREY: 3}


def test_a_cart_that_it_does_not_know_is_gone(store: Store) -> None:
    assert store.cart("gid://shopify/Cart/other?key=1").status == "gone"


def test_it_offers_no_policies(store: Store) -> None:
    assert store.ask("Do you ship to Norway?") == []
