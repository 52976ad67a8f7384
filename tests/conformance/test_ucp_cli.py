"""Shopify's own client, `@shopify/ucp-cli`, shops in the demo: it discovers, searches, chooses and fills a cart."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.front import Front
from tests.conformance.kits import require_ucp_cli
from widget_api.demo import catalogue

pytestmark = [pytest.mark.looks, pytest.mark.timeout(600), pytest.mark.xdist_group("conformance")]

BEANIE = next(product for product in catalogue.PRODUCTS if product.handle == "ridge-beanie")
VARIANT = f"gid://shopify/ProductVariant/{next(each for each in BEANIE.variants if each.stock > 5).id}"

Ucp = Callable[..., dict[str, Any]]


@pytest.fixture
def ucp(secure: Front, certificate: Path, tmp_path: Path) -> Ucp:
    """Return a function that runs one command of the client against the shop and returns its JSON output.

    The client takes what the shop refuses for an answer, and fails only where the shop breaks the protocol.
    """
    command = require_ucp_cli()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "NODE_EXTRA_CA_CERTS": str(certificate),
        "UCP_STRICT_SCHEMA": "1",  # what its schemas refuse is an error, not a hint
    }

    def run(*words: str, **given: Any) -> dict[str, Any]:
        options = ["--business", secure.url, "--format", "json"]
        if given:
            options += ["--input", json.dumps(given)]
        done = subprocess.run(
            [*command, *words, *options], env=environment, capture_output=True, text=True, check=False, timeout=100
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(json.loads(done.stdout))

    return run


def test_it_finds_what_the_shop_offers(ucp: Ucp) -> None:
    found = ucp("discover", "--full-output")
    assert "search_catalog" in json.dumps(found)


def test_it_searches_and_reads_a_product(ucp: Ucp) -> None:
    found = ucp("catalog", "search", query="beanie")["result"]["products"]
    assert BEANIE.title in [product["title"] for product in found]
    product = ucp("catalog", "get_product", f"gid://shopify/Product/{BEANIE.id}")["result"]["product"]
    assert product["selected"]
    assert {option["name"] for option in product["options"]} == {"Colour"}


def test_it_chooses_a_variant_by_its_options(ucp: Ucp) -> None:
    chosen = [{"name": "Colour", "label": "Ink"}]
    product = ucp("catalog", "get_product", f"gid://shopify/Product/{BEANIE.id}", selected=chosen)["result"][
        "product"
    ]
    assert product["selected"] == chosen
    assert [variant["title"] for variant in product["variants"]] == ["Ink"]


def test_it_makes_reads_changes_and_cancels_a_cart(ucp: Ucp) -> None:
    line = {"item": {"id": VARIANT}, "quantity": 1}
    cart = ucp("cart", "create", line_items=[line])["result"]
    assert [each["quantity"] for each in cart["line_items"]] == [1]
    assert ucp("cart", "get", cart["id"])["result"]["line_items"][0]["item"]["id"] == VARIANT
    changed = ucp(
        "cart", "update", cart["id"], line_items=[{**line, "id": cart["line_items"][0]["id"], "quantity": 2}]
    )
    assert [each["quantity"] for each in changed["result"]["line_items"]] == [2]
    ucp("cart", "cancel", cart["id"])
    assert "not_found" in json.dumps(ucp("cart", "get", cart["id"]))


def test_it_is_told_why_it_was_refused(ucp: Ucp) -> None:
    line = {"item": {"id": "gid://shopify/ProductVariant/1"}, "quantity": 1}
    assert "does not exist" in json.dumps(ucp("cart", "create", line_items=[line]))
    assert "not_found" in json.dumps(ucp("catalog", "get_product", "gid://shopify/Product/1"))
