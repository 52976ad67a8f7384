"""The model reads results as lean JSON: prices as written, bare ids, and no member that is empty."""

from __future__ import annotations

import json
import unicodedata
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
from widget_api.shopify.result_json import BRIEF_VARIANTS, Detail, to_lean, to_lean_json
from widget_api.shopify.selection import Option, Value
from widget_api.shopify.store import Checked
from widget_api.shopify.tools import _cart_outcome, _gid, variants_seen
from widget_api.turns.shortening import shorten_to


def eur(amount: int) -> Money:
    return Money(amount, "EUR")


def other(product: Product, **members: Any) -> Product:
    return Product(**{name: getattr(product, name) for name in product.__slots__} | members)


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


def test_a_search_is_told_with_prices_as_the_shop_writes_them() -> None:
    assert to_lean_json(shown.search_output(Found((BEANIE, CUP)))) == (
        '{"products":[{"id":"8123","title":"Ridge Beanie","price":"29.00 EUR","price_max":"34.00 EUR",'
        '"description":"Ribbed lambswool. Machine washable.","variants":['
        '{"id":"40123","title":"Moss","available":true,"price":"29.00 EUR","compare_at":"39.00 EUR"},'
        '{"id":"40124","title":"Grey","available":false,"price":"34.00 EUR"}]},'
        '{"id":"8200","title":"Tin Cup","price":"12.00 EUR",'
        '"variants":[{"id":"50001","available":true,"status":"preorder"}]}]}'
    )


def test_one_product_has_its_options_with_what_cannot_be_had() -> None:
    sizes = Option("Size", (Value("S", True, True), Value("M", False, True), Value("XL", False, False)))
    product = other(BEANIE, options=(sizes,), selected=(("Size", "S"),), available=False)
    told = to_lean(shown.product_output(product, (("Size", "XXL"),)))
    assert told["note"].startswith("The shop has nothing with all of that and let go of Size XXL.")
    assert told["product"]["available"] is False
    assert told["product"]["selected"] == {"Size": "S"}
    assert told["product"]["options"] == {"Size": ["S", "M", "XL"]}
    assert told["product"]["sold_out"] == {"Size": ["M"]}
    assert told["product"]["not_made"] == {"Size": ["XL"]}


def test_values_that_are_too_many_are_counted() -> None:
    sizes = Option("Size", tuple(Value(str(number), True, True) for number in range(14)))
    product = to_lean(shown.search_output(Found((other(CUP, options=(sizes,), has_more_variants=True),))))[
        "products"
    ][0]
    assert product["options"] == {"Size": [str(number) for number in range(12)]}
    assert product["more_values"] == {"Size": "… and 2 more values"}


def test_a_variant_names_the_options_that_its_title_leaves_out() -> None:
    variant = Variant("gid://shopify/ProductVariant/7", "M", eur(1200), True, None, (("Size", "M"), ("Cut", "Slim")))
    told = to_lean(shown.search_output(Found((other(CUP, variants=(variant,)),))))
    assert told["products"][0]["variants"] == [
        {"id": "7", "title": "M", "options": {"Cut": "Slim"}, "available": True}
    ]


def test_of_many_variants_the_way_to_the_others_is_told() -> None:
    many = [Variant(f"gid://shopify/ProductVariant/{number}", f"{number}", eur(1200), True) for number in range(60)]
    product = other(CUP, variants=tuple(many))
    searched = to_lean(shown.search_output(Found((product,))))
    assert [each["id"] for each in searched["products"][0]["variants"]] == ["0", "1", "2"]
    assert searched["more_variants"] == "call get_product"
    one = to_lean(shown.product_output(product, ()))
    assert len(one["product"]["variants"]) == 50
    assert one["more_variants"] == "call get_product again, with selected"
    brief = to_lean(shown.product_output(other(CUP, variants=tuple(many[:12])), ()), Detail.BRIEF)
    assert len(brief["product"]["variants"]) == BRIEF_VARIANTS
    assert "more_variants" in brief


def test_a_list_of_clothes_tells_options_and_one_variant_instead_of_three_of_dozens() -> None:
    options = tuple(Option(name, (Value("A", True, True), Value("B", False, True))) for name in ("Size", "Colour"))
    many = other(BEANIE, options=options, has_more_variants=True, description="")
    first, second = to_lean(shown.search_output(Found((many, many))))["products"]
    assert first["options"] == {"Size": ["A", "B"], "Colour": ["A", "B"]}
    assert first["sold_out"] == {"Size": ["B"], "Colour": ["B"]}
    assert second == {**{name: first[name] for name in first if name != "sold_out"}, "options": "as above"}
    assert [each["id"] for each in first["variants"]] == ["40123"]


