"""A product with more variants than one answer holds: every one of them can be found, named and bought."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Visitor
from tests.shop_server import (
    COLOURS,
    LEGACY_TOOLS,
    SHOE,
    SIZES,
    Json,
    Shoe,
    ShopServer,
    Slot,
    shop_server,
    store_at,
    text_result,
    ucp_cart,
    ucp_message,
    ucp_product,
    ucp_result,
)
from widget_api.models import Shop
from widget_api.shopify.store import Store
from widget_api.shopify.tools import Toolbox, variants_seen

pytestmark = pytest.mark.storeless


@pytest.fixture(scope="module")
def shop() -> Iterator[ShopServer]:
    with shop_server() as shop:
        yield shop


@pytest.fixture(scope="module")
def store(shop: ShopServer) -> Iterator[Store]:
    with store_at(shop.url) as store:
        yield store


@pytest.fixture
def tools(shop: ShopServer, store: Store) -> Toolbox:
    shop.heard.clear()
    shop.script["get_product"] = Shoe().get_product
    return Toolbox(store, Slot(), ())


def selected(**labels: str) -> list[Json]:
    return [{"name": name, "label": label} for name, label in labels.items()]


def marks(product: Json, name: str) -> dict[str, tuple[bool, bool]]:
    """Available and exists, of each value of an option."""
    option = next(each for each in product["options"] if each["name"] == name)
    return {value["label"]: (value["available"], value["exists"]) for value in option["values"]}


def test_the_model_learns_of_every_size_and_that_there_are_more_variants(tools: Toolbox) -> None:
    product = tools.run("get_product", {"id": SHOE}).output["product"]
    assert [variant["title"] for variant in product["variants"]] == ["38 / Black"]
    assert list(marks(product, "Size")) == list(SIZES)
    assert list(marks(product, "Color")) == list(COLOURS)
    assert product["selected"] == selected(Size="38", Color="Black")
    assert product["has_more_variants"] is True


def test_size_44_of_a_shoe_with_eighty_variants_gets_into_the_cart(shop: ShopServer, tools: Toolbox) -> None:
    tools.run("get_product", {"id": SHOE})
    found = tools.run("get_product", {"id": SHOE, "selected": selected(Size="44", Color="Red")}).output
    assert "note" not in found
    (variant,) = found["product"]["variants"]
    assert variant["options"] == {"Size": "44", "Color": "Red"}
    shop.script["create_cart"] = ucp_result(ucp_cart((variant["id"], 1)))
    assert not tools.run("update_cart", {"lines": [{"variant_id": variant["id"], "quantity": 1}]}).error
    assert shop.calls("create_cart")[-1].arguments["cart"]["line_items"][0]["item"]["id"] == variant["id"]


def test_one_value_alone_lists_all_that_have_it(tools: Toolbox) -> None:
    product = tools.run("get_product", {"id": SHOE, "selected": selected(Size="44")}).output["product"]
    assert {variant["options"]["Color"] for variant in product["variants"]} == set(COLOURS)
    assert product["selected"] == selected(Size="44")


def test_what_was_shown_before_can_still_be_bought(shop: ShopServer, tools: Toolbox) -> None:
    shop.script["search_catalog"] = ucp_result({"products": [Shoe().product({"Size": "36"})]})
    shown = tools.run("search_catalog", {"query": "shoe"}).output
    last = tools.run("get_product", {"id": SHOE, "selected": selected(Size="44", Color="Red")}).output
    assert len(variants_seen([shown, last])) == 3 + 1
    assert variants_seen([shown, last]) < tools.seen
    assert len(tools.seen) == len(COLOURS) + 1  # the card shows all colours of the size


def test_a_featured_variant_that_is_sold_out_does_not_make_the_product_so(shop: ShopServer, tools: Toolbox) -> None:
    shop.script["get_product"] = Shoe(stocked={("39", "Black")}).get_product
    product = tools.run("get_product", {"id": SHOE}).output["product"]
    assert (product["available"], product["variants"][0]["available"]) == (True, False)
    assert marks(product, "Size")["39"] == (True, True)
    assert marks(product, "Size")["40"] == (False, True)


def test_a_search_that_marks_no_value_does_not_call_the_rest_sold_out(shop: ShopServer, tools: Toolbox) -> None:
    """A search lists the featured variant alone, and its options have labels alone (UCP option_value.json)."""
    product = Shoe(stocked={("39", "Black")}).product()
    for option in product["options"]:
        option["values"] = [{"label": value["label"]} for value in option["values"]]
    shop.script["search_catalog"] = ucp_result({"products": [product]})
    (found,) = tools.run("search_catalog", {"query": "shoe", "available_only": True}).output["products"]
    assert (found["available"], found["has_more_variants"]) == (True, True)
    assert marks(found, "Size")["38"] == (False, True)


def test_labels_that_differ_by_their_case_alone_are_two(shop: ShopServer, store: Store) -> None:
    def graded(message: Json) -> Json:
        asked = message["params"]["arguments"]["catalog"].get("selected", [])
        options = [{"name": "Grade", "values": [{"label": "A"}, {"label": "a"}]}]
        return ucp_result({"product": ucp_product(options=options, selected=asked)})

    shop.script["get_product"] = graded
    assert store.product(SHOE, (("grade", "a"),)).selected == (("Grade", "a"),)
    assert store.product(SHOE, (("Grade", "A"),)).selected == (("Grade", "A"),)


def test_a_product_of_which_nothing_is_left_is_sold_out(shop: ShopServer, tools: Toolbox) -> None:
    shop.script["get_product"] = Shoe(stocked=set()).get_product
    assert tools.run("get_product", {"id": SHOE}).output["product"]["available"] is False


def test_a_selection_that_the_shop_relaxes_is_told(shop: ShopServer, tools: Toolbox) -> None:
    shop.script["get_product"] = Shoe(made={("44", "Black"), ("38", "Black"), ("38", "Red")}).get_product
    output = tools.run("get_product", {"id": SHOE, "selected": selected(Size="44", Color="Red")}).output
    assert output["product"]["selected"] == selected(Size="44")
    assert output["note"] == (
        "The shop has nothing with all of that and let go of Color Red. What is listed is for Size 44."
    )


@pytest.mark.parametrize("written", [selected(size="44", COLOR="red"), selected(Size=" 44 ", Color="RED")])
def test_the_shops_own_spelling_is_found(tools: Toolbox, written: list[Json]) -> None:
    output = tools.run("get_product", {"id": SHOE, "selected": written}).output
    assert [variant["title"] for variant in output["product"]["variants"]] == ["44 / Red"]
    assert "note" not in output


def test_a_label_goes_back_letter_for_letter(shop: ShopServer, store: Store) -> None:
    odd = "Gro\u0308\u00dfe\u200b  XL"  # decomposed, with what nobody sees and two spaces: shops compare letters
    options = [{"name": "Size", "values": [{"label": odd, "available": True, "exists": True}]}]
    product = ucp_product(options=options, selected=[{"name": "Size", "label": odd}])
    shop.script["get_product"] = ucp_result({"product": product})
    shown = Toolbox(store, Slot(), ()).run("get_product", {"id": SHOE}).output["product"]["options"][0]
    asked = [{"name": "Size", "label": shown["values"][0]["label"]}]
    Toolbox(store, Slot(), ()).run("get_product", {"id": SHOE, "selected": asked})
    assert shop.heard[-1].arguments["catalog"]["selected"] == [{"name": "Size", "label": odd}]


def test_without_a_selection_none_is_sent(shop: ShopServer, tools: Toolbox) -> None:
    tools.run("get_product", {"id": SHOE})
    tools.run("get_product", {"id": SHOE, "selected": []})
    assert [heard.arguments["catalog"] for heard in shop.calls("get_product")] == [{"id": SHOE}] * 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([{"name": "Size", "label": "44"}, {"name": "Size", "label": "45"}], "name each option once"),
        ([{"name": "Size"}], "lacks the field label"),
        ([{"name": "", "label": "44"}], "from 1 to 255"),
        ("44", "must be a list"),
    ],
)
def test_a_selection_that_makes_no_sense_is_refused(tools: Toolbox, shop: ShopServer, wrong: Any, said: str) -> None:
    outcome = tools.run("get_product", {"id": SHOE, "selected": wrong})
    assert said in outcome.output["error"]
    assert shop.calls("get_product") == []


def test_a_shop_that_lists_everything_shows_what_was_asked_for_first(shop: ShopServer, tools: Toolbox) -> None:
    shoe = Shoe()
    all_of_it = [shoe.variant(*pair) for pair in sorted(shoe.made)]
    shop.script["get_product"] = ucp_result({"product": ucp_product(id=SHOE, variants=all_of_it)})
    output = tools.run("get_product", {"id": SHOE, "selected": selected(Size="45", Color="White")}).output
    assert output["product"]["variants"][0]["title"] == "45 / White"
    assert "note" not in output
    lost = tools.run("get_product", {"id": SHOE, "selected": selected(Size="50")}).output
    assert lost["note"] == "No variant that is listed here has Size 50."


def test_long_lists_of_values_say_how_many_are_left_out(shop: ShopServer, tools: Toolbox) -> None:
    values = [{"label": f"No. {number}"} for number in range(180)]
    shop.script["get_product"] = ucp_result({"product": ucp_product(options=[{"name": "Thread", "values": values}])})
    outcome = tools.run("get_product", {"id": SHOE})
    (option,) = outcome.output["product"]["options"]
    assert (len(option["values"]), option["more"]) == (100, "… and 80 more values")
    assert len(outcome.events[0][1]["products"][0]["options"][0]["values"]) == 180


@pytest.mark.parametrize(
    "options",
    [
        None,
        7,
        {},
        "Size",
        [None, 7, "Size", {}, {"name": "Size"}, {"name": "Size", "values": 3}, {"values": [{"label": "S"}]}],
        [{"name": "Size", "values": [None, {}, 7, {"label": None}]}],
        [{"name": "Title", "values": [{"label": "Default Title"}]}],
    ],
)
def test_options_that_are_none_are_left_out_and_the_product_stays(
    shop: ShopServer, tools: Toolbox, options: Any
) -> None:
    shop.script["get_product"] = ucp_result({"product": ucp_product(options=options, selected=options)})
    product = tools.run("get_product", {"id": SHOE}).output["product"]
    assert "options" not in product
    assert len(product["variants"]) == 2


def test_one_variant_that_cannot_be_read_does_not_hide_the_others(shop: ShopServer, tools: Toolbox) -> None:
    variants = [{"id": "x"}, None, *ucp_product()["variants"]]
    shop.script["get_product"] = ucp_result({"product": ucp_product(variants=variants)})
    product = tools.run("get_product", {"id": SHOE}).output["product"]
    assert [variant["title"] for variant in product["variants"]] == ["Grey", "Moss"]


def test_the_older_endpoint_takes_a_selection_too() -> None:
    single = {
        "variant_id": "gid://shopify/ProductVariant/1",
        "title": "44",
        "price": "99.0",
        "currency": "EUR",
        "available": True,
        "selected_options": [{"name": "Size", "value": "44"}],
    }
    product = {
        "product_id": SHOE,
        "title": "Fell Shoe",
        "price_range": {"min": "99.0", "max": "109.0", "currency": "EUR"},
        "options": [{"name": "Size", "values": ["38", "44"]}],
        "selectedOrFirstAvailableVariant": single,
    }
    with shop_server(ucp=(), legacy=LEGACY_TOOLS) as shop, store_at(shop.url) as store:
        shop.script["get_product_details"] = text_result({"product": product})
        outcome = Toolbox(store, Slot(), ()).run("get_product", {"id": SHOE, "selected": selected(Size="44")})
        assert shop.heard[-1].arguments == {"product_id": SHOE, "options": {"Size": "44"}}
    found = outcome.output["product"]
    assert (found["selected"], found["has_more_variants"]) == (selected(Size="44"), True)
    assert found["price_max"] == "109.00 EUR"
    assert marks(found, "Size") == {"38": (True, True), "44": (True, True)}


PAIRS = st.tuples(st.sampled_from(SIZES[:4]), st.sampled_from(COLOURS[:3]))


@settings(max_examples=60)
@given(made=st.sets(PAIRS, min_size=1), stocked=st.sets(PAIRS), asked=st.none() | PAIRS, data=st.data())
def test_every_variant_of_any_product_is_reached_and_none_is_denied(
    made: set[tuple[str, str]], stocked: set[tuple[str, str]], asked: Any, data: st.DataObject, store: Store,
    shop: ShopServer,
) -> None:  # fmt: skip
    shoe = Shoe(made=made, stocked=made & stocked, featured=data.draw(st.sampled_from(sorted(made))))
    shop.script["get_product"] = shoe.get_product
    product = store.product(SHOE, (("Size", asked[0]), ("Color", asked[1])) if asked else ())
    assert product.has_more_variants == (len(product.variants) < len(made))
    for size, colour in made:
        found = store.product(SHOE, (("Size", size), ("Color", colour)))
        assert [variant.options for variant in found.variants] == [(("Size", size), ("Color", colour))]
        assert found.variants[0].available == ((size, colour) in stocked)
    listed = any(variant.available for variant in product.variants)
    marked = any(value.available for option in product.options for value in option.values)
    assert product.available == (listed or marked)


# The route


@pytest.fixture
def annas_shop(shop: ShopServer, anna: Visitor) -> ShopServer:
    Shop.register(anna.shop, mcp_url=shop.url)
    shop.heard.clear()
    shop.script["get_product"] = Shoe().get_product
    return shop


def test_a_cards_picker_gets_the_variants_of_a_selection(annas_shop: ShopServer, anna: Visitor) -> None:
    body = {"selected": selected(Size="44", Color="Red"), "country": "FI", "currency": "EUR", "language": "fi"}
    answer = anna.post("/api/products/7100/selection", json=body)
    assert answer.status_code == 200
    assert [variant["title"] for variant in answer.json["product"]["variants"]] == ["44 / Red"]
    assert annas_shop.calls("get_product")[-1].arguments["catalog"] == {
        "id": SHOE,
        "selected": selected(Size="44", Color="Red"),
        "context": {"address_country": "FI", "currency": "EUR", "language": "fi"},
    }


def test_an_empty_selection_is_the_shops_own_choice(annas_shop: ShopServer, anna: Visitor) -> None:
    answer = anna.post("/api/products/7100/selection", json={"selected": []})
    assert answer.json["product"]["selected"] == selected(Size="38", Color="Black")
    assert annas_shop.calls("get_product")[-1].arguments["catalog"] == {"id": SHOE}


@pytest.mark.parametrize(
    "body",
    [
        {"selected": [{"name": "Size", "label": "44"}] * 2},
        {"selected": [{"name": "", "label": "44"}]},
        {"selected": [{"name": "Size", "label": "x" * 256}]},
        {"selected": [{"name": f"{number}", "label": "x"} for number in range(11)]},
        {"selected": {"Size": "44"}},
        {"selected": [], "country": "x" * 61},
        {"selected": [], "shop": "other.myshopify.com"},
    ],
)
def test_a_body_that_makes_no_sense_is_refused_and_the_shop_not_asked(
    annas_shop: ShopServer, anna: Visitor, body: Json
) -> None:
    answer = anna.post("/api/products/7100/selection", json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid-body")
    assert annas_shop.heard == []


@pytest.mark.parametrize("number", ["x", "7100x", "-1", "9" * 21, "gid:%2F%2Fshopify%2FProduct%2F1"])
def test_what_names_no_product_is_not_found(annas_shop: ShopServer, anna: Visitor, number: str) -> None:
    answer = anna.post(f"/api/products/{number}/selection", json={"selected": []})
    assert answer.status_code == 404
    assert annas_shop.heard == []


def test_a_product_that_the_shop_does_not_know_is_not_found(annas_shop: ShopServer, anna: Visitor) -> None:
    annas_shop.script["get_product"] = ucp_result(ucp_message("not_found", "Product not found: x"))
    answer = anna.post("/api/products/1/selection", json={})
    assert (answer.status_code, answer.json["code"]) == (404, "product-not-found")
