"""Every request of the product and every answer of the demo shop fits the official UCP models of its release."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from tests.conformance.front import Exchange, front
from tests.conformance.kits import RELEASES, judge
from tests.live import ROOT, SHOP, Live, Shopper, serving
from widget_api.demo import catalogue
from widget_api.shopify.store import Endpoint, Http, Store
from widget_api.shopify.tools import Toolbox

pytestmark = [pytest.mark.looks, pytest.mark.timeout(600), pytest.mark.xdist_group("conformance")]

# The agent profiles that the product serves, by the release that each declares.
PROFILES = {"2026-04-08": "/.well-known/ucp-agent.json", "2026-08-25": "/.well-known/ucp-agent-2026-08-25.json"}
STORY = (
    "Something warm for my head?",
    "Add the first one to my cart",
    "What is in my cart?",
    "Make it two of them",
    "How long do returns take?",
)


@dataclass
class Slot:
    """A place for one cart."""

    id: str = ""

    def bind(self, id: str) -> None:
        self.id = id

    def forget(self) -> None:
        self.id = ""


@dataclass
class Record:
    """What passed between product and shop, and the documents that both publish."""

    exchanges: list[Exchange]
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def of_release(self, release: str) -> list[Exchange]:
        """Return the tool calls that were answered in `release`, without those that UCP's models do not know."""
        return [each for each in self.exchanges if _envelope(each).get("version") == release]


def _result(exchange: Exchange) -> dict[str, Any]:
    return dict(exchange.response.get("result") or {})


def _structured(exchange: Exchange) -> dict[str, Any]:
    return dict(_result(exchange).get("structuredContent") or {})


def _envelope(exchange: Exchange) -> dict[str, Any]:
    return dict(_structured(exchange).get("ucp") or {})


def _request_of(exchange: Exchange) -> dict[str, Any]:
    """Return the part of a tool's arguments that UCP's request models describe."""
    arguments = exchange.request["params"]["arguments"]
    return dict(arguments.get("catalog") or arguments.get("cart") or {})


def _messages(exchange: Exchange) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the model and the value of the request and of the answer."""
    if _request_of(exchange):
        yield f"request:{exchange.tool}", _request_of(exchange)
    failed = _envelope(exchange).get("status") == "error"
    yield ("answer:error" if failed else f"answer:{exchange.tool}"), _structured(exchange)


def _product(handle: str) -> str:
    return next(str(each.id) for each in catalogue.PRODUCTS if each.handle == handle)


def _variants(handle: str) -> list[str]:
    product = next(each for each in catalogue.PRODUCTS if each.handle == handle)
    return [f"gid://shopify/ProductVariant/{variant.id}" for variant in product.variants]


def use_every_tool(shop: str, profile: str) -> None:
    """Call every tool of the model, with what exists and with what does not."""
    http = Http()
    endpoint = Endpoint(SHOP, shop, profile, country="FI", currency="EUR", language="en")
    slot = Slot()
    store = Store(endpoint, http)
    beanies, product = _variants("ridge-beanie"), catalogue.PRODUCTS[0]
    box = Toolbox(store, slot, {*beanies, "gid://shopify/ProductVariant/1"})
    box.run("search_catalog", {"query": "wool", "limit": 3, "max_price": 50})
    box.run("search_catalog", {"query": "nothing is called like this", "available_only": True})
    box.run("get_product", {"id": str(product.id)})
    box.run("get_product", {"id": "1"})
    box.run("get_product", {"id": _product("fell-runner"), "selected": [{"name": "Size", "label": "44"}]})
    box.run("get_product", {"id": _product("shepherds-balm")})  # with a disclosure
    box.run("get_cart", {})
    box.run("update_cart", {"lines": [{"variant_id": beanies[0], "quantity": 2}]})
    box.run("update_cart", {"lines": [{"variant_id": beanies[2], "quantity": 9}]})  # more than there are
    box.run("update_cart", {"lines": [{"variant_id": beanies[0], "quantity": 0}]})
    box.run("update_cart", {"lines": [{"variant_id": "gid://shopify/ProductVariant/1", "quantity": 1}]})
    box.run("get_cart", {})
    slot.id = "gid://shopify/Cart/gone?key=0123456789abcdef"
    box.run("get_cart", {})
    box.run("search_shop_policies_and_faqs", {"query": "How long do returns take?"})
    http.close()


def route_through(live: Live, url: str) -> None:
    """Have the product reach its shop at `url`."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "INSTANCE": str(live.folder)}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "shop", "set", SHOP, "--mcp-url", url]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=100)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    with serving(tmp_path_factory.mktemp("live")) as live, front(live.url) as between:
        route_through(live, between.url)
        with Shopper(live) as shopper:
            for text in STORY:
                shopper.ask("story", text)
        for path in PROFILES.values():
            use_every_tool(between.url, live.url + path)
        made = Record(between.exchanges)
        for path in (*PROFILES.values(), "/.well-known/ucp"):
            made.documents[path] = requests.get(live.url + path, timeout=20).json()
        yield made


@pytest.mark.parametrize("release", RELEASES)
def test_every_request_and_every_answer_fits_the_models(record: Record, release: str) -> None:
    exchanges = record.of_release(release)
    messages = [message for exchange in exchanges for message in _messages(exchange)]
    faults = {
        f"{model} {value}": found for (model, value), found in zip(messages, judge(release, messages), strict=True)
    }
    assert {key: found for key, found in faults.items() if found} == {}
    tools = {exchange.tool for exchange in exchanges}
    assert tools >= {"search_catalog", "get_product", "create_cart", "get_cart", "update_cart"}


def test_every_failure_says_so_in_its_envelope(record: Record) -> None:
    """`ucp-sdk` lets an error without `ucp.status` pass; the schema `error_response.json` does not."""
    failed = [each for each in record.exchanges if _result(each).get("isError") and _envelope(each)]
    assert failed
    assert {_envelope(each).get("status") for each in failed} == {"error"}


def test_the_agent_profiles_fit_the_models(record: Record) -> None:
    for release, path in PROFILES.items():
        document = record.documents[path]
        assert document["ucp"]["version"] == release
        assert judge(release, [("profile:agent", document["ucp"])]) == [[]]


def test_the_shops_profile_fits_the_model(record: Record) -> None:
    document = record.documents["/.well-known/ucp"]
    assert judge(document["ucp"]["version"], [("profile:business", document["ucp"])]) == [[]]


@pytest.mark.parametrize("release", RELEASES)
def test_the_models_find_what_is_wrong(release: str) -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("request:search_catalog", {"query": 7}),
        ("request:create_cart", {"line_items": [{"quantity": 1}]}),
        ("answer:get_cart", {"ucp": {"version": release}, "id": "x", "line_items": "none"}),
        ("profile:agent", {"version": release, "services": {"dev.ucp.shopping": [{"transport": "mcp"}]}}),
    ]
    assert all(judge(release, wrong))
