"""Links lead to pages of the shop, and to none that does something when visited: in shared pages, in files, and by
the same vectors in the widget."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from widget_api.links import MAX_ADDRESS, page_of

VECTORS: dict[str, list[str]] = json.loads(Path(__file__).with_name("link_vectors.json").read_text())
SHOP = "https://tarn.example"


@pytest.mark.parametrize("path", VECTORS["pages"])
def test_pages_of_the_shop_are_links(path: str) -> None:
    assert page_of(SHOP + path, {SHOP}) == SHOP + path
    assert page_of(SHOP + path, {"https://other.example"}) == ""


@pytest.mark.parametrize("path", VECTORS["acts"])
def test_where_a_visit_does_something_is_no_page(path: str) -> None:
    assert page_of(SHOP + path, {SHOP}) == ""


@pytest.mark.parametrize(
    "address",
    [
        *("https://tarn.example.sink.example/", "https://tarn.example@sink.example/", "https://tarn.example:444/"),
        *("javascript:alert(1)", "/products/hat", "https://tarn.example/\\sink.example", "https://tarn.example/a b"),
        *("HTTPS://tarn.example/", "https://tarn.example/\u00a0", "//tarn.example/", ""),
        SHOP + "/" + "x" * MAX_ADDRESS,
    ],
)
def test_what_is_not_the_shops_letter_for_letter_is_no_page(address: str) -> None:
    assert page_of(address, {SHOP}) == ""
