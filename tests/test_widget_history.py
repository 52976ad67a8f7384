"""Past conversations: found, gone on with, renamed, deleted, taken away as files and shared by a link."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.access import HEARD, LISTEN, focused, violations
from tests.browser import DESKTOP, PHONE, page, phone, tab, until
from tests.live import Live
from tests.widget import Chat

__all__ = ["page", "phone"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.looks,
    pytest.mark.xdist_group("widget-history"),
    pytest.mark.engines("chromium", "firefox"),
]

MITTENS, MUGS = "Do you have mittens?", "Do you have enamel mugs?"
LOST = "The connection was lost."


class Past(Chat):
    """The chat and its page of past conversations."""

    def show(self) -> None:
        self.choose("Past conversations")

    def begin(self, text: str) -> None:
        """A conversation of this shopper in another tab."""
        message = {"id": uuid.uuid4().hex, "role": "user", "parts": [{"type": "text", "text": text}]}
        self.ask_server("POST", "/api/chat", json={"id": uuid.uuid4().hex, "message": message})

    def ask_server(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.kept('session')['token']}"}
        answer = requests.request(method, self.live.url + path, headers=headers, timeout=60, **options)
        answer.raise_for_status()
        return answer

    def known(self) -> list[str]:
        """The titles that the server has."""
        return [each["title"] for each in self.ask_server("GET", "/api/conversations").json()["conversations"]]

    def press(self, button: str) -> None:
        self.button(button).click()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def options(self, title: str) -> Locator:
        return self.button(f"Options for “{title}”")

    def choose_for(self, title: str, option: str) -> None:
        self.options(title).click()
        self.press(option)

    def opener(self, title: str) -> Locator:
        return self.page.get_by_role("button", name=re.compile(f"^{re.escape(title)}"))

    @property
    def search(self) -> Locator:
        return self.page.get_by_role("searchbox", name="Search your conversations")

    @property
    def titles(self) -> Locator:
        return self.page.locator("shop-chat .entries .name")

    @property
    def field(self) -> Locator:
        return self.page.get_by_role("textbox", name="New title")

    @property
    def link(self) -> Locator:
        return self.page.get_by_role("textbox", name="Link to this conversation")


@pytest.fixture
def past(page: Page, live: Live) -> Past:
    """A shopper who has asked for mittens."""
    opened = Past(page, live)
    opened.open()
    opened.ask(MITTENS)
    return opened


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_the_newest_stands_first_and_the_open_one_is_marked(past: Past) -> None:
    past.begin(MUGS)
    past.show()
    expect(past.titles).to_have_text([MUGS, MITTENS])
    expect(past.opener(MITTENS)).to_have_attribute("aria-current", "true")
    expect(past.opener(MUGS)).not_to_have_attribute("aria-current", "true")


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_what_was_not_today_has_its_day(past: Past) -> None:
    summary = {"id": "x", "title": MUGS, "updated_at": "2026-03-14T12:00:00Z"}
    found = {"conversations": [summary], "next": None}
    past.page.route("**/api/conversations?**", lambda route: route.fulfill(json=found))
    past.show()
    expect(past.page.locator(".entries time")).to_have_text("Mar 14, 2026")


def test_a_past_conversation_goes_on_where_it_stopped(past: Past) -> None:
    past.begin(MUGS)
    past.show()
    past.opener(MUGS).click()
    expect(past.questions).to_have_text(MUGS)
    past.wait()
    expect(past.box).to_be_focused()
    past.ask("thanks")
    expect(past.questions).to_have_text([MUGS, "thanks"])
    past.show()
    expect(past.titles).to_have_text([MUGS, MITTENS])


def test_the_open_one_is_there_again_at_once(past: Past) -> None:
    past.show()
    expect(past.titles).to_have_count(1)
    past.page.route("**/api/**", lambda route: route.abort())
    past.opener(MITTENS).click()
    expect(past.questions).to_have_text(MITTENS)
    expect(past.box).to_be_focused()


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_a_search_finds_words_in_titles_and_answers(past: Past) -> None:
    past.begin(MUGS)
    past.show()
    past.search.fill("MUGS")
    expect(past.titles).to_have_text([MUGS])
    past.search.fill("drift")
    expect(past.titles).to_have_text([MITTENS])
    past.search.fill("zeppelin")
    expect(past.page.get_by_text("Nothing was found for “zeppelin”.")).to_be_visible()
    past.press("Clear the search")
    expect(past.titles).to_have_text([MUGS, MITTENS])
    expect(past.search).to_be_focused()


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_letters_typed_in_haste_are_one_question(past: Past) -> None:
    asked: list[str] = []
    past.page.on("request", lambda request: asked.append(request.url))
    past.show()
    past.search.press_sequentially("zeppelin", delay=20)
    expect(past.page.get_by_text("Nothing was found")).to_be_visible()
    assert [url.rpartition("q=")[2] for url in asked if "q=" in url] == ["zeppelin"]


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_the_answer_to_the_latest_search_wins(past: Past) -> None:
    past.begin(MUGS)
    late: list[Route] = []

    def hold(route: Route) -> None:
        late.append(route)

    past.page.route(re.compile("q=mugs"), hold)
    past.show()
    with past.page.expect_request(re.compile("q=mugs")):
        past.search.fill("mugs")
    past.search.fill("mittens")
    expect(past.titles).to_have_text([MITTENS])
    with past.page.expect_response(re.compile("q=mugs")):
        late[0].continue_()
    past.page.evaluate("new Promise(requestAnimationFrame)")
    expect(past.titles).to_have_text([MITTENS])


def test_a_row_in_use_outlasts_the_next_answer(past: Past) -> None:
    late: list[Route] = []

    def hold(route: Route) -> None:
        late.append(route)

    past.page.route(re.compile("q=mittens"), hold)
    past.show()
    with past.page.expect_request(re.compile("q=mittens")):
        past.search.fill("mittens")
    past.choose_for(MITTENS, "Rename")
    past.page.keyboard.type("Warm ")
    with past.page.expect_response(re.compile("q=mittens")):
        late[0].continue_()
    past.page.evaluate("new Promise(requestAnimationFrame)")
    past.page.keyboard.type("hands")
    expect(past.field).to_have_value("Warm hands")


def test_escape_empties_the_search_before_it_leaves(past: Past) -> None:
    past.show()
    past.search.fill("zeppelin")
    expect(past.titles).to_have_count(0)
    past.search.press("Escape")
    expect(past.search).to_have_value("")
    expect(past.titles).to_have_text([MITTENS])
    past.search.press("Escape")
    expect(past.box).to_be_visible()


def test_more_come_when_they_are_wanted_and_the_focus_goes_on_with_them(past: Past) -> None:
    for number in range(20):
        past.begin(f"thanks {number}")
    past.show()
    expect(past.titles).to_have_count(20)
    past.button("Show more").press("Enter")
    expect(past.titles).to_have_count(21)
    expect(past.opener(MITTENS)).to_be_focused()
    expect(past.button("Show more")).to_be_hidden()


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_who_has_said_nothing_yet_is_told_so_without_asking_the_server(page: Page, live: Live) -> None:
    past = Past(page, live)
    past.open()
    page.route("**/api/**", lambda route: route.abort())
    past.show()
    expect(page.get_by_text("There are no past conversations yet.")).to_be_visible()
    expect(past.search).to_be_hidden()


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_a_list_that_cannot_be_had_is_told_and_tried_again(past: Past, live: Live) -> None:
    past.show()
    past.press("Back")
    live.kill()
    past.show()
    expect(past.page.get_by_text("Your past conversations could not be loaded.")).to_be_visible()
    live.start()
    past.button("Try again").press("Enter")
    expect(past.opener(MITTENS)).to_be_focused()
    expect(past.page.get_by_text("could not be loaded")).to_be_hidden()


@pytest.mark.parametrize("item", ["Past conversations", "Forget me"])
def test_a_page_that_cannot_be_loaded_is_told_and_tried_again(past: Past, item: str) -> None:
    past.page.route("**/widget/pages-*", lambda route: route.abort())
    past.choose(item)
    expect(past.page.get_by_text(LOST)).to_be_visible()
    past.press("Try again")
    expect(past.page.get_by_text(LOST)).to_be_visible()
    past.page.unroute_all()
    past.press("Back")
    past.choose(item)
    expect(past.titles.or_(past.button("Erase"))).to_be_visible()


def test_the_pages_are_loaded_when_the_first_is_opened_and_once(past: Past) -> None:
    asked: list[str] = []
    past.page.on("request", lambda request: asked.append(request.url) if "/widget/" in request.url else None)
    past.page.reload()
    expect(past.questions).to_have_text(MITTENS)
    assert not [url for url in asked if "pages-" in url]
    for _ in range(2):
        past.show()
        expect(past.titles).to_have_text([MITTENS])
        past.press("Back")
    assert len([url for url in asked if "pages-" in url]) == 1


def test_an_element_that_is_taken_away_leaves_no_styles_behind(past: Past) -> None:
    past.show()
    expect(past.titles).to_have_count(1)
    past.page.evaluate("window.root = document.querySelector('shop-chat').shadowRoot; root.host.remove()")
    until(past.page, "() => root.adoptedStyleSheets.length === 2")


def test_a_conversation_is_renamed_where_it_stands(past: Past) -> None:
    past.show()
    past.choose_for(MITTENS, "Rename")
    expect(past.field).to_be_focused()
    expect(past.field).to_have_value(MITTENS)
    expect(past.field).to_have_attribute("maxlength", "120")
    past.page.keyboard.type("  Warm   hands ")
    past.page.keyboard.press("Enter")
    expect(past.opener("Warm hands")).to_be_focused()
    assert past.known() == ["Warm hands"]


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_a_title_is_left_as_it_was(past: Past) -> None:
    past.show()
    ways: list[Callable[[], None]] = [lambda: past.press("Cancel"), lambda: past.field.press("Escape")]
    for leave in ways:
        past.choose_for(MITTENS, "Rename")
        past.field.fill("Warm hands")
        leave()
        expect(past.options(MITTENS)).to_be_focused()
    past.choose_for(MITTENS, "Rename")
    past.field.fill(" ")
    past.press("Save")
    expect(past.options(MITTENS)).to_be_focused()
    assert past.known() == [MITTENS]


def test_the_keys_of_an_input_method_neither_save_nor_cancel(past: Past) -> None:
    past.show()
    past.choose_for(MITTENS, "Rename")
    past.field.fill("てぶくろ")
    for key in ("Enter", "Escape"):
        init = {"key": key, "isComposing": True, "bubbles": True, "composed": True, "cancelable": True}
        past.field.dispatch_event("keydown", init)
    expect(past.field).to_be_focused()
    past.press("Save")
    expect(past.opener("てぶくろ")).to_be_focused()


def test_a_deletion_is_asked_for_and_the_focus_goes_on(past: Past) -> None:
    past.begin(MUGS)
    past.show()
    past.choose_for(MUGS, "Delete")
    expect(past.button("Keep")).to_be_focused()
    past.press("Keep")
    expect(past.options(MUGS)).to_be_focused()
    past.choose_for(MUGS, "Delete")
    past.press("Delete")
    expect(past.titles).to_have_text([MITTENS])
    expect(past.opener(MITTENS)).to_be_focused()
    assert past.known() == [MITTENS]
    past.press("Back")
    expect(past.questions).to_have_text(MITTENS)


def test_when_the_open_one_is_deleted_a_new_one_begins(past: Past) -> None:
    past.show()
    past.choose_for(MITTENS, "Delete")
    past.press("Delete")
    expect(past.page.get_by_text("There are no past conversations yet.")).to_be_visible()
    expect(past.search).to_be_focused()
    past.press("Back")
    expect(past.questions).to_have_count(0)
    past.ask("thanks")
    assert past.known() == ["thanks"]


@pytest.mark.chromium_only("BiDi tells of no downloads")
@pytest.mark.parametrize("kind", ["Markdown", "JSON"])
def test_a_conversation_is_downloaded_as_the_server_writes_it(past: Past, kind: str) -> None:
    past.show()
    past.options(MITTENS).click()
    with past.page.expect_download() as begun:
        past.press(f"Download as {kind}")
    name = "do-you-have-mittens." + {"Markdown": "md", "JSON": "json"}[kind]
    assert begun.value.suggested_filename == name
    expect(past.page.get_by_text(f"Downloaded: {name}")).to_be_visible()
    export = f"/api/conversations/{past.kept('conversation')}/export?format={kind.lower()}"
    assert Path(begun.value.path()).read_bytes() == past.ask_server("GET", export).content


@pytest.mark.chromium_only("BiDi cannot permit the clipboard")
def test_a_link_is_copied_read_by_anybody_and_taken_back(past: Past, browser: Browser) -> None:
    past.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    past.show()
    past.choose_for(MITTENS, "Share a link")
    past.press("7 days")
    expect(past.button("Copy")).to_be_focused()
    past.press("Copy")
    expect(past.page.get_by_text("Link copied.")).to_be_visible()
    url = past.link.input_value()
    assert past.page.evaluate("navigator.clipboard.readText()") == url
    with tab(browser) as stranger:
        stranger.goto(url)
        expect(stranger.get_by_role("heading", level=1)).to_have_text(MITTENS)
        expect(stranger.get_by_text("Drift Mittens").first).to_be_visible()
        past.press("Take the link back")
        expect(past.page.get_by_text("The link leads nowhere any more.")).to_be_visible()
        expect(past.button("1 day")).to_be_focused()
        stranger.reload()
        expect(stranger.get_by_role("heading", level=1)).to_have_text("No conversation here")


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_a_link_says_later_until_when_it_is_good_and_another_takes_its_place(past: Past) -> None:
    past.show()
    past.choose_for(MITTENS, "Share a link")
    past.press("30 days")
    first = past.link.input_value()
    past.press("Done")
    expect(past.options(MITTENS)).to_be_focused()
    past.choose_for(MITTENS, "Share a link")
    expect(past.page.get_by_text("There is a link, good until")).to_be_visible()
    expect(past.link).to_have_count(0)
    past.press("1 day")
    second = past.link.input_value()
    assert [requests.get(url, timeout=20).status_code for url in (first, second)] == [404, 200]


def test_where_nothing_may_be_copied_the_link_is_selected(past: Past) -> None:
    past.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    past.show()
    past.choose_for(MITTENS, "Share a link")
    past.press("1 day")
    past.press("Copy")
    expect(past.page.get_by_text("The link is selected")).to_be_visible()
    assert past.link.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)") == (
        past.link.input_value()
    )


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_what_fails_is_told_under_the_row_and_can_be_done_again(past: Past, live: Live) -> None:
    past.show()
    past.choose_for(MITTENS, "Rename")
    past.field.fill("Warm hands")
    live.kill()
    past.press("Save")
    expect(past.page.get_by_text(LOST)).to_be_visible()
    past.press("Cancel")
    expect(past.page.get_by_text(LOST)).to_be_hidden()
    past.options(MITTENS).click()
    for button in ("Download as JSON", "Share a link"):
        past.press(button)
        expect(past.page.get_by_text(LOST)).to_be_visible()
    past.press("Delete")
    past.press("Delete")
    expect(past.page.get_by_text(LOST)).to_be_visible()
    live.start()
    past.press("Delete")
    expect(past.titles).to_have_count(0)


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_what_is_gone_already_is_told_in_the_servers_words(past: Past) -> None:
    past.show()
    past.options(MITTENS).click()
    past.ask_server("DELETE", f"/api/conversations/{past.kept('conversation')}")
    past.press("Download as Markdown")
    expect(past.page.locator(".entries .alarm")).not_to_be_empty()


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_one_row_is_unfolded_at_a_time(past: Past) -> None:
    past.begin(MUGS)
    past.show()
    past.options(MUGS).click()
    past.options(MITTENS).click()
    expect(past.options(MUGS)).to_have_attribute("aria-expanded", "false")
    expect(past.button("Rename")).to_have_count(1)
    past.options(MITTENS).click()
    expect(past.button("Rename")).to_have_count(0)


def test_it_can_all_be_done_with_the_keyboard(past: Past) -> None:
    keys = past.page.keyboard
    past.show()
    expect(past.button("Back")).to_be_focused()
    expect(past.titles).to_have_count(1)
    seen: list[str] = []
    while not seen or not seen[-1].startswith("Options"):
        keys.press("Tab")
        seen.append(focused(past.page))
    assert seen[0:3] == ["More", "Close", "Search your conversations"]
    keys.press("Enter")
    offered: list[str] = []
    for _ in range(5):
        keys.press("Tab")
        offered.append(focused(past.page))
    assert offered == ["Rename", "Share a link", "Download as Markdown", "Download as JSON", "Delete"]
    keys.press("Escape")
    expect(past.options(MITTENS)).to_be_focused()
    expect(past.button("Rename")).to_have_count(0)
    keys.press("Enter")
    keys.press("Tab")
    keys.press("Enter")
    keys.type("Warm hands")
    keys.press("Enter")
    expect(past.opener("Warm hands")).to_be_focused()
    keys.press("Enter")
    expect(past.box).to_be_focused()


def test_a_screen_reader_hears_what_came_of_it(past: Past) -> None:
    past.page.add_init_script(LISTEN)
    past.page.reload()
    past.begin(MUGS)
    past.page.evaluate(HEARD)

    def heard(text: str) -> None:
        until(past.page, "text => window.heard.at(-1) === text", given=text)

    past.show()
    past.search.fill("do you have")
    heard("2 found")
    past.search.fill("zeppelin")
    heard("Nothing was found for “zeppelin”.")
    past.search.fill("")
    past.choose_for(MUGS, "Rename")
    past.field.fill("Cups")
    past.field.press("Enter")
    heard("Renamed.")
    past.choose_for("Cups", "Delete")
    past.press("Delete")
    heard("Deleted.")


@pytest.mark.chromium_only("Firefox has no fingers without a window")
def test_fingers_hit_everything_and_ios_does_not_zoom(phone: Page, live: Live) -> None:
    past = Past(phone, live)
    past.open()
    past.ask(MITTENS)
    past.show()
    past.search.fill("mittens")
    past.options(MITTENS).tap()
    sizes = """elements => elements.filter((element) => element.checkVisibility()).map((element) => {
        const { width, height } = element.getBoundingClientRect();
        return Math.min(width, height);
    })"""
    assert min(phone.locator("shop-chat .page button").evaluate_all(sizes)) >= 36
    past.button("Rename").tap()
    assert min(phone.locator("shop-chat .entries button").evaluate_all(sizes)) >= 44
    for field in (past.search, past.field):
        assert field.evaluate("field => parseFloat(getComputedStyle(field).fontSize)") >= 16
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.chromium_only("Firefox has no fingers without a window")
def test_in_the_lower_half_of_a_phone_it_takes_the_whole(phone: Page, live: Live) -> None:
    past = Past(phone, live)
    past.open()
    past.ask(MITTENS)
    past.cards.first.tap()
    phone.wait_for_url("**/products/**")
    expect(past.panel).to_have_attribute("data-mode", "half")
    past.show()
    expect(past.panel).to_have_attribute("data-mode", "full")
    expect(past.titles).to_have_text([MITTENS])


@pytest.mark.chromium_only("axe reads the same tree in every engine")
@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_axe_finds_nothing_in_any_state(browser: Browser, live: Live, size: Any, scheme: Any) -> None:
    with tab(browser, viewport=size, color_scheme=scheme, reduced_motion="reduce") as page:
        past = Past(page, live)
        past.open()
        past.show()
        expect(page.get_by_text("There are no past conversations yet.")).to_be_visible()
        assert violations(page) == []
        past.press("Back")
        past.ask(MITTENS)
        past.begin(MUGS)
        page.evaluate("scheme => document.querySelector('shop-chat').setAttribute('data-scheme', scheme)", scheme)
        past.show()
        past.options(MUGS).click()
        assert violations(page) == []
        past.press("Rename")
        assert violations(page) == []
        past.press("Cancel")
        past.choose_for(MUGS, "Share a link")
        expect(past.button("1 day")).to_be_focused()
        assert violations(page) == []
        past.press("1 day")
        past.press("Copy")
        assert violations(page) == []
        past.press("Done")
        past.choose_for(MITTENS, "Delete")
        assert violations(page) == []
        page.route("**/api/**", lambda route: route.abort())
        past.press("Delete")
        expect(page.get_by_text(LOST)).to_be_visible()
        assert violations(page) == []
        past.search.fill("mugs")
        expect(page.get_by_text("could not be loaded")).to_be_visible()
        assert violations(page) == []
        past.press("Back")
        past.choose("Forget me")
        assert violations(page) == []
