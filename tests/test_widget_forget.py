"""“Forget me” comes to an end and says what was erased, whatever the browser's database, line and server do."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser import DESKTOP, chromium, page, tab, until
from tests.live import Live
from tests.widget import Chat, slowly

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-forget")]

MITTENS = "Do you have mittens?"
PARTLY = "This browser kept its own copy"
KEPT = "[Object.keys(localStorage), Object.values(sessionStorage).filter((text) => text.length > 9)]"
# A database of which a request is never answered: `window.hang` begins it, so that there may be something in it.
HANG = """
const silent = () => new EventTarget();
const store = new Proxy({}, { get: () => silent });
const stuck = { objectStore: () => store, abort() {} };
const mute = (prototype, name, answer) => {
  const real = prototype[name];
  prototype[name] = function (...given) { return window.hangs ? answer() : real.apply(this, given); };
};
for (const name of ['open', 'deleteDatabase']) mute(IDBFactory.prototype, name, silent);
mute(IDBDatabase.prototype, 'transaction', () => stuck);
"""


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    return Chat(page, live)


def forget(chat: Chat) -> None:
    chat.choose("Forget me")
    chat.page.get_by_role("button", name="Erase", exact=True).click()


def said(chat: Chat) -> Locator:
    return chat.page.locator("shop-chat .page .said")


def is_forgotten(chat: Chat) -> None:
    """Nothing is seen of it, and nothing is kept."""
    expect(chat.page.locator("shop-chat .page")).to_have_count(0)
    expect(chat.questions).to_have_count(0)
    until(chat.page, "Object.keys(localStorage).length === 0")


def test_a_database_that_never_answers_holds_up_nothing(chromium: Browser, live: Live) -> None:
    with tab(chromium, viewport=DESKTOP) as page:
        page.add_init_script("window.hangs = true;" + HANG)
        chat = Chat(page, live)
        chat.open()
        chat.ask(MITTENS)
        page.reload()
        expect(chat.questions).to_have_text([MITTENS])
        chat.choose("Past conversations")
        expect(page.locator(".entries li .name")).to_have_text([MITTENS])
        page.get_by_role("button", name="Back").click()
        forget(chat)
        is_forgotten(chat)


def test_a_copy_that_the_browser_does_not_erase_is_told_and_erased_the_next_time(
    chromium: Browser, live: Live
) -> None:
    with tab(chromium, viewport=DESKTOP) as page:
        page.add_init_script(HANG)
        chat = Chat(page, live)
        chat.open()
        chat.ask(MITTENS)
        until(page, "indexedDB.databases().then((all) => all.length === 1)")
        page.evaluate("window.hangs = true")
        forget(chat)
        expect(said(chat)).to_contain_text(PARTLY)
        expect(page.get_by_role("button", name="Erase", exact=True)).to_be_hidden()
        assert page.evaluate("Object.keys(localStorage)") == []
        page.get_by_role("button", name="Done").click()
        expect(chat.questions).to_have_count(0)
        page.reload()
        expect(chat.panel).to_be_visible()
        until(page, "indexedDB.databases().then((all) => all.length === 0)")


def test_a_tab_that_holds_the_database_does_not_keep_what_is_in_it(chat: Chat) -> None:
    chat.open()
    chat.ask(MITTENS)
    holder = chat.page.context.new_page()
    holder.goto(f"{chat.live.url}/pages/about")
    holder.evaluate(
        """async () => {
            const [{ name }] = await indexedDB.databases();
            window.held = await new Promise((resolve) => {
                const opening = indexedDB.open(name);
                opening.onsuccess = () => resolve(opening.result);
            });
        }"""
    )
    forget(chat)
    is_forgotten(chat)
    left = """() => new Promise((resolve) => {
        const counting = held.transaction('messages').objectStore('messages').count();
        counting.onsuccess = () => resolve(counting.result);
    })"""
    assert holder.evaluate(left) == 0


def test_a_server_that_is_not_reached_erases_nothing_and_can_be_asked_again(chat: Chat) -> None:
    chat.open()
    chat.ask(MITTENS)
    chat.page.route("**/api/session", lambda route: route.abort())
    forget(chat)
    expect(said(chat)).to_have_text("The connection was lost. Nothing was erased. Please try again.")
    assert chat.kept("conversation")
    chat.page.unroute("**/api/session")
    chat.page.get_by_role("button", name="Erase", exact=True).click()
    is_forgotten(chat)


def test_a_server_that_refuses_is_quoted_and_the_chat_goes_on(chat: Chat) -> None:
    chat.open()
    chat.ask(MITTENS)
    problem = '{"code": "too-many-requests", "title": "", "detail": ""}'
    chat.page.route(
        "**/api/session",
        lambda route: route.fulfill(status=429, body=problem, headers={"Retry-After": "30"}),
    )
    forget(chat)
    expect(said(chat)).to_contain_text("in 30 seconds. Nothing was erased.")
    chat.page.get_by_role("button", name="Keep").click()
    expect(chat.questions).to_have_text([MITTENS])
    chat.ask("Do you have enamel mugs?")
    assert chat.read() == chat.stored()[-1]


def test_a_session_that_the_server_does_not_know_any_more_is_forgotten(chat: Chat) -> None:
    chat.open()
    chat.ask(MITTENS)
    chat.page.evaluate(
        """() => {
            const key = Object.keys(localStorage).find((each) => each.endsWith(':session'));
            const session = JSON.parse(localStorage.getItem(key));
            localStorage.setItem(key, JSON.stringify({ ...session, token: 'forged' }));
        }"""
    )
    forget(chat)
    is_forgotten(chat)


def test_an_answer_that_is_being_written_does_not_come_back_in_any_tab(chat: Chat, live: Live) -> None:
    with slowly(live):
        chat.open()
        chat.type(MITTENS)
        expect(chat.answer).to_contain_text("This is")
        other = Chat(chat.page.context.new_page(), live)
        other.open("/collections/all")
        expect(other.answer).to_contain_text("This is")
        forget(chat)
        is_forgotten(chat)
        expect(other.questions).to_have_count(0)
    for each in (chat, other):
        each.page.reload()
        expect(each.panel).to_be_visible()
        expect(each.questions).to_have_count(0)
    assert chat.page.evaluate(KEPT) == [[], []]
    until(chat.page, "indexedDB.databases().then((all) => all.length === 0)")
    chat.ask("Do you have enamel mugs?")  # as if for the first time


def test_a_page_that_goes_into_the_cache_of_pages_ends_what_it_writes(chat: Chat) -> None:
    """WebKit freezes a transaction with its page, and the database with it."""
    chat.page.add_init_script(
        """window.open_transactions = new Set();
        const begin = IDBDatabase.prototype.transaction;
        IDBDatabase.prototype.transaction = function (...given) {
            const made = begin.apply(this, given);
            open_transactions.add(made);
            for (const end of ['complete', 'abort']) made.addEventListener(end, () => open_transactions.delete(made));
            return made;
        };
        addEventListener('pagehide', () => {
            const stored = (each) => { try { each.objectStore('messages'); return true; } catch { return false; } };
            sessionStorage.setItem('left open', [...open_transactions].filter(stored).length);
        });"""
    )
    with slowly(chat.live):
        chat.open()
        chat.type(MITTENS)
        expect(chat.answer).to_contain_text("This is")
        chat.page.wait_for_timeout(1100)
        chat.page.goto(f"{chat.live.url}/collections/all")
        expect(chat.panel).to_be_visible()
        assert chat.page.evaluate("sessionStorage.getItem('left open')") == "0"
    chat.wait()


def test_a_database_that_is_being_made_ends_with_its_page_as_well(chat: Chat) -> None:
    chat.page.add_init_script(
        """window.ends = [];
        const open = IDBFactory.prototype.open;
        IDBFactory.prototype.open = function (...given) {
            const opening = open.apply(this, given);
            opening.addEventListener('upgradeneeded', () => {
                for (const end of ['complete', 'abort']) {
                    opening.transaction.addEventListener(end, () => ends.push(end));
                }
                const leaving = new PageTransitionEvent('pagehide', { persisted: true });
                if (!ends.length) queueMicrotask(() => dispatchEvent(leaving));
            });
            return opening;
        };"""
    )
    chat.open()
    chat.type(MITTENS)
    until(chat.page, "ends.join() === 'abort'")
    chat.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(chat.answers).to_have_count(1)
    until(chat.page, "ends.join() === 'abort,complete'")


def test_a_script_that_never_comes_holds_up_neither_the_list_nor_the_erasure(chat: Chat) -> None:
    chat.page.clock.install()
    chat.page.route("**/widget/cache-*.js*", lambda _: None)
    chat.open()
    chat.ask(MITTENS)
    chat.choose("Past conversations")
    expect(chat.page.locator(".entries li .name")).to_have_text([MITTENS])
    chat.page.get_by_role("button", name="Back").click()
    forget(chat)
    chat.page.clock.run_for(10_000)
    expect(said(chat)).to_have_text("The connection was lost. Nothing was erased. Please try again.")


LOCKS_REFUSED = """
navigator.locks.request = () => Promise.reject(new DOMException('blocked', 'SecurityError'));
for (const area of ['localStorage', 'sessionStorage', 'indexedDB'])
  Object.defineProperty(window, area, { get() { throw new DOMException('blocked', 'SecurityError'); } });
