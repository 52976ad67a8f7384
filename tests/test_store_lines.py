"""A cart's lines are lines, not variants, and a change through the chat takes nothing away that nobody named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shop_server import (
    CART_ID,
    LEGACY_TOOLS,
    TOKEN,
    Answer,
    Error,
    Json,
    LiteralCart,
    Raw,
    ShopServer,
    Slot,
    literal_line,
    shop_server,
    store_at,
    text_result,
    ucp_cart,
    ucp_product,
    ucp_result,
)
from widget_api.shopify.cart import Cart, Checked
from widget_api.shopify.lines import Change, make_plan
from widget_api.shopify.outcomes import differences
from widget_api.shopify.schema import Invalid
from widget_api.shopify.store import Store
from widget_api.shopify.tools import Outcome, Toolbox
from widget_api.shopify.ucp_cart import make_update

MUG, BOWL, GIFT = (f"gid://shopify/ProductVariant/{number}" for number in (8001, 8002, 8003))
ANNA: Json = {"attributes": [{"key": "Engraving", "value": "Anna"}]}


@pytest.fixture(scope="module")
def shop() -> Iterator[ShopServer]:
    with shop_server() as shop:
        yield shop


@pytest.fixture(scope="module")
def store(shop: ShopServer) -> Iterator[Store]:
    with store_at(shop.url, country="FI", currency="EUR") as store:
        yield store


@pytest.fixture
def tools(shop: ShopServer, store: Store) -> Toolbox:
    shop.heard.clear()
    return Toolbox(store, Slot(CART_ID), {MUG, BOWL, GIFT})


def line(name: str, variant: str = MUG, quantity: int = 1, **members: Any) -> Json:
    return literal_line(variant, quantity, id=f"gid://shopify/CartLine/{name}?cart={TOKEN}", **members)


def change(tools: Toolbox, *lines: Json) -> Outcome:
    return tools.run("update_cart", {"lines": list(lines)})


def of(variant: str, quantity: int) -> Json:
    return {"variant_id": variant, "quantity": quantity}


def at(name: str, quantity: int) -> Json:
    return {"line_id": f"gid://shopify/CartLine/{name}", "quantity": quantity}


# A rise


def test_a_rise_goes_to_the_plain_line_and_is_told(shop: ShopServer, tools: Toolbox) -> None:
    cart = LiteralCart(shop, [line("A", **ANNA), line("B")])
    outcome = change(tools, of(MUG, 3))
    assert cart.quantities() == {"A": 1, "B": 2}
    assert outcome.output["note"] == (
        "1 more of “Mug 8001” went to a line without extras. Unchanged: 1 of “Mug 8001” (Engraving: Anna)."
    )


@pytest.mark.parametrize(
    "members",
    [
        ANNA,
        {"properties": {"Engraving": "Anna"}},
        {"properties": {"_hidden": "1"}},
        {"selling_plan": {"id": "gid://shopify/SellingPlan/1", "name": "Every month"}},
        {"selling_plan_allocation": {"selling_plan": {"name": "Every month"}}},
        {"parent_id": f"gid://shopify/CartLine/Z?cart={TOKEN}"},
    ],
)
def test_a_rise_beside_lines_with_extras_alone_is_a_new_line(shop: ShopServer, tools: Toolbox, members: Json) -> None:
    cart = LiteralCart(shop, [line("A", **members)])
    outcome = change(tools, of(MUG, 3))
    assert cart.quantities() == {"A": 1, "901": 2}
    assert "2 more of “Mug 8001” went to a line without extras" in outcome.output["note"]


def test_a_rise_where_lines_look_alike_is_a_new_line(shop: ShopServer, tools: Toolbox) -> None:
    """They differ in something that the shop does not show."""
    cart = LiteralCart(shop, [line("A"), line("B")])
    change(tools, of(MUG, 3))
    assert cart.quantities() == {"A": 1, "B": 1, "901": 1}


def test_a_line_that_others_belong_to_is_not_multiplied(shop: ShopServer, tools: Toolbox) -> None:
    cart = LiteralCart(shop, [line("A"), line("B", GIFT, parent_id=line("A")["id"])])
    change(tools, of(MUG, 2))
    assert cart.quantities() == {"A": 1, "B": 1, "901": 1}


def test_a_new_line_that_the_shop_puts_into_an_old_one_is_no_surprise(shop: ShopServer, tools: Toolbox) -> None:
    cart = LiteralCart(shop, [line("A"), line("B")])

    def merged(message: Json) -> Answer:
        cart.update(message)
        cart.lines = [line("A"), line("B", MUG, 2)]
        return ucp_result(cart.shown())

    shop.script["update_cart"] = merged
    note = change(tools, of(MUG, 3)).output["note"]
    assert "elsewhere" not in note
    assert "not" not in note


# A fall


def test_a_fall_takes_from_the_last_of_lines_that_look_alike(shop: ShopServer, tools: Toolbox) -> None:
    cart = LiteralCart(shop, [line("A", MUG, 2), line("B", BOWL), line("C", MUG, 2)])
    outcome = change(tools, of(MUG, 1))
    assert cart.quantities() == {"A": 1, "B": 1}
    assert outcome.output["note"] == "3 of “Mug 8001” left the last of its 2 lines."


@pytest.mark.parametrize("members", [ANNA, {"selling_plan": "Every month"}, {"gift_wrap": {"paper": "red"}}])
def test_a_fall_that_leaves_open_which_line_is_meant_is_asked_back(
    shop: ShopServer, tools: Toolbox, members: Json
) -> None:
    cart = LiteralCart(shop, [line("A", MUG, 2, **members), line("B", MUG, 3)])
    outcome = change(tools, of(MUG, 4))
    assert outcome.error
    assert "stands in 2 lines that differ" in outcome.output["error"]
    assert "line_id gid://shopify/CartLine/A" in outcome.output["error"]
    assert "Ask the shopper" in outcome.output["error"]
    assert TOKEN not in outcome.output["error"]
    assert (cart.updates, cart.quantities()) == ([], {"A": 2, "B": 3})


def test_nought_takes_out_all_lines_of_a_variant_and_says_so(shop: ShopServer, tools: Toolbox) -> None:
    cart = LiteralCart(shop, [line("A", **ANNA), line("B"), line("C", BOWL)])
    outcome = change(tools, of(MUG, 0))
    assert cart.quantities() == {"C": 1}
    assert "All 2 lines of “Mug 8001” were taken out" in outcome.output["note"]


def test_a_fall_of_the_only_line_is_clear_whatever_it_holds(shop: ShopServer, tools: Toolbox) -> None:
    cart = LiteralCart(shop, [line("A", MUG, 3, **ANNA)])
    assert "note" not in change(tools, of(MUG, 1)).output
    assert cart.lines == [line("A", **ANNA)]


def test_what_belongs_to_a_line_goes_with_it(shop: ShopServer, tools: Toolbox) -> None:
    cart = LiteralCart(shop, [line("A"), line("B", GIFT, parent_id=line("A")["id"]), line("C", GIFT)])
    outcome = change(tools, of(MUG, 0))
    assert cart.quantities() == {"C": 1}
    assert "“Mug 8003” (belongs to another line) belonged to a line that was taken out" in outcome.output["note"]


# One line


def test_more_of_what_goes_with_its_parent_is_what_was_asked_for(shop: ShopServer, tools: Toolbox) -> None:
    for order in (1, -1):
        cart = LiteralCart(shop, [line("A"), line("B", GIFT, parent_id=line("A")["id"])])
        note = change(tools, *[of(MUG, 0), of(GIFT, 3)][::order]).output["note"]
        assert cart.quantities() == {"901": 3}
        assert "went with it" in note


def test_a_line_can_be_named(shop: ShopServer, tools: Toolbox) -> None:
    cart = LiteralCart(shop, [line("A", **ANNA), line("B")])
    assert "note" not in change(tools, at("A", 3)).output
    assert cart.quantities() == {"A": 3, "B": 1}
    change(tools, at("B", 0))
    assert cart.quantities() == {"A": 3}


def test_the_model_sees_what_sets_lines_apart_and_no_secret(shop: ShopServer, tools: Toolbox) -> None:
    child = line("B", GIFT, parent_id=line("A")["id"], selling_plan={"name": "Every month"})
    LiteralCart(shop, [line("A", attributes=[*ANNA["attributes"], {"key": "_id", "value": "7"}]), child])
    outcome = tools.run("get_cart", {})
    first, second = outcome.output["cart"]["lines"]
    assert first["attributes"] == [{"name": "Engraving", "value": "Anna"}]
    assert (second["selling_plan"], second["parent_id"]) == ("Every month", "gid://shopify/CartLine/A")
    assert TOKEN not in json.dumps([outcome.output, outcome.events])
    shown = outcome.events[0][1]["cart"]["lines"]
    assert [set(each) >= {"attributes", "selling_plan", "parent_id", "notices"} for each in shown] == [True, True]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([at("Z", 1)], "has no line gid://shopify/CartLine/Z"),
        ([{**at("A", 1), "variant_id": BOWL}], "holds another variant"),
        ([at("A", 1), at("A", 2)], "each line once"),
        ([at("A", 1), of(MUG, 1)], "not by both"),
        ([{"quantity": 1}], "variant_id or a line_id"),
    ],
)
def test_lines_that_make_no_sense_are_refused_and_nothing_is_written(
    shop: ShopServer, tools: Toolbox, lines: list[Json], said: str
) -> None:
    cart = LiteralCart(shop, [line("A"), line("B", BOWL)])
    outcome = change(tools, *lines)
    assert said in outcome.output["error"]
    assert cart.updates == []


def test_lines_with_the_same_id_are_told_apart(shop: ShopServer, tools: Toolbox) -> None:
    cart = LiteralCart(shop, [line("A"), {**line("A", BOWL), "id": f"gid://shopify/CartLine/A?cart={TOKEN}&n=2"}])
    ids = [each["id"] for each in tools.run("get_cart", {}).output["cart"]["lines"]]
    assert ids == ["gid://shopify/CartLine/A", "gid://shopify/CartLine/A#2"]
    assert not change(tools, {"line_id": ids[1], "quantity": 0}).error
    assert [each["item"]["id"] for each in cart.lines] == [MUG]


# What stands in a cart


def odd(name: str, item: Json, **members: Any) -> Json:
    return {"id": f"gid://shopify/CartLine/{name}?cart={TOKEN}", "item": item, "quantity": 1, **members}


ODD = [
    {"id": "gid://shopify/GiftCard/9", "title": "Gift card", "price": 5000},
    {"id": "gid://shopify/Product/1", "title": "A product"},
    {"id": "donation", "title": "One tree", "price": 100, "amount": {"own": True}},
    {"title": "Something", "price": None},
    {"id": None},
    {"id": 7, "title": 7, "price": "5"},
    {},
]


@pytest.mark.parametrize("item", [{}, {"item": None}, {"item": "mug"}])
@pytest.mark.parametrize("id", [line("B")["id"], None])
def test_a_line_of_which_the_shop_tells_next_to_nothing_is_kept(
    shop: ShopServer, store: Store, item: Json, id: str | None
) -> None:
    body = {**ucp_cart(), "line_items": [line("A"), {"id": id, "quantity": 2, **item}]}
    shop.script |= {"get_cart": ucp_result(body), "update_cart": ucp_result(body)}
    cart = store.cart(CART_ID).cart
    assert cart
    assert [each.quantity for each in cart.lines] == [1, 2]
    sent = make_update(make_plan(cart, [Change(3, MUG)]), {})["line_items"]
    assert sent[1] == {"quantity": 2} | ({"id": id} if id else {})


@pytest.mark.parametrize("item", ODD)
def test_an_odd_line_is_shown_and_kept_and_goes_back(shop: ShopServer, tools: Toolbox, item: Json) -> None:
    cart = LiteralCart(shop, [line("A"), odd("B", item)])
    assert tools.run("get_cart", {}).output["cart"]["count"] == 2
    assert not change(tools, of(BOWL, 1)).error
    kept = {name: value for name, value in item.items() if name not in {"title", "price"}}
    assert cart.updates[-1]["line_items"][1] == odd("B", kept)
    assert not change(tools, at("B", 0)).error
    assert cart.quantities() == {"A": 1, "901": 1}


@pytest.mark.parametrize("quantity", [None, "2", 1.5, -1, True, [], 1e300])
def test_a_line_whose_number_makes_no_sense_hides_no_other_and_goes_back_as_it_is(
    shop: ShopServer, store: Store, quantity: Any
) -> None:
    broken = {**line("B", BOWL), "quantity": quantity, "totals": [{"type": "total", "amount": "18.00"}]}
    body = {**ucp_cart(), "line_items": [line("A"), broken]}
    shop.script |= {"get_cart": ucp_result(body), "update_cart": ucp_result(body)}
    cart = store.cart(CART_ID).cart
    assert cart
    assert [each.quantity for each in cart.lines] == [1, 1]
    sent = make_update(make_plan(cart, [Change(2, MUG)]), {})["line_items"]
    assert [each["quantity"] for each in sent] == [2, quantity]


def test_goods_sold_by_measure_are_shown_in_their_unit(shop: ShopServer, tools: Toolbox) -> None:
    ham = line("A", MUG, 150)
    ham["item"]["quantity_unit"] = {"unit": "LBR", "scale": 2, "display_text": "lb", "increment": 25}
    cart = LiteralCart(shop, [ham, line("B", BOWL, 2)])
    shown = tools.run("get_cart", {}).output["cart"]
    assert (shown["count"], shown["lines"][0]["quantity"], shown["lines"][0]["quantity_text"]) == (3, 150, "1.5 lb")
    assert "quantity_text" not in shown["lines"][1]
    assert "sold by measure (1.5 lb)" in change(tools, of(MUG, 2)).output["error"]
    change(tools, of(BOWL, 1))
    assert cart.updates[-1]["line_items"][0]["item"]["quantity_unit"]["unit"] == "LBR"
    change(tools, of(MUG, 0))
    assert cart.quantities() == {"B": 1}


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ({"unit": "KGM", "scale": 3, "display_text": "kg"}, "0.15 kg"),
        ({"unit": "KGM"}, "150 KGM"),
        ({"unit": "C62", "scale": 0}, ""),
        ({"unit": "LBR", "scale": -1}, ""),
        ({"unit": "LBR", "scale": 10**9}, ""),
        ("lb", ""),
        (None, ""),
    ],
)
def test_units_are_read_as_they_come(shop: ShopServer, tools: Toolbox, unit: Any, text: str) -> None:
    ham = line("A", MUG, 150)
    ham["item"]["quantity_unit"] = unit
    LiteralCart(shop, [ham])
    assert tools.run("get_cart", {}).output["cart"]["lines"][0].get("quantity_text", "") == text


def test_the_model_sees_discounts(shop: ShopServer, tools: Toolbox) -> None:
    applied = [{"code": "SUMMER20", "title": "Summer", "amount": 360}, {"title": "Spring", "amount": 100}]
    LiteralCart(shop, [line("A")], {"discounts": {"codes": ["summer20", "OLD"], "applied": applied}})
    told = tools.run("get_cart", {}).output["cart"]["discounts"]
    assert [(each["code"], each["title"], each["amount"]) for each in told] == [
        ("SUMMER20", "Summer", "3.60 EUR"),
        ("", "Spring", "1.00 EUR"),
        ("OLD", "", None),
    ]


# All of the cart goes back

CONTEXT = {"address_country": "SE", "currency": "SEK"}
MEMBERS: Json = {
    "context": CONTEXT,
    "buyer": {"email": "anna@shop.example", "phone_number": None},
    "attribution": {"referring_domain": "news.example"},
    "signals": {"dev.ucp.user_agent": "x"},
    "note": "Leave it at the door.",
    "x_loyalty": [{"points": 3}, None],
    "discounts": {"codes": ["WELCOME10"], "applied": [{"code": "WELCOME10", "title": "Welcome", "amount": 290}]},
    "fulfillment": {
        "methods": [
            {
                "id": "m1",
                "type": "shipping",
                "line_item_ids": [line("A")["id"], line("B")["id"]],
                "selected_destination_id": "d1",
                "groups": [{"id": "g1", "line_item_ids": [], "options": [{"id": "o1"}], "selected_option_id": "o1"}],
            }
        ],
        "available_methods": [{"type": "pickup"}],
    },
}


def test_everything_that_the_shop_sent_goes_back_and_nothing_that_it_works_out(
    shop: ShopServer, tools: Toolbox
) -> None:
    cart = LiteralCart(shop, [line("A", gift_wrap=True), line("B", BOWL)], {**MEMBERS, "links": [], "ucp": {"x": 1}})
    change(tools, of(BOWL, 0))
    (sent,) = cart.updates
    assert sent == {
        "line_items": [{"id": line("A")["id"], "item": {"id": MUG}, "quantity": 1, "gift_wrap": True}],
        **{name: MEMBERS[name] for name in ("context", "attribution", "signals", "note", "x_loyalty")},
        "buyer": {"email": "anna@shop.example"},
        "discounts": {"codes": ["WELCOME10"]},
        "fulfillment": {
            "methods": [
                {
                    "id": "m1",
                    "type": "shipping",
                    "line_item_ids": [line("A")["id"]],
                    "selected_destination_id": "d1",
                    "groups": [{"id": "g1", "selected_option_id": "o1"}],
                }
            ]
        },
    }


def test_a_cart_without_a_context_gets_the_shoppers(shop: ShopServer, tools: Toolbox) -> None:
    each: list[Json] = [{}, {"context": None}, {"context": {}}]
    for members in each:
        cart = LiteralCart(shop, [line("A")], members)
        change(tools, of(MUG, 2))
        assert cart.updates[-1]["context"] == {"address_country": "FI", "currency": "EUR"}


def test_codes_that_the_shop_names_among_the_applied_alone_go_back(shop: ShopServer, tools: Toolbox) -> None:
    applied = [
        {"code": "A1", "title": "One", "amount": 1},
        {"code": "B2", "title": "T", "amount": 1, "automatic": True},
    ]
    cart = LiteralCart(shop, [line("A")], {"discounts": {"applied": applied}})
    change(tools, of(MUG, 2))
    assert cart.updates[-1]["discounts"] == {"codes": ["A1"]}


@pytest.mark.parametrize(("codes", "sent"), [([], ["A1"]), (["B2"], ["B2", "A1"]), (["a1"], ["a1"])])
def test_a_code_that_is_applied_and_not_among_the_codes_goes_back_too(
    shop: ShopServer, tools: Toolbox, codes: list[str], sent: list[str]
) -> None:
    cart = LiteralCart(
        shop, [line("A")], {"discounts": {"codes": codes, "applied": [{"code": "A1", "title": "One"}]}}
    )
    change(tools, of(MUG, 2))
    assert cart.updates[-1]["discounts"] == {"codes": sent}


def test_codes_that_are_objects_are_shown_and_go_back_as_they_came(shop: ShopServer, tools: Toolbox) -> None:
    codes = [{"code": "WINTER10", "applicable": True}]
    cart = LiteralCart(shop, [line("A")], {"discounts": {"codes": codes}})
    assert change(tools, of(MUG, 2)).output["cart"]["discounts"][0]["code"] == "WINTER10"
    assert cart.updates[-1]["discounts"] == {"codes": codes}


def test_a_parent_that_is_null_is_not_sent(shop: ShopServer, tools: Toolbox) -> None:
    kept = line("A", note=None)
    cart = LiteralCart(shop, [{**kept, "parent_id": None}])
    change(tools, of(BOWL, 1))
    assert cart.updates[-1]["line_items"][0] == {**kept, "item": {"id": MUG}}


@pytest.mark.parametrize("ids", [[{"id": "x"}], [7], [["x"]]])
def test_odd_ids_in_the_choice_of_delivery_go_back_as_they_are(
    shop: ShopServer, tools: Toolbox, ids: list[Any]
) -> None:
    method = {"id": "m", "line_item_ids": [*ids, line("A")["id"]]}
    cart = LiteralCart(shop, [line("A"), line("B", BOWL)], {"fulfillment": {"methods": [method]}})
    change(tools, at("A", 0))
    sent = cart.updates[-1]["fulfillment"]["methods"][0]["line_item_ids"]
    assert sent == ids


@pytest.mark.parametrize(
    "refusal",
    [
        Error(-32602, "Invalid arguments: object property at /cart/note is a disallowed additional property"),
        text_result(
            "Invalid arguments: object property at `/cart/note` is a disallowed additional property", error=True
        ),
        *(
            Error(-32602, said)
            for said in (
                "Unrecognized key(s) in object: 'note'",
                "Unevaluated properties are not allowed ('note' was unexpected)",
                "cart.note: Extra inputs are not permitted",
                "Unknown field: note",
                "unexpected property note",
            )
        ),
    ],
)
def test_a_shop_that_refuses_members_that_nobody_defines_gets_the_rest(
    shop: ShopServer, tools: Toolbox, refusal: Answer
) -> None:
    cart = LiteralCart(shop, [line("A", gift_wrap=True)], {"note": "x", "buyer": {"email": "anna@shop.example"}})
    tried: list[Json] = []

    def closed(message: Json) -> Answer:
        tried.append(message["params"]["arguments"]["cart"])
        return refusal if "note" in tried[-1] else cart.update(message)

    shop.script["update_cart"] = closed
    assert not change(tools, of(MUG, 2)).error
    assert len(tried) == 2
    assert tried[1] == {
        "line_items": [{"id": line("A")["id"], "item": {"id": MUG}, "quantity": 2}],
        "buyer": {"email": "anna@shop.example"},
        "context": {"address_country": "FI", "currency": "EUR"},
    }


def test_any_other_refusal_is_not_tried_again(shop: ShopServer, tools: Toolbox) -> None:
    cart = LiteralCart(shop, [line("A", gift_wrap=True)])
    shop.script["update_cart"] = Error(-32602, "Invalid arguments: quantity")
    assert change(tools, of(MUG, 2)).error
    assert len(shop.calls("update_cart")) == 1
    assert cart.quantities() == {"A": 1}


# Ids with a suffix


def test_a_variants_suffix_goes_all_the_way_and_back(shop: ShopServer, tools: Toolbox) -> None:
    suffixed = f"{MUG}?shop=99"
    tools.seen.clear()
    variants = [{**ucp_product()["variants"][0], "id": suffixed}]
    shop.script["search_catalog"] = ucp_result({"products": [ucp_product(variants=variants)]})
    shop.script["get_product"] = ucp_result(
        {"product": ucp_product(variants=variants, id="gid://shopify/Product/1?a=1")}
    )
    tools.run("search_catalog", {"query": "mug"})
    found = tools.run("get_product", {"id": "gid://shopify/Product/1?a=1"}).output["product"]
    assert (found["id"], found["variants"][0]["id"]) == ("gid://shopify/Product/1?a=1", suffixed)
    assert tools.seen == {suffixed}
    cart = LiteralCart(shop, [])
    for named, quantity in ((suffixed, 1), ("8001", 2), (MUG, 3)):
        assert "note" not in change(tools, of(named, quantity)).output
        assert [(each["item"]["id"], each["quantity"]) for each in cart.lines] == [(suffixed, quantity)]
    assert "note" not in tools.settle("update_cart", {"lines": [of("8001", 3)]}).output


def test_a_cart_may_leave_the_suffix_out(shop: ShopServer, tools: Toolbox) -> None:
    tools.seen = {f"{MUG}?shop=99"}
    cart = LiteralCart(shop, [line("A", MUG)])
    assert "note" not in change(tools, of(f"{MUG}?shop=99", 2)).output
    assert cart.quantities() == {"A": 2}


@pytest.mark.parametrize(
    "id", [f"{MUG}?cart=x", f"{MUG}?a=1&key=x", f"{MUG}?a b", f"{MUG}?", f"{MUG}?a'", f"{MUG}/x"]
)
def test_a_suffix_that_is_none_makes_no_variant(shop: ShopServer, tools: Toolbox, id: str) -> None:
    variants = [{**ucp_product()["variants"][0], "id": id}, ucp_product()["variants"][1]]
    shop.script["search_catalog"] = ucp_result({"products": [ucp_product(variants=variants)]})
    (product,) = tools.run("search_catalog", {"query": "mug"}).output["products"]
    assert [variant["title"] for variant in product["variants"]] == ["Moss"]


# Reading back, and after a crash


@pytest.mark.parametrize(
    ("members", "lost"),
    [
        (ANNA, "Engraving: Anna"),
        ({"properties": {"Engraving": "Anna", "Font": "Serif"}}, "Engraving: Anna, Font: Serif"),
        ({"selling_plan": {"name": "Every month"}}, "Every month"),
        ({"parent_id": line("P")["id"]}, "belongs to another line"),
    ],
)
def test_what_sets_a_line_apart_and_is_lost_with_a_change_is_told(
    shop: ShopServer, tools: Toolbox, members: Json, lost: str
) -> None:
    """The shop keeps the line under its id and takes no notice of the members that UCP does not define."""
    cart = LiteralCart(shop, [line("A", **members), line("B", BOWL), line("P", GIFT)])

    def forgetful(message: Json) -> Answer:
        cart.update(message)
        cart.lines = [{name: each[name] for name in ("id", "item", "quantity")} for each in cart.lines]
        return ucp_result(cart.shown())

    shop.script["update_cart"] = forgetful
    assert change(tools, of(BOWL, 2)).output["note"] == f"The shop did not keep this of “Mug 8001”: {lost}."


def test_a_discount_code_that_is_gone_after_a_change_is_told(shop: ShopServer, tools: Toolbox) -> None:
    cart = LiteralCart(shop, [line("A")], {"discounts": {"codes": ["WINTER10", "KEPT"]}})

    def forgetful(message: Json) -> Answer:
        cart.update(message)
        cart.members["discounts"] = {"codes": ["kept"]}
        return ucp_result(cart.shown())

    shop.script["update_cart"] = forgetful
    assert change(tools, of(MUG, 2)).output["note"] == "The discount code WINTER10 is no longer in the cart."


def test_a_line_of_the_same_variant_that_somebody_else_changed_is_noticed(shop: ShopServer, tools: Toolbox) -> None:
    """The sums alone are as they should be."""
    cart = LiteralCart(shop, [line("A", MUG, 2, **ANNA), line("B", MUG, 2)])

    def swapped(message: Json) -> Answer:
        cart.update(message)
        cart.lines = [line("A", MUG, 4, **ANNA), line("B", MUG, 1)]
        return ucp_result(cart.shown())

    shop.script["update_cart"] = swapped
    note = change(tools, of(MUG, 5)).output["note"]
    assert "Meanwhile “Mug 8001” (Engraving: Anna) was changed elsewhere: now there are 4 in the cart." in note


def test_lines_that_the_shop_numbers_anew_are_known_by_what_they_hold(shop: ShopServer, tools: Toolbox) -> None:
    cart = LiteralCart(shop, [line("1", BOWL, 2), line("2", MUG, 1, **ANNA), line("3", MUG, 3)])

    def renumbered(message: Json) -> Answer:
        cart.update(message)
        cart.lines = [{**each, "id": line(str(number))["id"]} for number, each in enumerate(cart.lines, 1)]
        return ucp_result(cart.shown())

    shop.script["update_cart"] = renumbered
    assert "note" not in change(tools, at("1", 0)).output


def test_a_change_that_was_interrupted_is_settled_by_line(shop: ShopServer, tools: Toolbox) -> None:
    LiteralCart(shop, [line("A", MUG, 2, **ANNA), line("B", MUG, 1)])
    done: list[Json] = [{"lines": [at("A", 2)]}, {"lines": [of(MUG, 3)]}, {"lines": [at("Z", 0), of(BOWL, 0)]}]
    for asked in done:
        assert "note" not in tools.settle("update_cart", asked).output
    for asked, said in (
        ({"lines": [at("A", 3)]}, "There are 2 of “Mug 8001” (Engraving: Anna) in the cart, not 3."),
        ({"lines": [of(MUG, 4)]}, "There are 3 of “Mug 8001” in the cart, not 4."),
        ({"lines": [at("Z", 1)]}, "The cart has no line gid://shopify/CartLine/Z any more"),
    ):
        assert said in tools.settle("update_cart", asked).output["note"]
    assert shop.calls("update_cart") == []


def test_a_write_that_is_lost_is_not_made_again(shop: ShopServer, tools: Toolbox) -> None:
    cart = LiteralCart(shop, [line("A", **ANNA), line("B")])
    shop.script["update_cart"] = lambda _: Raw(502)
    note = change(tools, of(MUG, 3)).output["note"]
    assert "There are 2 of “Mug 8001” in the cart, not 3." in note
    assert len(shop.calls("update_cart")) == 1
    assert cart.quantities() == {"A": 1, "B": 1}


def test_a_line_of_a_cart_that_is_gone_becomes_a_new_one_of_its_variant(shop: ShopServer, tools: Toolbox) -> None:
    gone = {
        "ucp": {"status": "error"},
        "messages": [{"type": "error", "code": "not_found", "content": "Cart not found"}],
    }
    shop.script |= {"get_cart": ucp_result(gone), "create_cart": ucp_result(ucp_cart((MUG, 2)))}
    assert change(tools, {**at("A", 2), "variant_id": MUG}).output["status"] == "ok"
    assert shop.calls("create_cart")[-1].arguments["cart"]["line_items"] == [{"item": {"id": MUG}, "quantity": 2}]


# Any cart, any change

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | TEXT
ANY = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2))
UNKNOWN = st.dictionaries(st.sampled_from(["gift_wrap", "x_app", "note", "customization"]), ANY, max_size=2)
EXTRAS = st.fixed_dictionaries(
    {},
    optional={
        "attributes": st.lists(st.fixed_dictionaries({"key": TEXT, "value": TEXT}), max_size=2),
        "selling_plan": st.sampled_from(["Every month", {"id": "p", "name": "Every week"}]),
        "parent_id": st.sampled_from([line(name)["id"] for name in "012"]),
    },
)


@st.composite
def carts(draw: st.DrawFn) -> list[Json]:
    """Lines of three variants with all that lines may have."""
    variants = draw(st.lists(st.sampled_from([MUG, BOWL, GIFT]), max_size=5))
    return [
        line(str(number), variant, draw(st.integers(1, 4)), **{**draw(UNKNOWN), **draw(EXTRAS)})
        for number, variant in enumerate(variants)
    ]


CHANGES = st.lists(
    st.builds(of, st.sampled_from([MUG, BOWL, GIFT]), st.integers(0, 6))
    | st.builds(at, st.sampled_from(list("01234")), st.integers(0, 6)),
    min_size=1,
    max_size=3,
)
CART_MEMBERS = st.fixed_dictionaries(
    {"context": st.just(CONTEXT)},
    optional={
        "buyer": st.just({"email": "anna@shop.example"}),
        "attribution": st.just({"utm_source": "x"}),
        "discounts": st.just({"codes": ["A"]}),
        "attributes": ANY,
        "note": ANY,
        "x_theme": ANY,
    },
)


def without_quantity(each: Json) -> Json:
    return {name: value for name, value in each.items() if name != "quantity"}


def orphans(lines: list[Json], kept: set[str]) -> set[str]:
    """The lines that belong to one that is not there any more."""
    return {each["id"] for each in lines if each.get("parent_id") in {other["id"] for other in lines} - kept}


@settings(max_examples=100)
@given(lines=carts(), members=CART_MEMBERS, changes=CHANGES)
def test_nothing_changes_that_was_not_named_and_all_comes_back(
    lines: list[Json], members: Json, changes: list[Json], shop: ShopServer, store: Store
) -> None:
    cart = LiteralCart(shop, list(lines), dict(members))
    outcome = Toolbox(store, Slot(CART_ID), {MUG, BOWL, GIFT}).run("update_cart", {"lines": changes})
    assert cart.members == members
    before, after = ({each["id"]: each for each in some} for some in (lines, cart.lines))
    if outcome.error:
        assert after == before
        assert cart.updates == []
        return
    named = {each["variant_id"] for each in changes if "variant_id" in each}
    ids = {f"{each['line_id']}?cart={TOKEN}" for each in changes if "line_id" in each}
    lost = orphans(lines, set(after))
    for key, each in before.items():
        if key in after:
            assert without_quantity(after[key]) == without_quantity(each)
        if key not in ids and each["item"]["id"] not in named and key not in lost:
            assert after[key] == each
    for each in changes:
        if "line_id" in each:
            there = after.get(f"{each['line_id']}?cart={TOKEN}", {"quantity": 0})
            assert there["quantity"] == each["quantity"] or f"{each['line_id']}?cart={TOKEN}" in lost
        elif not any(before[key]["item"]["id"] == each["variant_id"] for key in lost):
            held = [line["quantity"] for line in cart.lines if line["item"]["id"] == each["variant_id"]]
            assert sum(held) == each["quantity"]
    new = [each for each in cart.lines if each["id"] not in before]
    assert all(each["item"]["id"] in named for each in new)
    assert "in the cart, not" not in outcome.output.get("note", "") or lost


def legacy_line(each: Json) -> Json:
    cost = {"total_amount": {"amount": "18.0", "currency": "EUR"}}
    members = {name: value for name, value in each.items() if name not in {"item", "id", "quantity"}}
    merchandise = {"id": each["item"]["id"], "title": "Mug", "product": {"title": "Mug"}}
    return {**members, "id": each["id"], "quantity": each["quantity"], "cost": cost, "merchandise": merchandise}


class DeltaCart:
    """A cart of the older endpoint, which is told what changes."""

    def __init__(self, shop: ShopServer, lines: list[Json]) -> None:
        self.lines = {each["id"]: each for each in lines}
        shop.script |= {"get_cart": self.read, "update_cart": self.update}

    def read(self, _: Json) -> Answer:
        cost = {"total_amount": {"amount": "18.0", "currency": "EUR"}}
        lines = [legacy_line(each) for each in self.lines.values()]
        return text_result({"cart": {"id": CART_ID, "lines": lines, "cost": cost}, "errors": []})

    def update(self, message: Json) -> Answer:
        told = message["params"]["arguments"]
        for each in told.get("update_items", ()):
            self.lines[each["id"]] = {**self.lines[each["id"]], "quantity": each["quantity"]}
        for key in told.get("remove_line_ids", ()):
            del self.lines[key]
        for each in told.get("add_items", ()):
            made = line(f"new{len(self.lines)}", each["product_variant_id"], each["quantity"])
            self.lines[made["id"]] = made
        return self.read(message)


@pytest.fixture(scope="module")
def older() -> Iterator[tuple[ShopServer, Store]]:
    with shop_server(ucp=(), legacy=LEGACY_TOOLS) as shop, store_at(shop.url) as store:
        yield shop, store


@settings(max_examples=100)
@given(lines=carts(), changes=CHANGES)
def test_both_dialects_make_the_same_of_a_change(
    lines: list[Json], changes: list[Json], older: tuple[ShopServer, Store], shop: ShopServer, store: Store
) -> None:
    literal, delta = LiteralCart(shop, list(lines)), DeltaCart(older[0], lines)
    outcomes = [
        Toolbox(each, Slot(CART_ID), {MUG, BOWL, GIFT}).run("update_cart", {"lines": changes})
        for each in (store, older[1])
    ]
    assert outcomes[0].error == outcomes[1].error
    made = [
        sorted((each["item"]["id"], each["quantity"]) for each in cart)
        for cart in (literal.lines, delta.lines.values())
    ]
    assert made[0] == made[1]


@settings(max_examples=60)
@given(lines=carts(), changes=CHANGES, data=st.data())
def test_a_cart_as_planned_has_no_differences_in_whatever_order_and_under_whatever_ids(
    lines: list[Json], changes: list[Json], data: st.DataObject, shop: ShopServer, store: Store
) -> None:
    cart = LiteralCart(shop, list(lines))
    before = store.cart(CART_ID).cart
    assert before
    asked = [Change(each["quantity"], each.get("variant_id", ""), each.get("line_id", "")) for each in changes]
    try:
        plan = make_plan(before, asked)
        store.set_lines(CART_ID, asked)
    except Invalid:
        return
    order = data.draw(st.permutations(cart.lines))
    renumbered = data.draw(st.booleans())
    cart.lines = [{**each, "id": f"new-{number}"} for number, each in enumerate(order)] if renumbered else list(order)
    after = store.cart(CART_ID).cart
    assert after
    orphaned = any(planned.line and not planned.quantity for planned in plan.lines)
    assert differences(plan, after) == [] or orphaned


def test_what_is_sold_by_measure_and_put_in_newly_is_told_by_its_amount(shop: ShopServer, tools: Toolbox) -> None:
    cart = LiteralCart(shop, [])

    def weighed(message: Json) -> Answer:
        cart.update(message)
        cart.lines[0]["item"]["quantity_unit"] = {"unit": "LBR", "scale": 2, "display_text": "lb"}
        return ucp_result(cart.shown())

    shop.script["update_cart"] = weighed
    note = change(tools, of(MUG, 2)).output["note"]
    assert note == "“Mug 8001” is sold by measure: there is 0.02 lb of it in the cart."


def test_a_cart_that_could_not_be_sent_back_is_not_read(shop: ShopServer, tools: Toolbox) -> None:
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    cart = LiteralCart(shop, [line("A")], {"x_theme": deep})
    assert change(tools, of(MUG, 2)).output["status"] == "unknown"
    assert cart.updates == []


def test_a_cart_that_was_read_at_the_older_endpoint_can_be_written_at_the_newer(store: Store) -> None:
    with shop_server(ucp=(), legacy=LEGACY_TOOLS) as older, store_at(older.url) as legacy:
        DeltaCart(older, [line("A", **ANNA), line("B", BOWL, 2)])
        cart = legacy.cart(CART_ID).cart
    assert cart
    request = make_update(make_plan(cart, [Change(3, BOWL)]), store.endpoint.context)
    assert request["line_items"] == [
        {"id": line("A")["id"], "item": {"id": MUG}, "quantity": 1},
        {"id": line("B")["id"], "item": {"id": BOWL}, "quantity": 3},
    ]


def test_a_plan_without_changes_writes_nothing(shop: ShopServer, tools: Toolbox) -> None:
    cart = LiteralCart(shop, [line("A", MUG, 2, **ANNA), line("B", MUG, 3)])
    assert "note" not in change(tools, of(MUG, 5)).output
    assert cart.updates == []


def test_a_cart_that_is_equal_compares_equal_and_shows_no_secret(store: Store, shop: ShopServer) -> None:
    LiteralCart(shop, [line("A", **ANNA)], {"buyer": {"email": "anna@shop.example"}})
    one, other = store.cart(CART_ID), store.cart(CART_ID)
    assert one == other
    assert isinstance(one, Checked)
    assert isinstance(one.cart, Cart)
    assert TOKEN not in repr(one)
    assert "anna@shop.example" not in repr(one)
