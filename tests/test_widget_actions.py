"""What can be done with messages: reword, look through versions, copy, rate, have an answer written again."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from tests.access import violations
from tests.browser import page, until
from tests.live import Live
from tests.widget import Chat, slowly

__all__ = ["page"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.looks,
    pytest.mark.xdist_group("widget-actions"),
    pytest.mark.engines("chromium", "firefox"),
]


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    opened = Chat(page, live)
    opened.open()
    return opened


def act(chat: Chat, name: str) -> Locator:
    """A button under the newest messages."""
    return chat.page.get_by_role("button", name=name, exact=True).last


def reword(chat: Chat, text: str) -> None:
    act(chat, "Edit").click()
    chat.box.fill(text)
    chat.box.press("Enter")


def versions(chat: Chat) -> Locator:
    return chat.page.locator("shop-chat .versions").last


def history(chat: Chat) -> list[dict[str, Any]]:
    """The conversation's messages as the server has them."""
    found = requests.get(
        f"{chat.live.url}/api/conversations/{chat.kept('conversation')}/messages",
        headers={"Authorization": f"Bearer {chat.kept('session')['token']}"},
        timeout=20,
    )
    found.raise_for_status()
    return list(found.json()["messages"])


def test_the_last_question_is_asked_in_other_words(chat: Chat) -> None:
    chat.ask("thanks")
    chat.ask("Do you have mittens?")
    reword(chat, "Do you have enamel mugs?")
    expect(chat.questions).to_have_text(["thanks", "Do you have enamel mugs?"])
    expect(chat.answer).to_contain_text("enamel mugs")
    chat.wait()
    expect(chat.answers).to_have_count(2)
    assert chat.stored()[-1] == chat.read()
    assert [words[0] for words in chat.stored()] == ["thanks", chat.stored()[1][0], "Do", chat.stored()[3][0]]


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_earlier_versions_can_be_leafed_through(chat: Chat) -> None:
    chat.ask("Do you have mittens?")
    expect(versions(chat)).to_be_hidden()
    reword(chat, "Do you have enamel mugs?")
    chat.wait()
    expect(versions(chat)).to_have_text("2 / 2")
    act(chat, "Earlier version").click()
    expect(versions(chat)).to_have_text("1 / 2")
    expect(chat.questions).to_have_text("Do you have mittens?")
    expect(chat.answer).to_contain_text("Drift Mittens")
    expect(act(chat, "Earlier version")).to_be_focused()
    expect(act(chat, "Earlier version")).to_have_attribute("aria-disabled", "true")
    expect(act(chat, "Good answer")).to_have_count(0)
    act(chat, "Later version").click()
    expect(chat.questions).to_have_text("Do you have enamel mugs?")
    expect(versions(chat)).to_have_text("2 / 2")


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_an_answer_is_written_again_and_counted(chat: Chat) -> None:
    chat.ask("thanks")
    act(chat, "Answer again").click()
    chat.wait()
    expect(versions(chat)).to_have_text("2 / 2")
    chat.visit("/collections/all")
    expect(versions(chat)).to_have_text("2 / 2")
    assert history(chat)[-1]["metadata"]["version"] == 2


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_only_the_last_question_and_answer_can_be_changed_and_not_while_one_is_written(
    chat: Chat, live: Live
) -> None:
    chat.ask("thanks")
    chat.ask("Do you have mittens?")
    for name in ("Edit", "Answer again"):
        expect(chat.page.get_by_role("button", name=name, exact=True)).to_have_count(1)
    with slowly(live):
        chat.type("thanks")
        expect(chat.stop).to_be_visible()
        for name in ("Edit", "Answer again"):
            expect(chat.page.get_by_role("button", name=name, exact=True)).to_have_count(0)


def test_rewording_can_be_given_up_and_gives_the_draft_back(chat: Chat) -> None:
    chat.ask("thanks")
    chat.box.fill("And then")
    act(chat, "Edit").click()
    expect(chat.box).to_have_value("thanks")
    expect(chat.box).to_be_focused()
    chat.page.keyboard.press("Escape")
    expect(chat.panel).to_be_visible()
    expect(chat.box).to_have_value("And then")
    expect(chat.page.get_by_text("You are rewording your question.")).to_be_hidden()


def test_arrow_up_in_an_empty_box_takes_the_last_question_out_again(chat: Chat) -> None:
    chat.ask("thanks")
    chat.box.press("ArrowUp")
    expect(chat.box).to_have_value("thanks")
    chat.page.get_by_role("button", name="Cancel").click()
    expect(chat.box).to_have_value("")


def test_what_is_typed_after_arrow_up_stands_behind_the_question(chat: Chat) -> None:
    chat.ask("thanks")
    chat.box.press("ArrowUp")
    chat.page.keyboard.type(" a lot")
    expect(chat.box).to_have_value("thanks a lot")


def test_a_reworded_question_survives_a_page_change_on_its_way(chat: Chat, live: Live) -> None:
    chat.ask("Do you have mittens?")
    with slowly(live):
        reword(chat, "Do you have enamel mugs?")
        expect(chat.answer).to_contain_text("Here")
        chat.visit("/collections/all")
        expect(chat.questions).to_have_text("Do you have enamel mugs?")
    chat.wait()
    expect(chat.answers).to_have_count(1)
    assert chat.stored()[-1] == chat.read()


def test_a_reworded_question_that_was_not_taken_is_sent_again(chat: Chat) -> None:
    chat.ask("Do you have mittens?")
    chat.page.route(
        "**/api/chat", lambda route: route.fulfill(status=422, json={"code": "x", "title": "No."}), times=1
    )
    reword(chat, "Do you have enamel mugs?")
    expect(chat.page.get_by_text("Not sent. No.")).to_be_visible()
    chat.retry.click()
    expect(chat.answer).to_contain_text("enamel mugs")
    chat.wait()
    expect(chat.questions).to_have_count(1)
    assert len(history(chat)) == 2