"""


NO_DATABASE = "Object.defineProperty(window, 'indexedDB', { value: undefined });"


@pytest.mark.parametrize("script", [LOCKS_REFUSED, NO_DATABASE], ids=["site data is blocked", "no database"])
def test_where_a_browser_keeps_nothing_the_chat_works_and_forgets(chromium: Browser, live: Live, script: str) -> None:
    with tab(chromium, viewport=DESKTOP) as page:
        page.add_init_script(script)
        chat = Chat(page, live)
        chat.open()
        chat.ask(MITTENS)
        expect(chat.answer).to_contain_text("Drift Mittens")
        forget(chat)
        expect(page.locator("shop-chat .page")).to_have_count(0)
        expect(chat.questions).to_have_count(0)


# What a tab keeps for its next page, but for how the panel stood and what it has shown of the hint.
LEFT = """() => Object.entries(sessionStorage)
  .filter(([key, value]) => !/:(open|asked|hinted|held)$/.test(key) && value.length > 9)
  .map(([key, value]) => `${key} = ${value}`)"""
# A page that hears of nothing until it is shown again.
ASLEEP = """
for (const kind of ['storage', 'visibilitychange', 'pageshow'])
  addEventListener(kind, (event) => window.isAsleep && event.stopImmediatePropagation(), { capture: true });
