"""Asking and being answered: words, cards, stop, retry, reset, past conversations, forget me."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser import page, until
from tests.live import Live
from tests.widget import Chat, break_it, slowly

__all__ = ["page"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.looks,
    pytest.mark.xdist_group("widget-chat"),
    pytest.mark.engines("chromium", "firefox"),
]


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    opened = Chat(page, live)
    opened.open()
    return opened


def test_a_question_is_answered_with_words_and_cards(chat: Chat) -> None:
    chat.ask("Do you have enamel mugs?")
    assert chat.stored()[-1] == chat.read()
    expect(chat.cards).to_have_count(2)
    expect(chat.cards.first).to_contain_text("€")
    assert chat.page.evaluate("card => card.target", chat.cards.first.element_handle()) == ""


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_a_card_has_a_picture_a_price_and_the_price_before(chat: Chat) -> None:
    chat.ask("Do you have a sweater?")
    card = chat.cards.filter(has_text="Harbour Sweater")
    expect(card.locator("b")).to_have_text("€149.00")
    expect(card.locator("s")).to_have_text("€179.00")
    until(chat.page, "image => image.naturalWidth > 0", given=card.locator("img").element_handle())


def test_the_answer_comes_word_by_word_and_the_shopper_is_told_what_is_done(chat: Chat, live: Live) -> None:
    with slowly(live):
        break_it(live, "slow-shop")
        chat.type("Do you have mittens?")
        expect(chat.page.get_by_text("Searching the catalogue")).to_be_visible()
        expect(chat.answer).to_contain_text("This is")
        expect(chat.page.get_by_text("Searching the catalogue")).to_be_hidden()
        assert "cart?" not in chat.read()


def test_enter_sends_and_shift_enter_begins_a_line(chat: Chat) -> None:
    chat.box.press_sequentially("Hello")
    chat.box.press("Shift+Enter")
    chat.box.press_sequentially("there")
    height = chat.box.bounding_box()
    chat.box.press("Enter")
    expect(chat.questions).to_have_text("Hello\nthere")
    expect(chat.box).to_have_value("")
    assert height
    assert height["height"] > 50


def test_an_enter_of_an_input_method_does_not_send(chat: Chat) -> None:
    chat.box.fill("ぼうし")
    for init in ({"isComposing": True}, {"keyCode": 229}):
        chat.box.dispatch_event("keydown", {"key": "Enter", "bubbles": True, **init})
    expect(chat.questions).to_have_count(0)
    expect(chat.box).to_have_value("ぼうし")


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_a_message_that_is_too_long_is_refused_before_it_is_sent(chat: Chat) -> None:
    chat.box.fill("x" * 1990)
    expect(chat.page.get_by_text("10 characters left")).to_be_visible()
    chat.box.fill("👢" * 2001)
    expect(chat.page.get_by_text("1 characters too many")).to_be_visible()
    expect(chat.send).to_be_disabled()
    chat.box.press("Enter")
    expect(chat.questions).to_have_count(0)
    chat.box.fill("👢" * 2000)
    expect(chat.send).to_be_enabled()


def test_stop_keeps_what_was_written(chat: Chat, live: Live) -> None:
    with slowly(live):
        chat.type("Do you have mittens?")
        expect(chat.answer).to_contain_text("This is")
        chat.stop.click()
        expect(chat.page.get_by_text("You stopped this answer.")).to_be_visible()
        chat.wait()
    assert chat.stored()[-1] == chat.read()
    assert "cart" not in chat.read()


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_an_answer_that_breaks_off_says_so_and_can_be_had_again(chat: Chat, live: Live) -> None:
    break_it(live, "kill-answer")
    chat.ask("Do you have mittens?")
    expect(chat.page.get_by_text("The answer broke off.")).to_be_visible()
    chat.retry.click()
    expect(chat.answer).to_contain_text("Shall I put one in your cart?")
    expect(chat.answers).to_have_count(1)
    expect(chat.retry).to_have_count(0)
    chat.wait()
    assert chat.stored()[-1] == chat.read()


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_a_broken_answer_can_still_be_had_again_on_the_next_page(chat: Chat, live: Live) -> None:
    break_it(live, "kill-answer")
    chat.ask("Do you have mittens?")
    chat.visit("/collections/all")
    chat.retry.click()
    expect(chat.answer).to_contain_text("Shall I put one in your cart?")


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_a_server_that_has_no_place_is_told_in_words_and_the_message_is_kept(chat: Chat) -> None:
    chat.page.route(
        "**/api/chat",
        lambda route: route.fulfill(
            status=503,
            headers={"Retry-After": "20"},
            content_type="application/problem+json",
            body='{"code":"busy","title":"All places are taken.","detail":"","status":503}',
        ),
        times=1,
    )
    chat.type("Do you have mittens?")
    expect(
        chat.page.get_by_text("Not sent. Many shoppers are asking at the moment. Please try again in 20")
    ).to_be_visible()
    chat.retry.click()
    expect(chat.answer).to_contain_text("This is")
    expect(chat.questions).to_have_count(1)


def test_reset_begins_another_conversation_and_keeps_the_old_one(chat: Chat) -> None:
    chat.ask("Do you have mittens?")
    chat.choose("New conversation")
    expect(chat.questions).to_have_count(0)
    expect(chat.page.get_by_text("What is the weather like")).to_be_visible()
    chat.ask("thanks")
    expect(chat.questions).to_have_text("thanks")
    chat.choose("Past conversations")
    chat.page.locator(".entries").get_by_text("Do you have mittens?").click()
    expect(chat.questions).to_have_text("Do you have mittens?")
    expect(chat.answer).to_contain_text("This is")


def test_forget_me_erases_after_a_question(chat: Chat) -> None:
    chat.ask("thanks")
    chat.choose("Forget me")
    chat.page.get_by_role("button", name="Keep").click()
    expect(chat.questions).to_have_count(1)
    chat.choose("Forget me")
    chat.page.get_by_role("button", name="Erase", exact=True).click()
    expect(chat.questions).to_have_count(0)
    assert chat.page.evaluate("Object.keys(localStorage)") == []
    chat.ask("thanks")
    chat.choose("Past conversations")
    expect(chat.page.locator(".entries li")).to_have_count(1)


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_a_suggested_question_is_asked_with_a_tap(chat: Chat) -> None:
    chat.page.get_by_role("button", name="What is your return policy?").click()
    expect(chat.questions).to_have_text("What is your return policy?")
    chat.wait()
    expect(chat.answer).to_contain_text("60 days")


def test_the_answer_is_followed_only_by_who_reads_at_its_end(chat: Chat, live: Live) -> None:
    chat.ask("Do you have enamel mugs?")
    log = chat.page.get_by_role("log")
    at_end = "log => log.scrollHeight - log.scrollTop - log.clientHeight < 2"
    with slowly(live):
        chat.type("Do you have enamel mugs?")
        expect(chat.answer).to_contain_text("Here is")
        assert log.evaluate(at_end)
        log.hover()
        chat.page.mouse.wheel(0, -300)
        expect(chat.page.get_by_role("button", name="New message")).to_be_visible()
        assert not log.evaluate(at_end)
        chat.page.get_by_role("button", name="New message").click()
        assert log.evaluate(at_end)
        expect(chat.page.get_by_role("button", name="New message")).to_be_hidden()


@pytest.mark.chromium_only("BiDi tells playwright no request bodies")
def test_the_page_goes_with_the_question(chat: Chat) -> None:
    chat.visit("/products/tin-cup")
    with chat.page.expect_request("**/api/chat") as sent:
        chat.type("Is this in stock?")
    _, page = json.loads(sent.value.post_data or "")["message"]["parts"]
    assert page["type"] == "data-page"
    assert page["data"]["url"] == f"{chat.live.url}/products/tin-cup"
    assert page["data"].keys() >= {"title", "type", "product_id", "variant_id", "locale", "currency", "country"}


def test_a_draft_is_kept_for_the_next_page(chat: Chat) -> None:
    chat.box.fill("Do you have")
    chat.visit("/collections/all")
    expect(chat.box).to_have_value("Do you have")