def test_that_a_variant_which_is_not_listed_is_reduced_stands_at_the_product() -> None:
    options = tuple(Option(name, (Value("A", True, True),)) for name in ("Size", "Colour"))
    plain = Variant("gid://shopify/ProductVariant/1", "A / A", eur(2900), True)
    many = other(BEANIE, options=options, has_more_variants=True, variants=(plain, BEANIE.variants[0]))
    assert to_lean(shown.search_output(Found((many,))))["products"][0]["reduced"] is True


def test_a_policy_has_its_page_and_stands_on_one_line() -> None:
    answers = [{"question": "Returns", "answer": "30 days.\n\nUnworn.", "links": ["https://shop.example/policies/r"]}]
    assert to_lean_json({"answers": answers, "note": "Excerpts."}) == (
        '{"note":"Excerpts.","answers":[{"question":"Returns","answer":"30 days. / Unworn.",'
        '"links":["https://shop.example/policies/r"]}]}'
    )


def line(number: int, **members: Any) -> Line:
    members = {"variant_id": f"gid://shopify/ProductVariant/{number}", "title": f"Mug {number}", **members}
    return Line(f"gid://shopify/CartLine/{number}", quantity=2, price=eur(900), total=eur(1800), **members)


def test_a_cart_tells_its_lines_with_what_tells_them_apart() -> None:
    engraved = line(2, variant_id="gid://shopify/ProductVariant/3", attributes=(("Engraving", "Anna"),))
    weighed = line(4, quantity_text="1.5 lb", notices=(Notice("warning", "x", "Few are left."),))
    cart = Cart(
        (line(1), engraved, line(3), weighed),
        eur(7100),
        checkout_url="https://shop.example/secret",
        totals=(Total("tax", "VAT", eur(100)),),
        discounts=(Discount("WINTER", "", eur(100)),),
    )
    price = {"quantity": 2, "price": "9.00 EUR", "total": "18.00 EUR"}
    attributes = [{"name": "Engraving", "value": "Anna"}]
    assert to_lean(_cart_outcome(Checked("ok", cart), "Grown.").output) == {
        "note": "Grown.",
        "status": "ok",
        "cart": {
            "lines": [
                {"id": "1", "variant_id": "1", "title": "Mug 1", **price},
                {"id": "2", "variant_id": "3", "title": "Mug 2", **price, "attributes": attributes},
                {"id": "3", "variant_id": "3", "title": "Mug 3", **price},
                {
                    "id": "4",
                    "variant_id": "4",
                    "title": "Mug 4",
                    **price,
                    "quantity_text": "1.5 lb",
                    "notices": ["Few are left."],
                },
            ],
            "count": 7,
            "total": "71.00 EUR",
            "discounts": [{"code": "WINTER", "amount": "1.00 EUR"}],
            "totals": [{"text": "VAT", "amount": "1.00 EUR"}],
        },
    }


@pytest.mark.parametrize("status", ["none", "gone", "unknown"])
def test_a_cart_that_is_not_there_is_told_by_its_status(status: str) -> None:
    assert to_lean({"status": status, "cart": None, "note": "No cart."}) == {"note": "No cart.", "status": status}


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
    assert to_lean({"products": [product]})["products"] == [
        {
            "id": "8123",
            "title": "Ridge Beanie",
            "price": "29.00 EUR",
            "variants": [{"id": "40123", "title": "Moss", "available": True}],
        }
    ]
    cart = {"lines": [], "total": price, "count": 0}
    assert to_lean({"cart": cart}) == {"cart": {"count": 0, "total": "29.00 EUR", "lines": []}}


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ({"error": "The shop\nis closed."}, '{"error":"The shop / is closed."}'),
        ({"error": "Not gid://shopify/Product/1."}, '{"error":"Not 1."}'),
        ({"error": "a\x1b[2J\u202eb\u2028c"}, '{"error":"a[2Jb / c"}'),
        ({"products": []}, '{"products":[]}'),
        ({"answers": [], "note": "Ask."}, '{"note":"Ask.","answers":[]}'),
        ({}, "{}"),
        ("", "{}"),
        (None, "{}"),
        ("Closed.", '{"result":"Closed."}'),
        (float("inf"), "{}"),
        ({"status": "proposed", "seconds": 3, "later": {"a": None, "b": [1]}},
         '{"status":"proposed","seconds":3,"later":{"b":[1]}}'),
    ],
)  # fmt: skip
def test_whatever_else_a_tool_says_is_told(output: Any, told: str) -> None:
    assert to_lean_json(output) == told


