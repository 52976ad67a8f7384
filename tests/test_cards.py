"""Cards show what the answer means: the products that it names, in its order, each once in a turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Visitor, events, text_of
from tests.scripted import Ends, Scripted, call
from tests.shop_server import Json, ShopServer, shop_server, ucp_product, ucp_result
from tests.test_recovering import gone, leave_behind
from widget_api.api.services import Services
from widget_api.models import Shop
from widget_api.problems import ModelCut
from widget_api.shopify.sizes import ANSWER_BYTES, size_of
from widget_api.turns.cards import MOST_CARDS, Cards
from widget_api.turns.mentions import MOST_LETTERS

pytestmark = pytest.mark.storeless

TITLES = (
    *("Ridge Beanie", "Crochet Hat", "Hat", "Wool Cap", "Drift Mittens", "Tin Cup", "Trail Sock", "Camp Lamp"),
    *("Storm Poncho", "Peak Gaiters"),
)


def hit(number: int, title: str) -> Json:
    return ucp_product(id=f"gid://shopify/Product/{number}", title=title)


@pytest.fixture
def shop(anna: Visitor) -> Iterator[ShopServer]:
    """A shop that finds ten products, whatever is looked for, and tells of one by its number."""
    found = [hit(number, title) for number, title in enumerate(TITLES)]
    with shop_server() as shop:
        shop.script |= {
            "search_catalog": lambda _: ucp_result({"products": found}),
            "get_product": lambda asked: ucp_result(
                {"product": found[int(asked["params"]["arguments"]["catalog"]["id"][-1])]}
            ),
        }
        Shop.register(anna.shop, mcp_url=shop.url)
        yield shop


def search(**more: Any) -> Any:
    return call("search_catalog", {"query": "hats", "limit": 10, **more})


def ask(anna: Visitor, model: Scripted, *words: str, text: str = "hats?") -> list[str]:
    """Return the titles of the cards of an answer that searches and then says these words."""
    model.will(search())
    model.will(*words)
    anna.says(text)
    return titles(anna.messages()[-1]["parts"])


def titles(parts_or_events: list[dict[str, Any]]) -> list[str]:
    shown = [each["data"]["products"] for each in parts_or_events if each["type"] == "data-products"]
    return [product["title"] for products in shown for product in products]


@pytest.mark.usefixtures("shop")
def test_an_answer_shows_what_it_names_in_its_order_once(anna: Visitor, model: Scripted) -> None:
    shown = ask(anna, model, "Take the **Wool Cap** ", "or the Ridge Bea", "nie. The Wool Cap is ", "warmer.")
    assert shown == ["Wool Cap", "Ridge Beanie"]


@pytest.mark.usefixtures("shop")
def test_the_seventh_to_tenth_result_can_be_shown(anna: Visitor, model: Scripted) -> None:
    assert ask(anna, model, "Only the Peak Gaiters and the Trail Sock.") == ["Peak Gaiters", "Trail Sock"]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "words", ["Nothing suitable.", "Sorry, we have none.", "For whom is it?", "Ich finde nichts."]
)
def test_an_answer_that_names_nothing_shows_nothing(anna: Visitor, model: Scripted, words: str) -> None:
    assert ask(anna, model, words) == []


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("words", ["Here are some hats:", "These are our warmest ones.", "Das habe ich gefunden:"])
def test_an_answer_that_announces_products_shows_the_first_hits(anna: Visitor, model: Scripted, words: str) -> None:
    assert ask(anna, model, words) == list(TITLES[:6])


@pytest.mark.usefixtures("shop")
def test_a_common_word_is_shown_where_nothing_else_is_named(anna: Visitor, model: Scripted) -> None:
    assert ask(anna, model, "The Hat costs 34.00 EUR.") == ["Hat"]
    assert ask(anna, model, "Of all hats the Hat is thin, the Wool Cap warm.") == ["Wool Cap"]


@pytest.mark.usefixtures("shop")
def test_a_card_comes_after_the_words_that_name_it_and_while_the_answer_goes_on(
    anna: Visitor, model: Scripted
) -> None:
    model.will(search())
    model.will("The Wool Cap ", "is warm, ", "the Tin Cup", " is no hat.")
    said = anna.says("hats?")
    kinds = [(each["type"], each.get("delta")) for each in said]
    last = kinds.index(("text-delta", " is no hat."))
    assert kinds[kinds.index(("text-delta", "is warm, ")) + 1][0] == "data-products"
    assert [kind for kind, _ in kinds[last:]] == ["text-delta", "data-products", "text-end", "finish-step", "finish"]
    assert [part["type"] for part in anna.messages()[-1]["parts"]][-3:] == ["text", "data-products", "data-products"]


@pytest.mark.usefixtures("shop")
def test_a_product_of_an_earlier_turn_is_shown_again_where_it_is_named(anna: Visitor, model: Scripted) -> None:
    assert ask(anna, model, "Take the Wool Cap.") == ["Wool Cap"]
    model.will("The Drift Mittens go with it, and the Wool Cap is washable.")
    anna.says("what else?")
    assert titles(anna.messages()[-1]["parts"]) == ["Drift Mittens", "Wool Cap"]
    assert len(model.requests) == 3, "nothing was looked for again"


@pytest.mark.usefixtures("shop")
def test_one_product_is_shown_once_however_often_the_tools_find_it(anna: Visitor, model: Scripted) -> None:
    model.will("The Wool Cap? ", search())
    model.will("A **Wool Cap**. ", call("get_product", {"id": "3"}, "call-2"))
    model.will("The Wool Cap is warm.")
    anna.says("caps?")
    assert titles(anna.messages()[-1]["parts"]) == ["Wool Cap"]


@pytest.mark.usefixtures("shop")
def test_an_answer_that_names_what_it_has_shown_announces_nothing_else(anna: Visitor, model: Scripted) -> None:
    model.will(search())
    model.will("The Wool Cap. ", call("get_product", {"id": "3"}, "call-2"))
    model.will("Here is what I found about the Wool Cap.")
    anna.says("caps?")
    assert titles(anna.messages()[-1]["parts"]) == ["Wool Cap"]


@pytest.mark.usefixtures("shop")
def test_what_a_step_has_shown_is_taken_back_with_it_and_shown_again(anna: Visitor, model: Scripted) -> None:
    model.will(search())
    model.will("The Wool Cap is ", ModelCut("Please ask again."))
    model.will("The Wool Cap is warm.")
    said = anna.says("hats?")
    assert titles(said) == ["Wool Cap", "Wool Cap"]
    assert titles(anna.messages()[-1]["parts"]) == ["Wool Cap"]


@pytest.mark.usefixtures("shop")
def test_a_second_attempt_shows_the_same(anna: Visitor, model: Scripted, services: Services) -> None:
    model.will("Caps! ", search())
    model.will("The Wool Cap ", "is warm", threading.Event(), " and good.")
    anna.send("hats?").close()
    assert model.streaming.wait(10)
    leave_behind(services, gone())
    model.will("The Wool Cap is warm and good.")
    again = events(anna.get(f"/api/chat/{anna.conversation}/stream").data)
    assert titles(again) == titles(anna.messages()[-1]["parts"]) == ["Wool Cap"]
    assert text_of(again) == "Caps! The Wool Cap is warm and good."


@pytest.mark.usefixtures("shop")
def test_another_answer_shows_what_it_names_itself(anna: Visitor, model: Scripted) -> None:
    assert ask(anna, model, "Take the Wool Cap.") == ["Wool Cap"]
    model.will(search())
    model.will("Take the Ridge Beanie.")
    assert events(anna.regenerate().data)[-1]["type"] == "finish"
    assert titles(anna.messages()[-1]["parts"]) == ["Ridge Beanie"]


@pytest.mark.usefixtures("shop")
def test_an_answer_that_was_stopped_has_shown_what_it_had_named(anna: Visitor, model: Scripted) -> None:
    model.will(search())
    model.will("The Wool Cap ", "is warm. Here are", threading.Event(), " more:")
    anna.send("hats?").close()
    assert model.streaming.wait(10)
    anna.post(f"/api/chat/{anna.conversation}/stop")
    answer = anna.messages()[-1]
    assert (answer["metadata"]["status"], titles(answer["parts"])) == ("stopped", ["Wool Cap"])


@pytest.mark.usefixtures("shop")
def test_an_answer_that_was_cut_shows_what_it_has_named(anna: Visitor, model: Scripted) -> None:
    model.will(search())
    model.will("The Wool Cap, and the Ridge Bea", Ends("length"))
    said = anna.says("hats?")
    assert (titles(said), said[-1]["finishReason"]) == (["Wool Cap"], "length")


@pytest.mark.usefixtures("shop")
def test_links_and_files_have_the_cards_after_the_words(anna: Visitor, model: Scripted) -> None:
    ask(anna, model, "Take the Wool Cap.")
    base = f"/api/conversations/{anna.conversation}"
    written = anna.get(f"{base}/export").text
    assert written.index("Take the Wool Cap") < written.index("- Wool Cap, ")
    assert "Crochet Hat" not in written
    path = str(anna.post(f"{base}/share", json={}).json["url"]).removeprefix("https://chat.example")
    shared = anna.client.get(path, headers={"Accept": "application/json"}).json["messages"]
    assert titles(shared[-1]["parts"]) == ["Wool Cap"]


def test_an_answer_that_names_everything_stays_below_its_ceiling(
    anna: Visitor, model: Scripted, shop: ShopServer
) -> None:
    variants = [
        {**ucp_product()["variants"][0], "id": f"gid://shopify/ProductVariant/{n}", "title": "x" * 200}
        for n in range(100)
    ]
    fat = [ucp_product(id=f"gid://shopify/Product/{n}", title=f"Wide Coat {n}", variants=variants) for n in range(10)]
    shop.script["search_catalog"] = ucp_result({"products": fat})
    for step in range(4):
        model.will(
            *(call("search_catalog", {"query": f"x {step} {n}", "limit": 10}, f"c{step}-{n}") for n in range(2))
        )
    model.will(" ".join(f"The Wide Coat {n}." for n in range(10)))
    anna.says("coats?")
    parts = anna.messages()[-1]["parts"]
    assert titles(parts) == [f"Wide Coat {n}" for n in range(10)]
    assert size_of(parts) <= ANSWER_BYTES


def test_no_more_cards_are_shown_than_an_answer_can_bear() -> None:
    cards = Cards()
    cards.find({"id": str(n), "title": f"Wide Coat {n}"} for n in range(40))
    cards.start_step()
    shown = [*cards.read(" ".join(f"Wide Coat {n}," for n in range(40))), *cards.end_text()]
    assert [card["id"] for card in shown] == [str(n) for n in range(MOST_CARDS)]


def test_a_word_without_end_is_passed_over() -> None:
    cards = Cards()
    cards.find([{"id": "1", "title": "Wide Coat 1"}])
    for _ in range(100):
        assert cards.read("x" * MOST_LETTERS) == []
    assert cards.read(" Wide Coat 1.") == [{"id": "1", "title": "Wide Coat 1"}]
