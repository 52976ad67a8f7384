"""The demo shop sells in other currencies, at one price in UCP, the old dialect, the Ajax API and the theme."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.column import ROOT
from tests.shop_server import PROFILE, UCP, Json
from tests.storefront import storefront
from widget_api.demo import currency
from widget_api.demo.faults import FAULTS

BEANIE = 700101
# For each currency: the beanie's price in UCP's minor units, as a decimal string, in hundredths, and in the theme.
PRICES = [
    ("EUR", 2900, "29.0", 2900, "€29"),
    ("HUF", 1131000, "11310.0", 1131000, "11 310 Ft"),
    ("JPY", 4930, "4930.0", 493000, "¥4,930"),
    ("KWD", 9850, "9.85", 985, "9.850 KD"),
    ("USD", 3200, "32.0", 3200, "$32"),
    ("ISK", 29, "29.0", 2900, "ISK 29"),
]


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    yield storefront().test_client()
    FAULTS.mend()


def call(client: FlaskClient, path: str, tool: str, **arguments: Any) -> Json:
    meta = {"meta": {"ucp-agent": {"profile": PROFILE}}} if path == UCP else {}
    params = {"name": tool, "arguments": {**meta, **arguments}}
    answer = client.post(path, json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).json
    assert answer is not None
    return dict(json.loads(answer["result"]["content"][0]["text"]))


@pytest.mark.parametrize(("code", "minor", "decimal", "hundredths", "said"), PRICES)
def test_a_price_is_the_same_wherever_it_stands(
    client: FlaskClient, code: str, minor: int, decimal: str, hundredths: int, said: str
) -> None:
    FAULTS.currency = code
    found = call(client, UCP, "get_product", catalog={"id": "gid://shopify/Product/7001"})
    assert found["product"]["variants"][0]["price"] == {"amount": minor, "currency": code}
    items = [{"item": {"id": f"gid://shopify/ProductVariant/{BEANIE}"}, "quantity": 2}]
    cart = call(client, UCP, "create_cart", cart={"line_items": items})
    assert (cart["currency"], cart["totals"][-1]["amount"]) == (code, 2 * minor)
    client.post("/cart/add.js", json={"id": BEANIE})
    ajax = client.get("/cart.js").json
    assert ajax is not None
    assert (ajax["currency"], ajax["total_price"], ajax["items"][0]["price"]) == (code, hundredths, hundredths)
    assert said in client.get(f"/products/ridge-beanie?variant={BEANIE}").text.replace("\u00a0", " ")
    FAULTS.legacy_only = True
    (old,) = call(client, "/api/mcp", "search_shop_catalog", query="ridge beanie", context="", limit=1)["products"]
    assert (old["price_range"]["min"], old["price_range"]["currency"]) == (decimal, code)


def test_a_highest_price_is_one_of_the_shops_currency(client: FlaskClient) -> None:
    FAULTS.currency = "HUF"
    catalog = {"query": "", "filters": {"price": {"max": 800000}}, "pagination": {"limit": 50}}
    found = call(client, UCP, "search_catalog", catalog=catalog)["products"]
    assert {product["handle"] for product in found} == {"long-mile-socks", "tin-cup"}


def test_the_shops_own_texts_name_prices_in_its_currency(client: FlaskClient) -> None:
    FAULTS.currency = "HUF"
    for path in ("/policies/shipping-policy", "/pages/faq", "/products/ridge-beanie", "/"):
        assert "31\u00a0200\u00a0Ft" in client.get(path).text
        assert "€" not in client.get(path).text
    answers = client.post(
        "/api/mcp",
        json={
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "search_shop_policies_and_faqs", "arguments": {"query": "How much is shipping?"}},
        },
    )
    assert "31\u00a0200\u00a0Ft" in json.loads(answers.text)["result"]["content"][0]["text"]


def test_the_country_is_one_of_the_currency(client: FlaskClient) -> None:
    FAULTS.currency = "HUF"
    page = client.get("/").text
    assert 'data-country="HU"' in page
    assert 'data-currency="HUF"' in page


def test_mending_brings_back_the_currency_of_the_start() -> None:
    currency.start_in("JPY")
    try:
        FAULTS.currency = "HUF"
        assert currency.current().code == "HUF"
        FAULTS.mend()
        assert currency.current().code == "JPY"
    finally:
        currency.start_in("EUR")


@pytest.mark.parametrize("code", ["forint", "huf", "EURO", "12"])
def test_what_is_no_currency_is_refused_at_the_start(code: str) -> None:
    environment = {"PATH": os.environ["PATH"], "DEMO_CURRENCY": code}
    command = [sys.executable, "-m", "widget_api.demo"]
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip() == f"DEMO_CURRENCY must be an ISO 4217 code such as EUR or HUF, not {code!r}"
