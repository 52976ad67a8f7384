"""The block "Ask about this product": the theme's looks, the same panel, and no question that gets lost."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.access import RULES
from tests.browser import chromium, page, phone
from tests.live import Live
from tests.merchant import settings
from tests.widget import Chat, slowly

__all__ = ["chromium", "page", "phone"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-ask")]

PRODUCT = "/products/tin-cup"
POLICY = "What is your return policy?"


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    return Chat(page, live)


def block(chat: Chat) -> Locator:
    return chat.page.get_by_role("group", name="Ask about this product")


def line(chat: Chat) -> Locator:
    return block(chat).get_by_role("textbox", name="Your own question")


def test_a_question_that_is_tapped_is_asked_in_the_panel(chat: Chat) -> None:
    chat.visit(PRODUCT)
    question = block(chat).get_by_role("button", name=POLICY)
    question.click()
    expect(chat.panel).to_be_visible()
    expect(chat.questions).to_have_text(POLICY)
    chat.wait()
    expect(chat.answer).to_contain_text("60 days")
    chat.page.keyboard.press("Escape")
    expect(question).to_be_focused()


def test_one_can_write_a_question_of_ones_own(chat: Chat) -> None:
    chat.visit(PRODUCT)
    line(chat).fill("Do you have mittens?")
    line(chat).press("Enter")
    expect(chat.questions).to_have_text("Do you have mittens?")
    expect(line(chat)).to_have_value("")


def test_while_an_answer_is_written_a_question_waits_for_its_end(chat: Chat, live: Live) -> None:
    with slowly(live):
        chat.open(PRODUCT)
        chat.type("Do you have mittens?")
        expect(chat.answer).to_contain_text("This is")
        chat.box.fill("By the way:")
        chat.panel.evaluate("panel => panel.getRootNode().host.close()")
        block(chat).get_by_role("button", name=POLICY).click()
        expect(chat.questions).to_have_text(["Do you have mittens?", POLICY])
        expect(chat.page.get_by_text("Waiting to be sent")).to_be_visible()
        expect(chat.box).to_have_value("By the way:")
    expect(chat.answers).to_have_count(2)
    expect(chat.answer).to_contain_text("60 days")


def test_before_the_script_is_there_it_keeps_its_place_and_nothing_moves(chat: Chat) -> None:
    chat.page.route("**/widget/chat.js", lambda route: route.abort())
    chat.visit(PRODUCT)
    expect(block(chat)).to_have_count(0)
    place = chat.page.locator("shop-chat-ask").bounding_box()
    chat.page.unroute_all()
    chat.page.reload()
    expect(block(chat)).to_be_visible()
    assert chat.page.locator("shop-chat-ask").bounding_box() == place


def test_it_asks_for_no_file_before_it_is_reached_for(chat: Chat) -> None:
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url.removeprefix(chat.live.url)))
    chat.visit(PRODUCT)
    expect(block(chat)).to_be_visible()
    chat.page.wait_for_load_state("networkidle")
    assert [url for url in asked if url.startswith(("/api", "/widget"))] == ["/widget/chat.js"]
    with chat.page.expect_request("**/widget/panel-*.js"):
        line(chat).focus()


def test_a_panel_that_cannot_be_loaded_takes_no_question_away(chat: Chat) -> None:
    chat.visit(PRODUCT)
    chat.page.route("**/widget/panel-*.js*", lambda route: route.abort())
    line(chat).fill("Do you have mittens?")
    line(chat).press("Enter")
    expect(chat.page.get_by_text("The chat could not be loaded.")).to_be_visible()
    expect(line(chat)).to_have_value("Do you have mittens?")
    chat.page.unroute_all()
    line(chat).press("Enter")
    expect(chat.questions).to_have_text("Do you have mittens?")


def test_without_a_chat_on_the_page_questions_go_to_the_shops_search(chat: Chat) -> None:
    chat.visit(PRODUCT)
    expect(block(chat)).to_be_visible()
    chat.page.evaluate("document.querySelector('shop-chat').remove()")
    block(chat).get_by_role("button", name=POLICY).click()
    chat.page.wait_for_url("**/search?q=What+is+your+return+policy%3F")


def test_where_the_launcher_keeps_away_it_is_the_way_in(phone: Page, live: Live) -> None:
    chat = Chat(phone, live)
    settings(phone, live, hide_on="phones")
    with slowly(live):
        chat.visit(PRODUCT)
        expect(chat.launcher).to_be_hidden()
        line(chat).fill("Do you have mittens?")
        line(chat).press("Enter")
        expect(chat.answer).to_contain_text("This is")
        chat.cards.first.tap()
        phone.wait_for_url("**/products/drift-mittens**")
        expect(chat.stop).to_be_visible()
        expect(chat.launcher).to_be_hidden()
    chat.wait()
    assert chat.stored()[-1] == chat.read()


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_in_it(chat: Chat, width: int) -> None:
    chat.page.set_viewport_size({"width": width, "height": 800})
    chat.visit(PRODUCT)
    expect(block(chat)).to_be_visible()
    found = Axe().run(chat.page, context="shop-chat-ask", options=RULES).response["violations"]
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []
    assert chat.page.evaluate("document.documentElement.scrollWidth") <= width