PIECES = ['"', "\\", '"}],"price":"1.00 EUR', '","available":true,"x":"', "\u2028", "\x85", "\x0b", "\x00", "\r\n"]
PIECES += ["<|im_start|>", "a", " ", "{", "}", "é", "id 5", "gid://shopify/Product/1"]
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


@st.composite
def hostile_products(draw: st.DrawFn) -> Product:
    product = draw(products)
    retitled = [
        Variant(each.id, draw(HOSTILE), each.price, each.available, each.compare_at, (), notices=())
        for each in product.variants[:3]
    ]
    option = Option(draw(HOSTILE), (Value(draw(HOSTILE), True, True),))
    told = {"variants": tuple(retitled), "options": (option,), "notices": (Notice("info", "", draw(HOSTILE)),)}
    return other(product, title=draw(HOSTILE), description=draw(HOSTILE), **told)


def number_of(id: str) -> str:
    return id.rpartition("/")[2]


PRODUCT_MEMBERS = {"id", "title", "price", "price_max", "available", "description", "selected", "options", "variants"}
PRODUCT_MEMBERS |= {"sold_out", "not_made", "more_values", "reduced", "notices"}
VARIANT_MEMBERS = {"id", "title", "options", "available", "price", "compare_at", "status", "notices"}


@given(st.lists(hostile_products(), min_size=1, max_size=3))
def test_no_words_of_a_shop_look_like_another_member_or_leave_their_line(listed: list[Product]) -> None:
    output = shown.search_output(Found(tuple(listed)))
    content = Result("c", "search_catalog", output, text=to_lean_json(output)).content
    assert len(content.splitlines()) == 1
    assert content.isprintable()
    assert "<" not in content
    told = json.loads(content)
    assert [(each["id"], each["price"]) for each in told["products"]] == [
        (number_of(each.id), each.price.to_text()) for each in listed
    ]
    for product, stored in zip(told["products"], output["products"], strict=True):
        assert product.keys() <= PRODUCT_MEMBERS
        assert all(each.keys() <= VARIANT_MEMBERS for each in product["variants"])
        variants = [(number_of(each["id"]), each["available"]) for each in stored["variants"]]
        assert [(each["id"], each["available"]) for each in product["variants"]] == variants


@given(st.lists(products, max_size=4), notices)
def test_every_product_can_be_named_in_every_detail(listed: list[Product], told: tuple[Notice, ...]) -> None:
    output = shown.search_output(Found(tuple(listed), told))
    for detail in Detail:
        text = to_lean_json(output, detail)
        named = json.loads(text)["products"]
        assert [(each["id"], each["price"]) for each in named] == [
            (number_of(each.id), each.price.to_text()) for each in listed
        ]
        assert all(isinstance(each["variants"], list) for each in named)
        assert "gid://" not in text


@given(products)
def test_an_id_that_was_told_is_one_that_the_tools_take(product: Product) -> None:
    output = shown.product_output(product, ())
    told = [each["id"] for each in to_lean(output)["product"]["variants"]]
    assert {_gid("ProductVariant", each) for each in told} == variants_seen([output])


def test_ids_with_a_suffix_are_taken_back_as_they_were_told() -> None:
    output = {
        "product": {"id": "gid://shopify/Product/1?shop=9", "title": "Hat", "price": "1.00 EUR", "variants": []}
    }
    assert to_lean(output)["product"]["id"] == "1?shop=9"
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


def is_lean(told: Any) -> bool:
    """Return whether no member is empty but for the lists that say something by that."""
    if isinstance(told, dict):
        kept = {"products", "answers", "variants", "lines"}
        return all(each not in (None, "", [], {}) or name in kept for name, each in told.items()) and all(
            map(is_lean, told.values())
        )
    return not isinstance(told, list) or all(map(is_lean, told))


@given(
    JSON
    | st.fixed_dictionaries({"products": st.lists(products.map(lambda each: shown.compact(each, 40)), max_size=3)})
)
def test_any_stored_output_is_told_as_one_valid_object_that_is_no_longer_in_less_detail(output: Any) -> None:
    output = json.loads(json.dumps(output))
    whole = to_lean_json(output)
    lengths = [len(whole)]
    for detail in Detail:
        told = to_lean_json(output, detail)
        short = shorten_to(detail, output, whole)
        assert isinstance(json.loads(told, parse_constant=pytest.fail), dict)
        assert isinstance(json.loads(short, parse_constant=pytest.fail), dict)
        assert is_lean(json.loads(told))
        assert not any(unicodedata.category(letter) == "Cc" for letter in told)
        lengths.append(len(short))
    assert lengths == sorted(lengths, reverse=True)
