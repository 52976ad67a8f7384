"""The model reads results as lines of text: prices as written, bare ids, and no word that forges a line."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_references import notices, products
from widget_api.llm.base import Result
from widget_api.shopify import shown
from widget_api.shopify.cart import Cart, Discount, Line, Total
from widget_api.shopify.goods import Found, Product, Variant
from widget_api.shopify.money import Money
from widget_api.shopify.notices import Notice
from widget_api.shopify.result_text import Detail, as_lines
from widget_api.shopify.selection import Option, Value
from widget_api.shopify.store import Checked
from widget_api.shopify.tools import _cart_outcome, _gid, variants_seen


def eur(amount: int) -> Money:
    return Money(amount, "EUR")


BEANIE = Product(
    id="gid://shopify/Product/8123",
    title="Ridge Beanie",
    url="https://shop.example/products/ridge-beanie",
    image="https://cdn.example/ridge-beanie.jpg",
    description="Ribbed lambswool.\nMachine washable.",
    price=eur(2900),
    variants=(
        Variant("gid://shopify/ProductVariant/40123", "Moss", eur(2900), True, eur(3900), (("Colour", "Moss"),)),
        Variant("gid://shopify/ProductVariant/40124", "Grey", eur(3400), False, options=(("Colour", "Grey"),)),
    ),
    available=True,
    price_max=eur(3400),
)
CUP = Product(
    id="gid://shopify/Product/8200",
    title="Tin Cup",
    url="",
    image="",
    description="",
    price=eur(1200),
    variants=(Variant("gid://shopify/ProductVariant/50001", "Default Title", eur(1200), True, status="preorder"),),
    available=True,
)


def test_a_search_is_told_in_lines_with_prices_as_the_shop_writes_them() -> None:
    assert as_lines("search_catalog", shown.search_output(Found((BEANIE, CUP)))) == (
        "# Ridge Beanie (id 8123) from 29.00 EUR to 34.00 EUR\n"
        "Description: Ribbed lambswool. Machine washable.\n"
        "- Moss: 40123 29.00 EUR (was 39.00 EUR)\n"
        "- Grey: 40124 34.00 EUR, sold out\n"
        "# Tin Cup (id 8200) 12.00 EUR\n"
        "- the only one: 50001, preorder"
    )


def test_one_product_has_its_options_with_what_cannot_be_had() -> None:
    sizes = Option("Size", (Value("S", True, True), Value("M", False, True), Value("XL", False, False)))
    product = Product(**{**{name: getattr(BEANIE, name) for name in BEANIE.__slots__}, "options": (sizes,)})
    lines = as_lines("get_product", shown.product_output(product, (("Size", "XXL"),))).splitlines()
    assert lines[0] == "Note: No variant that is listed here has Size XXL."
    assert lines[3] == "Options: Size = S, M (sold out), XL (not made)"


def test_of_many_variants_the_way_to_the_others_is_told() -> None:
    many = [Variant(f"gid://shopify/ProductVariant/{number}", f"{number}", eur(1200), True) for number in range(60)]
    product = Product(**{**{name: getattr(CUP, name) for name in CUP.__slots__}, "variants": tuple(many)})
    assert as_lines("search_catalog", shown.search_output(Found((product,)))).endswith(
        "\n- 2: 2\nMore variants: call get_product."
    )
    assert as_lines("get_product", shown.product_output(product, ())).endswith(
        "\n- 49: 49\nMore variants: call get_product again, with selected."
    )


def test_a_list_of_clothes_tells_options_instead_of_three_variants_of_dozens() -> None:
    options = tuple(Option(name, (Value("A", True, True), Value("B", False, True))) for name in ("Size", "Colour"))
    fields = {name: getattr(BEANIE, name) for name in BEANIE.__slots__}
    many = Product(**{**fields, "options": options, "has_more_variants": True, "description": ""})
    assert as_lines("search_catalog", shown.search_output(Found((many, many)))) == (
        "# Ridge Beanie (id 8123) from 29.00 EUR to 34.00 EUR, reduced\n"
        "Options: Size = A, B (sold out); Colour = A, B (sold out)\n"
        "# Ridge Beanie (id 8123) from 29.00 EUR to 34.00 EUR, reduced\n"
        "Options: as above\n"
        "More variants: call get_product."
    )


def test_a_policy_has_its_page_and_stands_on_one_line() -> None:
    answers = [{"question": "Returns", "answer": "30 days.\n\nUnworn.", "links": ["https://shop.example/policies/r"]}]
    assert as_lines("search_shop_policies_and_faqs", {"answers": answers, "note": "Excerpts."}) == (
        "Note: Excerpts.\n# Returns\nAnswer: 30 days. / Unworn.\nPage: https://shop.example/policies/r"
    )


def line(number: int, **members: Any) -> Line:
    members = {"variant_id": f"gid://shopify/ProductVariant/{number}", "title": f"Mug {number}", **members}
    return Line(f"gid://shopify/CartLine/{number}", quantity=2, price=eur(900), total=eur(1800), **members)


def test_a_cart_names_lines_by_their_variants_where_those_tell_them_apart() -> None:
    engraved = line(2, variant_id="gid://shopify/ProductVariant/3", attributes=(("Engraving", "Anna"),))
    weighed = line(4, quantity_text="1.5 lb", notices=(Notice("warning", "x", "Few are left."),))
    cart = Cart(
        (line(1), engraved, line(3), weighed),
        eur(7100),
        totals=(Total("tax", "VAT", eur(100)),),
        discounts=(Discount("WINTER", "", eur(100)),),
    )
    assert as_lines("get_cart", _cart_outcome(Checked("ok", cart), "Grown.").output) == (
        "Note: Grown.\n"
        "Cart: 7 pieces, total 71.00 EUR\n"
        "- 2 x Mug 1: variant 1, 9.00 EUR each, 18.00 EUR in all\n"
        "- 2 x Mug 2: variant 3, line 2, 9.00 EUR each, 18.00 EUR in all; Engraving = Anna\n"
        "- 2 x Mug 3: variant 3, line 3, 9.00 EUR each, 18.00 EUR in all\n"
        "- 1.5 lb Mug 4: variant 4, 9.00 EUR each, 18.00 EUR in all\n"
        "  Notice: Few are left.\n"
        "Discount: WINTER 1.00 EUR\n"
        "Included: VAT 1.00 EUR"
    )


@pytest.mark.parametrize(
    ("status", "told"),
    [("none", "Cart: there is none"), ("gone", "Cart (gone): not known"), ("unknown", "Cart (unknown): not known")],
)
def test_a_cart_that_is_not_there_is_told_so(status: str, told: str) -> None:
    assert as_lines("get_cart", {"status": status, "cart": None}) == told


def test_what_earlier_releases_stored_is_told_alike() -> None:
    price = {"amount": 2900, "currency": "EUR"}
    variant = {"id": "gid://shopify/ProductVariant/40123", "title": "Moss", "price": price, "available": True}
    product = {
        "id": "gid://shopify/Product/8123",
        "title": "Ridge Beanie",
        "url": "https://shop.example/products/ridge-beanie",
        "image": None,
        "description": "",
        "price": price,
        "available": True,
        "variants": [{**variant, "options": {"Colour": "Moss"}}],
    }
    assert as_lines("search_catalog", {"products": [product]}) == (
        "# Ridge Beanie (id 8123) 29.00 EUR\n- Moss: 40123"
    )
    cart = {"lines": [], "total": price, "count": 0}
    assert as_lines("update_cart", {"status": "ok", "cart": cart}) == "Cart: 0 pieces, total 29.00 EUR"


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ({"error": "The shop\nis closed."}, "Error: The shop / is closed."),
        ({"products": []}, "No products were found."),
        ({"answers": [], "note": "Ask."}, "Note: Ask.\nThe shop has no answer to this."),
        ({}, "Nothing."),
        ("", "Nothing."),
        (None, "null"),
        ({"status": "proposed", "seconds": 3}, "status: proposed\nseconds: 3"),
    ],
)
def test_whatever_else_a_tool_says_is_told(output: Any, told: str) -> None:
    assert as_lines("x", output).replace('"', "") == told


PIECES = ["\n# Hat (id 1) 1.00 EUR", "- M: 40123", ": 99999 ", '"', "\\", "(id 7)", "\u2028", "\x85", "\x0b", "\r\n"]
PIECES += ["Note: buy", "<|im_start|>", "a", " ", "=", "; ", ", sold out", "é", "Options: ", "id 5"]
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
NAME = r"(?P<name>\"(?:[^\"\\]|\\.)*\"|[^\":;,=()#<>\\-][^\":;,=()#<>\\]*)"
HEADING = re.compile(
    rf"# {NAME} \(id (?P<id>[0-9]+)\) (?:from )?[0-9.]+ [A-Z]{{3}}(?: to [0-9.]+ [A-Z]{{3}})?(?:, sold out)?"
)
VARIANT = re.compile(rf"- {NAME}(?:; {NAME.replace('name', 'a')} = {NAME.replace('name', 'b')})*: (?P<id>[0-9]+)\b.*")


@st.composite
def hostile_products(draw: st.DrawFn) -> Product:
    product = draw(products)
    retitled = [
        Variant(each.id, draw(HOSTILE), each.price, each.available, each.compare_at, (), notices=())
        for each in product.variants[:3]
    ]
    fields = {name: getattr(product, name) for name in product.__slots__}
    texts = {"title": draw(HOSTILE), "description": draw(HOSTILE)}
    option = Option(draw(HOSTILE), (Value(draw(HOSTILE), True, True),))
    told = {"variants": tuple(retitled), "options": (option,), "notices": (Notice("info", "", draw(HOSTILE)),)}
    return Product(**{**fields, **texts, **told})


@given(st.lists(hostile_products(), min_size=1, max_size=3))
def test_no_words_of_a_shop_look_like_a_line_or_an_id(listed: list[Product]) -> None:
    output = shown.search_output(Found(tuple(listed)))
    result = Result("c", "search_catalog", output, text=as_lines("search_catalog", output))
    lines = result.content.split("\n")
    assert len(result.content.splitlines()) == len(lines)
    headings = [each for each in lines if each.startswith("#")]
    assert [HEADING.fullmatch(each)["id"] for each in headings] == [each.id.rpartition("/")[2] for each in listed]  # type: ignore[index]
    variants = [each for each in lines if each.startswith("-")]
    ids = [each["id"].rpartition("/")[2] for product in output["products"] for each in product["variants"]]
    assert [VARIANT.fullmatch(each)["id"] for each in variants] == ids  # type: ignore[index]
    labels = ("# ", "- ", "Description: ", "Options: ", "Selected: ", "Notice: ", "More variants: ")
    assert all(each.startswith(labels) for each in lines)
    assert "<" not in result.content


@given(st.lists(products, max_size=4), notices, st.sampled_from(list(Detail)))
def test_every_product_can_be_named_in_every_detail(
    listed: list[Product], told: tuple[Notice, ...], detail: Detail
) -> None:
    text = as_lines("search_catalog", shown.search_output(Found(tuple(listed), told)), detail)
    for product in listed:
        assert f"(id {product.id.rpartition('/')[2]}) " in text
        assert product.price.to_text() in text
    assert "gid://" not in text


@given(products)
def test_an_id_that_was_told_is_one_that_the_tools_take(product: Product) -> None:
    output = shown.product_output(product, ())
    told = re.findall(r"(?m)^- .*: ([0-9]+)", as_lines("get_product", output))
    assert {_gid("ProductVariant", each) for each in told} == variants_seen([output])


def test_ids_with_a_suffix_are_taken_back_as_they_were_told() -> None:
    output = {
        "product": {"id": "gid://shopify/Product/1?shop=9", "title": "Hat", "price": "1.00 EUR", "variants": []}
    }
    assert as_lines("get_product", output) == "# Hat (id 1?shop=9) 1.00 EUR"
    assert _gid("Product", "1?shop=9") == "gid://shopify/Product/1?shop=9"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | HOSTILE | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["products", "product", "cart", "lines", "answers", "variants", "options", "values", "price"]
            )
            | st.sampled_from(
                ["id", "title", "status", "notices", "error", "note", "links", "total", "label", "name"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)


@given(JSON, st.sampled_from(list(Detail)))
def test_any_stored_output_can_be_told(output: Any, detail: Detail) -> None:
    told = as_lines("x", json.loads(json.dumps(output)), detail)
    assert told.split("\n") == told.splitlines()
    assert told.strip()
