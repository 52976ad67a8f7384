"""The demo shop's carts in UCP: an update replaces all of a cart, lines are lines, and codes take something off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.shop_server import Json
from tests.test_demo_negotiation import CART, DISCOUNT, NEW, OLD, Agent, Agents, agent, agents, client, profile
from widget_api.demo.carts import CARTS, Cart
from widget_api.demo.catalogue import product
from widget_api.demo.faults import FAULTS

__all__ = ["agent", "agents", "client"]

BEANIE, RUST, MUG, BALM, YARN = (
    f"gid://shopify/ProductVariant/{number}" for number in (700101, 700103, 702501, 702601, 702801)
)
PRICE = 2900
SAID = {
    "context": {"address_country": "HU", "currency": "HUF"},
    "buyer": {"email": "anna@shop.example"},
    "attribution": {"utm_source": "chat"},
    "fulfillment": {"methods": [{"type": "shipping"}]},
}
ENGRAVED = [{"name": "Engraving", "value": "Anna"}]


@pytest.fixture(autouse=True)
def mended() -> Iterator[None]:
    yield
    FAULTS.mend()


@pytest.fixture
def shopper(agent: Agents) -> Agent:
    return agent(profile(NEW, CART, DISCOUNT))


def item(variant: str, quantity: int = 1, **more: object) -> Json:
    return {"item": {"id": variant}, "quantity": quantity, **more}


def create(shopper: Agent, *lines: Json, **more: object) -> Json:
    return shopper.call("create_cart", cart={"line_items": list(lines), **more})


def update(shopper: Agent, cart: Json, *lines: Json, **more: object) -> Json:
    return shopper.call("update_cart", id=cart["id"], cart={"line_items": list(lines), **more})


def held(cart: Json) -> Cart:
    found = CARTS.get(cart["id"].removeprefix("gid://shopify/Cart/").partition("?")[0])
    assert found
    return found


def kept(line: Json, **changes: object) -> Json:
    """The line as an agent sends it back."""
    names = ("id", "quantity", "parent_id", "attributes")
    return {"item": {"id": line["item"]["id"]}, **{name: line[name] for name in names if name in line}, **changes}


def test_a_cart_keeps_what_an_agent_says_of_the_buyer(shopper: Agent) -> None:
    cart = create(shopper, item(BEANIE), **SAID)
    found = shopper.call("get_cart", id=cart["id"])
    assert {name: found[name] for name in SAID} == SAID


def test_who_has_not_the_key_is_not_told_of_the_buyer(shopper: Agent) -> None:
    cart = create(shopper, item(BEANIE), **SAID)
    found = shopper.call("get_cart", id=cart["id"].partition("?")[0])
    assert "buyer" not in found
    assert found["context"] == SAID["context"]


def test_an_update_replaces_all_of_a_cart(shopper: Agent) -> None:
    cart = create(shopper, item(BEANIE), **SAID, discounts={"codes": ["WINTER10"]})
    updated = update(shopper, cart, kept(cart["line_items"][0], quantity=2))
    assert not set(SAID) & set(updated)
    assert "discounts" not in updated
    assert updated["totals"][-1]["amount"] == 2 * PRICE
    again = update(shopper, cart, item(BEANIE), **SAID, discounts={"codes": ["WINTER10"]})
    assert {name: again[name] for name in SAID} == SAID
    assert again["discounts"]["codes"] == ["WINTER10"]


def test_a_lenient_shop_keeps_what_an_update_does_not_send(shopper: Agent) -> None:
    FAULTS.keeps_what_is_not_sent = True
    cart = create(shopper, item(MUG, attributes=ENGRAVED), **SAID, discounts={"codes": ["WINTER10"]})
    (line,) = cart["line_items"]
    updated = update(shopper, cart, {"id": line["id"], **item(MUG, 2)})
    assert {name: updated[name] for name in SAID} == SAID
    assert updated["discounts"]["codes"] == ["WINTER10"]
    assert updated["line_items"][0]["attributes"] == line["attributes"]
    emptied = update(shopper, cart, kept(line), discounts={"codes": []})
    assert "discounts" not in emptied


def test_a_strict_shop_refuses_what_ucp_does_not_define_and_keeps_it_by_the_lines_id(shopper: Agent) -> None:
    cart = create(shopper, item(MUG, attributes=ENGRAVED), **SAID)
    FAULTS.strict_arguments = True
    (line,) = cart["line_items"]
    refused = shopper.answer(
        "tools/call", name="update_cart", arguments={"id": cart["id"], "cart": {"line_items": [kept(line)]}}
    )
    said = "object property at /cart/line_items/0/attributes is a disallowed additional property"
    assert refused == {"isError": True, "content": [{"type": "text", "text": f"Invalid arguments: {said}"}]}
    updated = update(shopper, cart, {"id": line["id"], **item(MUG, 2)}, **SAID, discounts={"codes": ["WINTER10"]})
    assert updated["line_items"][0]["attributes"] == line["attributes"]


@pytest.mark.parametrize(
    ("member", "path"),
    [
        ({"discounts": {"codes": [7]}}, "/cart/discounts/codes/0 is not a string"),
        ({"discounts": []}, "/cart/discounts is not an object"),
        ({"buyer": "Anna"}, "/cart/buyer is not an object"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(shopper: Agent, member: Json, path: str) -> None:
    cart = {"line_items": [item(BEANIE)], **member}
    refused = shopper.answer("tools/call", name="create_cart", arguments={"cart": cart})
    assert refused["content"][0]["text"] == f"Invalid arguments: value at {path}"


def test_one_variant_with_other_attributes_is_another_line(shopper: Agent) -> None:
    cart = create(shopper, item(MUG, attributes=ENGRAVED), item(MUG, 2), item(MUG))
    assert [line["quantity"] for line in cart["line_items"]] == [1, 3]
    engraved, plain = cart["line_items"]
    assert engraved["attributes"] == [{"name": "Engraving", "key": "Engraving", "value": "Anna"}]
    updated = update(shopper, cart, kept(engraved), kept(plain, quantity=4))
    assert [(line["id"], line["quantity"]) for line in updated["line_items"]] == [
        (engraved["id"], 1),
        (plain["id"], 4),
    ]
    lost = update(shopper, cart, {"id": engraved["id"], **item(MUG)}, kept(plain))
    assert [(line["id"], line["quantity"]) for line in lost["line_items"]] == [(engraved["id"], 4)]


def test_a_part_keeps_its_parent_and_goes_with_it(shopper: Agent) -> None:
    cart = create(shopper, item(BEANIE))
    (parent,) = cart["line_items"]
    with_part = update(shopper, cart, kept(parent), item(MUG, parent_id=parent["id"]), item(MUG))
    assert [line.get("parent_id") for line in with_part["line_items"]] == [None, parent["id"], None]
    part, plain = with_part["line_items"][1:]
    freed = update(shopper, cart, kept(parent), {"id": part["id"], **item(MUG)}, kept(plain))
    assert [line.get("parent_id") for line in freed["line_items"]] == [None, None]
    bound = update(shopper, cart, kept(parent), item(MUG, parent_id=parent["id"]))
    alone = update(shopper, cart, *(kept(line) for line in bound["line_items"][1:]))
    assert alone["line_items"] == []


def test_a_line_that_is_sent_without_its_id_keeps_it(shopper: Agent) -> None:
    cart = create(shopper, item(BEANIE), item(MUG))
    updated = update(shopper, cart, item(MUG, 2), item(BEANIE))
    assert [line["id"] for line in updated["line_items"]] == [line["id"] for line in cart["line_items"][::-1]]


def test_the_stock_is_that_of_all_lines_together(shopper: Agent) -> None:
    cart = create(shopper, item(RUST, 3, attributes=ENGRAVED), item(RUST, 3))
    assert [line["quantity"] for line in cart["line_items"]] == [3, 1]
    assert [message["code"] for message in cart["messages"]] == ["merchandise_not_enough_stock"]


# Discounts


def amounts(of: Json) -> dict[str, int]:
    return {total["type"]: total["amount"] for total in of["totals"]}


def test_a_code_takes_something_off_each_line(shopper: Agent) -> None:
    cart = create(shopper, item(BEANIE, 2), item(MUG), discounts={"codes": ["winter10"]})
    assert amounts(cart) == {"subtotal": 8600, "items_discount": -860, "total": 7740}
    assert [amounts(line)["items_discount"] for line in cart["line_items"]] == [-580, -280]
    (applied,) = cart["discounts"]["applied"]
    assert (applied["code"], applied["amount"], applied["method"]) == ("WINTER10", 860, "each")
    assert [share["amount"] for share in applied["allocations"]] == [580, 280]


def test_a_code_may_take_something_off_the_whole(shopper: Agent) -> None:
    cart = create(shopper, item(BEANIE), discounts={"codes": ["HELLO5", "WINTER10"]})
    assert amounts(cart) == {"subtotal": 2900, "items_discount": -290, "discount": -500, "total": 2110}
    assert [(each["code"], "allocations" in each) for each in cart["discounts"]["applied"]] == [
        ("WINTER10", True),
        ("HELLO5", False),
    ]


def test_a_code_that_is_not_known_is_said_and_not_kept(shopper: Agent) -> None:
    cart = create(shopper, item(BEANIE), discounts={"codes": ["WINTER10", "NOPE"]})
    assert cart["messages"] == [
        {
            "type": "warning",
            "code": "discount_code_invalid",
            "path": "$.discounts.codes[1]",
            "content": "Code 'NOPE' is not valid",
        }
    ]
    assert cart["discounts"]["codes"] == ["WINTER10"]


def test_without_the_capability_codes_are_neither_taken_nor_told(agent: Agents, shopper: Agent) -> None:
    other = agent(profile(OLD, CART))
    assert "discounts" not in create(other, item(BEANIE), discounts={"codes": ["WINTER10"]})
    cart = create(shopper, item(BEANIE), discounts={"codes": ["WINTER10"]})
    seen = other.call("get_cart", id=cart["id"])
    assert "discounts" not in seen
    assert amounts(seen)["items_discount"] == -290


# What comes with lines


def test_an_allergen_is_disclosed_at_its_line(shopper: Agent) -> None:
    cart = create(shopper, item(BEANIE), item(BALM))
    (message,) = cart["messages"]
    assert (message["code"], message["presentation"], message["path"]) == (
        "allergens",
        "disclosure",
        "$.line_items[1]",
    )
    FAULTS.no_notices = True
    assert shopper.call("get_cart", id=cart["id"])["messages"] == []


def test_a_line_may_hold_what_is_no_variant(shopper: Agent) -> None:
    FAULTS.gift_card_line = True
    cart = create(shopper, item(BEANIE))
    assert cart["line_items"][1]["item"]["id"] == "gid://shopify/GiftCard/1"
    assert amounts(cart)["total"] == PRICE + 2500
    updated = update(shopper, cart, *(kept(line) for line in cart["line_items"]))
    assert len(updated["line_items"]) == 2


def test_goods_by_weight_are_counted_in_steps(shopper: Agent) -> None:
    FAULTS.quantity_units = True
    cart = create(shopper, item(YARN, 150))
    (line,) = cart["line_items"]
    assert (line["quantity"], line["item"]["quantity_unit"]["scale"], line["item"]["price"]) == (150, 2, 4800)
    assert amounts(line)["total"] == 7200


def test_ids_with_a_suffix_name_the_same_variant(shopper: Agent) -> None:
    FAULTS.id_suffix = True
    cart = create(shopper, item(f"{BEANIE}?shop=99"))
    assert cart["line_items"][0]["item"]["id"] == f"{BEANIE}?shop=99"
    assert held(cart).quantities() == {700101: 1}


def test_a_theme_and_an_agent_share_codes_and_lines(shopper: Agent) -> None:
    cart = create(shopper, item(BEANIE), discounts={"codes": ["WINTER10"]})
    assert held(cart).total == PRICE - 290
    CARTS.add(held(cart), {702501: 1})
    assert len(shopper.call("get_cart", id=cart["id"])["line_items"]) == 2


def test_the_last_piece_can_be_bought_once(shopper: Agent) -> None:
    cloth = product("selvedge-cloth")
    assert cloth
    last = f"gid://shopify/ProductVariant/{cloth.variants[0].id}"
    cart = create(shopper, item(last, 2))
    assert cart["line_items"][0]["quantity"] == 1
    assert "merchandise_not_enough_stock" in [message["code"] for message in cart["messages"]]