@pytest.mark.chromium_only("BiDi cannot permit the clipboard")
def test_an_answer_is_copied(chat: Chat) -> None:
    chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    chat.ask("thanks")
    act(chat, "Copy").click()
    expect(chat.page.get_by_text("Copied")).to_be_visible()
    expect(act(chat, "Copy")).to_be_focused()
    said = history(chat)[-1]["parts"][-1]["text"]
    until(chat.page, "text => navigator.clipboard.readText().then(copied => copied === text)", given=said)


@pytest.mark.chromium_only("BiDi cannot refuse the clipboard")
def test_a_copy_that_the_browser_refuses_is_told_as_such(chat: Chat) -> None:
    refused = {"permission": {"name": "clipboard-write"}, "setting": "denied"}
    chat.page.context.new_cdp_session(chat.page).send("Browser.setPermission", refused)
    chat.ask("thanks")
    act(chat, "Copy").click()
    expect(chat.page.get_by_text("The browser did not allow copying.")).to_be_visible()


@pytest.mark.chromium_only("BiDi cannot permit the clipboard")
def test_each_note_stands_for_its_time(chat: Chat) -> None:
    chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    chat.ask("thanks")
    chat.page.clock.install()
    note = chat.page.locator("shop-chat .assistant .told")
    for _ in range(3):
        act(chat, "Copy").click()
        expect(note).to_have_text("Copied")
        chat.page.clock.run_for(2500)
        expect(note).to_have_text("Copied")
    chat.page.clock.run_for(2500)
    expect(note).to_have_text("")


def test_the_question_after_a_rating_is_in_sight(chat: Chat) -> None:
    chat.ask("Do you have mittens?")
    act(chat, "Bad answer").click()
    expect(chat.page.get_by_role("textbox", name="What was it?")).to_be_in_viewport(ratio=1)


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_an_answer_is_rated_with_a_word_and_the_word_taken_back(chat: Chat) -> None:
    chat.ask("thanks")
    act(chat, "Bad answer").click()
    expect(act(chat, "Bad answer")).to_have_attribute("aria-pressed", "true")
    why = chat.page.get_by_role("textbox", name="What was it?")
    why.fill("Too short.")
    why.press("Enter")
    expect(why).to_have_count(0)
    expect(act(chat, "Bad answer")).to_be_focused()
    assert history(chat)[-1]["metadata"]["rating"] == "down"
    chat.visit("/collections/all")
    expect(act(chat, "Bad answer")).to_have_attribute("aria-pressed", "true")
    act(chat, "Good answer").click()
    expect(act(chat, "Good answer")).to_have_attribute("aria-pressed", "true")
    expect(act(chat, "Bad answer")).to_have_attribute("aria-pressed", "false")
    act(chat, "Good answer").click()
    expect(act(chat, "Good answer")).to_have_attribute("aria-pressed", "false")
    assert "rating" not in history(chat)[-1]["metadata"]


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_a_rating_that_was_not_kept_is_not_shown(chat: Chat) -> None:
    chat.ask("thanks")
    chat.page.route("**/feedback", lambda route: route.abort())
    act(chat, "Good answer").click()
    expect(chat.page.get_by_text("That could not be saved.")).to_be_visible()
    expect(act(chat, "Good answer")).to_have_attribute("aria-pressed", "false")


def test_a_rating_whose_script_does_not_come_is_not_shown_and_can_be_tried_again(chat: Chat) -> None:
    chat.ask("thanks")
    chat.page.route("**/widget/feedback-*.js*", lambda route: route.abort())
    act(chat, "Good answer").click()
    expect(chat.page.get_by_text("That could not be saved.")).to_be_visible()
    chat.page.unroute_all()
    act(chat, "Good answer").click()
    expect(act(chat, "Good answer")).to_have_attribute("aria-pressed", "true")
    assert history(chat)[-1]["metadata"]["rating"] == "up"


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_versions_are_there_with_the_answer_when_the_shopper_comes_back(chat: Chat) -> None:
    chat.ask("thanks")
    reword(chat, "Do you have enamel mugs?")
    expect(versions(chat)).to_have_text("2 / 2")
    chat.wait()
    chat.visit("/collections/all")
    expect(versions(chat)).to_have_text("2 / 2")
    act(chat, "Earlier version").click()
    expect(versions(chat)).to_have_text("1 / 2")


def test_a_slash_leads_to_the_box_and_is_a_slash_in_it(chat: Chat) -> None:
    chat.page.get_by_role("log").focus()
    chat.page.keyboard.press("/")
    expect(chat.box).to_be_focused()
    expect(chat.box).to_have_value("")
    chat.page.keyboard.press("/")
    expect(chat.box).to_have_value("/")


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_messages_say_when_they_were_written(chat: Chat) -> None:
    chat.ask("thanks")
    for message in (chat.page.locator("shop-chat .user"), chat.answers.last):
        assert message.locator("time").get_attribute("datetime")
        assert ":" in message.locator("time").inner_text()


@pytest.mark.chromium_only("axe reads the same tree in every engine")
def test_axe_finds_nothing_in_any_of_it(chat: Chat) -> None:
    chat.ask("Do you have mittens?")
    act(chat, "Good answer").click()
    expect(chat.page.get_by_role("textbox", name="What was it?")).to_be_visible()
    assert violations(chat.page) == []
    act(chat, "Edit").click()
    assert violations(chat.page) == []
    reword(chat, "thanks")
    chat.wait()
    act(chat, "Earlier version").click()
    expect(versions(chat)).to_have_text("1 / 2")
    assert violations(chat.page) == []