"""


def beside(chat: Chat, script: str = "") -> Chat:
    """Another tab with the same conversation, a draft, and what the page before has left."""
    page = chat.page.context.new_page()
    page.add_init_script(script)
    other = Chat(page, chat.live)
    other.open("/collections/all")
    expect(other.questions).to_have_text([MITTENS])
    page.reload()
    expect(other.questions).to_have_text([MITTENS])
    other.box.fill("And in red, for Cleo?")
    assert any(":snapshot = " in each for each in page.evaluate(LEFT))
    return other


def keeps_nothing(other: Chat) -> None:
    until(other.page, f"({LEFT})().length === 0")
    expect(other.questions).to_have_count(0)
    expect(other.box).to_have_value("")


def test_another_tab_keeps_nothing(chat: Chat) -> None:
    chat.open()
    chat.ask(MITTENS)
    other = beside(chat)
    forget(chat)
    is_forgotten(chat)
    keeps_nothing(other)
    other.page.goto(f"{chat.live.url}/pages/about")
    expect(other.panel).to_be_visible()
    keeps_nothing(other)
    assert chat.page.evaluate(KEPT) == other.page.evaluate(KEPT) == [[], []]
    other.ask("Do you have enamel mugs?")  # as if for the first time


def test_a_page_that_slept_keeps_nothing_when_it_is_shown_again(chat: Chat) -> None:
    chat.open()
    chat.ask(MITTENS)
    other = beside(chat, ASLEEP)
    other.page.evaluate("window.isAsleep = true")
    forget(chat)
    is_forgotten(chat)
    chat.ask("Do you have enamel mugs?")  # in a new session
    other.page.evaluate("window.isAsleep = false")
    other.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(other.questions).to_have_text(["Do you have enamel mugs?"])
    expect(other.box).to_have_value("")
    assert MITTENS not in "".join(other.page.evaluate(LEFT))
    assert "Cleo" not in "".join(other.page.evaluate(LEFT))


def test_a_page_that_leaves_before_it_has_heard_of_it_writes_nothing_down(chat: Chat) -> None:
    chat.open()
    chat.ask(MITTENS)
    other = beside(chat, ASLEEP)
    other.page.evaluate("window.isAsleep = true")
    forget(chat)
    is_forgotten(chat)
    other.page.goto(f"{chat.live.url}/pages/about")
    keeps_nothing(other)


def test_a_tab_whose_panel_is_closed_keeps_nothing(chat: Chat) -> None:
    chat.open()
    chat.ask(MITTENS)
    other = beside(chat)
    other.page.keyboard.press("Escape")
    other.page.goto(f"{chat.live.url}/pages/about")
    expect(other.launcher).to_be_visible()
    assert "Cleo" in "".join(other.page.evaluate(LEFT))
    forget(chat)
    is_forgotten(chat)
    until(other.page, f"({LEFT})().length === 0")


def test_a_request_of_another_tab_begins_no_new_session(chat: Chat) -> None:
    chat.open()
    chat.ask(MITTENS)
    other = beside(chat)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    other.page.route("**/api/cart", hold)
    other.page.evaluate("document.querySelector('shop-chat').close()")
    other.page.reload()
    with other.page.expect_request("**/api/cart"):
        other.page.evaluate("document.querySelector('shop-chat').open()")
    forget(chat)
    is_forgotten(chat)
    with other.page.expect_response("**/api/cart") as answered:
        held[0].continue_()
    assert answered.value.status == 401
    keeps_nothing(other)
    assert chat.page.evaluate(KEPT) == [[], []]
    expect(other.page.locator("shop-chat .cart:visible")).to_have_count(0)
    assert chat.page.evaluate("Object.keys(localStorage)") == []


def test_a_first_message_that_is_not_sent_yet_stays_in_its_tab(chat: Chat) -> None:
    chat.open()
    chat.box.fill("Hello, I am new here")
    chat.page.goto(f"{chat.live.url}/pages/about")
    expect(chat.box).to_have_value("Hello, I am new here")
    other = Chat(chat.page.context.new_page(), chat.live)
    other.open("/collections/all")
    other.ask(MITTENS)
    expect(chat.questions).to_have_text([MITTENS])
    chat.page.reload()
    expect(chat.box).to_have_value("Hello, I am new here")
