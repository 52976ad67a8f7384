"""The demo at a shop that takes UCP by its word: it finds size 44 of a shoe, and the right one of two mugs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.model_wire import Ear
from tests.shop_server import (
    CART_ID,
    SHOE,
    TOKEN,
    Json,
    LiteralCart,
    Shoe,
    ShopServer,
    Slot,
    literal_line,
    shop_server,
    store_at,
    ucp_result,
)
from widget_api.llm.base import Assistant, Entry, Request, Result, User
from widget_api.llm.demo import Demo
from widget_api.shopify.tools import Toolbox
from widget_api.turns.run import MODEL_TOOLS

MUG = "gid://shopify/ProductVariant/8001"
ENGRAVED: Json = {"attributes": [{"key": "Engraving", "value": "Anna"}]}


def line(name: str, **members: object) -> Json:
    return literal_line(MUG, 1, id=f"gid://shopify/CartLine/{name}?cart={TOKEN}", **members)


class Talk:
    """A conversation of the demo with a real toolbox."""

    def __init__(self, tools: Toolbox) -> None:
        self.tools, self.model = tools, Demo(pace=0)
        self.entries: list[Entry] = []

    def says(self, text: str) -> str:
        self.entries.append(User(text))
        for _ in range(6):
            ear = Ear()
            step = self.model.stream(Request("You sell shoes.", tuple(self.entries), MODEL_TOOLS), ear)
            self.entries.append(Assistant(ear.words, step.calls))
            for call in step.calls:
                outcome = self.tools.run(call.name, call.input or {})
                self.entries.append(Result(call.id, call.name, outcome.output, outcome.error))
            if not step.calls:
                return ear.words
        raise AssertionError("it never came to an end")


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    with shop_server() as shop:
        yield shop


@pytest.fixture
def talk(shop: ShopServer) -> Iterator[Talk]:
    with store_at(shop.url) as store:
        yield Talk(Toolbox(store, Slot(CART_ID), {MUG}))


def sell(shop: ShopServer, shoe: Shoe) -> LiteralCart:
    shop.script["search_catalog"] = ucp_result({"products": [shoe.product()]})
    shop.script["get_product"] = shoe.get_product
    return LiteralCart(shop, [])


def bought(cart: LiteralCart) -> list[str]:
    return [line["item"]["id"].rpartition("/")[2] for line in cart.lines]


@pytest.mark.parametrize(
    "asked",
    [
        ["Do you have fell shoes?", "Put one in size 44 in red in my cart, please"],
        ["Add a fell shoe in size 44 red to my cart"],
        ["Do you have fell shoes?", "Do you have it in size 44?", "Add the red one to my cart in size 44"],
    ],
)
def test_a_size_that_no_answer_lists_gets_into_the_cart(shop: ShopServer, talk: Talk, asked: list[str]) -> None:
    cart = sell(shop, Shoe())
    answers = [talk.says(text) for text in asked]
    assert bought(cart) == ["1082"]
    assert "Done" in answers[-1]


def test_all_sizes_are_told(shop: ShopServer, talk: Talk) -> None:
    sell(shop, Shoe())
    assert "36, 37, 38, 39, 40, 41, 42, 43, 44 and 45" in talk.says("Do you have fell shoes?")


def test_a_size_that_is_not_made_is_not_replaced_by_another(shop: ShopServer, talk: Talk) -> None:
    cart = sell(shop, Shoe(made={("38", "Black"), ("44", "Black"), ("38", "Red")}))
    talk.says("Do you have fell shoes?")
    answer = talk.says("Add one in size 44 in red to my cart")
    assert bought(cart) == []
    assert "no **Fell Shoe** in" in answer


def test_a_size_that_is_sold_out_is_not_replaced_by_another(shop: ShopServer, talk: Talk) -> None:
    cart = sell(shop, Shoe(stocked={("38", "Black")}))
    talk.says("Do you have fell shoes?")
    assert "sold out" in talk.says("Add one in size 44 in red to my cart")
    assert bought(cart) == []


def test_an_answer_for_one_selection_takes_none_back(shop: ShopServer, talk: Talk) -> None:
    cart = sell(shop, Shoe())
    talk.says("Do you have fell shoes?")
    talk.says("Put one in size 44 in red in my cart")
    talk.says("And one in size 38 in black, add it to my cart")
    assert sorted(bought(cart)) == ["1020", "1082"]
    assert {call.input["id"] for entry in talk.entries if isinstance(entry, Assistant) for call in entry.calls
            if call.name == "get_product" and call.input} == {SHOE}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "left"),
    [("Remove the engraved mug", "B"), ("Remove the one for Anna", "B"), ("Remove the plain mug", "A")],
)
def test_one_of_two_lines_is_taken_out_by_its_name(shop: ShopServer, talk: Talk, text: str, left: str) -> None:
    cart = LiteralCart(shop, [line("A", **ENGRAVED), line("B")])
    talk.says(text)
    assert list(cart.quantities()) == [left]


def test_two_lines_that_could_be_meant_are_asked_for(shop: ShopServer, talk: Talk) -> None:
    cart = LiteralCart(shop, [line("A", **ENGRAVED), line("B")])
    answer = talk.says("Remove the mug")
    assert "**Mug 8001 (Engraving: Anna)**" in answer
    assert answer.endswith("Which of these do you mean?")
    assert cart.updates == []


def test_the_cart_is_emptied_line_by_line(shop: ShopServer, talk: Talk) -> None:
    gift = {**line("C"), "item": {"id": "gid://shopify/GiftCard/9", "title": "Gift card", "price": 5000}}
    cart = LiteralCart(shop, [line("A", **ENGRAVED), line("B"), gift])
    assert "empty now" in talk.says("Empty my cart")
    assert cart.lines == []
