"""What the browser remembers is painted before the server is asked; it ages, it is tidied, and it may be missing."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import DESKTOP, page, tab, until
from tests.live import SHOP, Live
from tests.widget import Chat, slowly

__all__ = ["page"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.looks,
    pytest.mark.xdist_group("widget-cache"),
    pytest.mark.engines("chromium", "firefox"),
]

MITTENS, MUGS = "Do you have mittens?", "Do you have enamel mugs?"
NAME = f"shop-chat:{SHOP}"

# WORK runs in one transaction over all stores.
DATABASE = """
async ([name, argument]) => {
  const database = await new Promise((resolve, reject) => {
    const opening = indexedDB.open(name);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  const transaction = database.transaction([...database.objectStoreNames], 'readwrite');
  const all = (store) => new Promise((resolve) => {
    const request = transaction.objectStore(store).getAll();
    request.onsuccess = () => resolve(request.result);
  });
  const store = (name) => transaction.objectStore(name);
  const answer = await (WORK);
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
  database.close();
  return answer;
}
"""


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    return Chat(page, live)


def in_database(chat: Chat, work: str, argument: Any = None) -> Any:
    return chat.page.evaluate(DATABASE.replace("WORK", work), [NAME, argument])


def kept(chat: Chat, store: str) -> list[dict[str, Any]]:
    return list(in_database(chat, "all(argument)", store))


def age(chat: Chat, store: str, hours: int) -> None:
    """Let what a store holds be older."""
    older = f"store('{store}').put({{ ...each, at: each.at - argument }})"
    in_database(chat, f"all('{store}').then((all) => all.forEach((each) => {older}))", hours * 3_600_000)


def another_tab(chat: Chat, *, cut: bool = True) -> Chat:
    """A tab in which nothing has been shown yet; `cut`: and which does not reach the server's API."""
    page = chat.page.context.new_page()
    if cut:
        page.route("**/api/**", lambda route: route.abort())
    other = Chat(page, chat.live)
    other.open("/collections/all")
    return other


def settled(chat: Chat, store: str, count: int) -> None:
    """Until the browser has written what it remembers."""
    for _ in range(100):
        if len(kept(chat, store)) == count:
            return
        chat.page.wait_for_timeout(50)
    raise AssertionError(kept(chat, store))


def test_a_new_tab_paints_the_conversation_without_the_server(chat: Chat) -> None:
    chat.open()
    chat.ask(MITTENS)
    settled(chat, "toolResults", 1)
    other = another_tab(chat)
    expect(other.questions).to_have_text([MITTENS])
    expect(other.cards).to_have_count(1)
    assert other.read() == chat.stored()[-1]


def test_a_running_answer_is_painted_as_far_as_it_had_come_and_goes_on(chat: Chat, live: Live) -> None:
    with slowly(live):
        chat.open()
        chat.type(MITTENS)
        expect(chat.answer).to_contain_text("This is")
        chat.page.wait_for_timeout(1200)  # it is written down once a second
        settled(chat, "streamStates", 1)
        other = another_tab(chat)
        expect(other.answer).to_contain_text("This is")
        before = other.read()
        other.page.unroute_all()
    other.wait()
    assert other.read() == chat.stored()[-1]
    assert other.read()[: len(before)] == before
    settled(chat, "streamStates", 0)


def test_past_conversations_are_listed_and_opened_without_the_server(chat: Chat) -> None:
    chat.open()
    chat.ask(MITTENS)
    chat.choose("New conversation")
    expect(chat.questions).to_have_count(0)
    chat.ask(MUGS)
    chat.choose("Past conversations")
    expect(chat.page.locator(".entries li")).to_have_count(2)
    settled(chat, "conversations", 2)
    other = another_tab(chat)
    other.choose("Past conversations")
    expect(other.page.locator(".entries li .name")).to_have_text([MUGS, MITTENS])
    other.page.get_by_role("button", name=MITTENS, exact=False).first.click()
    expect(other.questions).to_have_text([MITTENS])
    expect(other.answer).to_contain_text("Drift Mittens")


def test_the_servers_copy_wins(chat: Chat) -> None:
    chat.open()
    chat.ask(MITTENS)
    settled(chat, "messages", 1)
    lie = """all('messages').then(([each]) => {
        for (const { parts } of each.messages) for (const part of parts) if (part.text) part.text = 'Not so.';
        store('messages').put(each);
    })"""
    in_database(chat, lie)
    cut = another_tab(chat)
    expect(cut.answer).to_have_text("Not so.")
    cut.page.unroute_all()
    whole = another_tab(chat, cut=False)
    expect(whole.answer).to_contain_text("Drift Mittens")
    expect(whole.page.get_by_text("Not so.")).to_have_count(0)


def test_prices_of_yesterday_are_not_painted_and_words_of_yesterday_are(chat: Chat) -> None:
    chat.open()
    chat.ask(MITTENS)
    settled(chat, "toolResults", 1)
    age(chat, "toolResults", 25)
    other = another_tab(chat)
    expect(other.answer).to_contain_text("Drift Mittens")
    expect(other.cards).to_have_count(0)
    assert kept(other, "toolResults") == []


def test_what_is_a_month_old_is_forgotten_and_of_the_rest_the_newest_stay(chat: Chat) -> None:
    chat.open()
    chat.ask(MITTENS)
    settled(chat, "messages", 1)
    many = """Promise.all(Array.from({ length: 40 }, (_, at) => {
        const known = { id: `c${at}`, at: Date.now() - 1000 * (at + 1) };
        store('conversations').put({ ...known, title: `T${at}`, updated_at: '' });
        store('messages').put({ ...known, messages: [] });
        store('toolResults').put({ id: `r${at}`, conversation: `c${at}`, at: Date.now(), data: {} });
    })).then(() => { store('messages').put({ id: 'old', at: Date.now() - 31 * 86400000, messages: [] }) })"""
    in_database(chat, many)
    other = another_tab(chat)
    expect(other.questions).to_have_text([MITTENS])
    left = {each["id"] for each in kept(other, "messages")}
    assert left == {chat.kept("conversation"), *(f"c{at}" for at in range(29))}
    assert len(kept(other, "conversations")) == 30
    assert len(kept(other, "toolResults")) == 30  # the mittens, and those of the conversations that stay


def test_forget_me_leaves_nothing_in_the_browser(chat: Chat) -> None:
    chat.open()
    chat.ask(MITTENS)
    settled(chat, "messages", 1)
    other = another_tab(chat, cut=False)
    expect(other.questions).to_have_count(1)
    chat.choose("Forget me")
    chat.page.get_by_role("button", name="Erase", exact=False).click()
    expect(chat.questions).to_have_count(0)
    expect(other.questions).to_have_count(0)
    until(chat.page, "indexedDB.databases().then((all) => all.length === 0)")
    assert chat.page.evaluate("Object.keys(localStorage)") == []


FAULTS = {
    "blocked": "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('', 'NotAllowed') } })",
    "refused": "IDBFactory.prototype.open = () => { throw new DOMException('no', 'UnknownError') }",
    "full": "IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError') }",
    "broken": "IDBDatabase.prototype.transaction = () => { throw new DOMException('closed', 'InvalidStateError') }",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_without_a_database_only_the_memory_is_shorter(browser: Browser, live: Live, fault: str) -> None:
    with tab(browser, viewport=DESKTOP) as page:
        page.add_init_script(FAULTS[fault])
        chat = Chat(page, live)
        chat.open()
        chat.ask(MITTENS)
        chat.page.reload()
        expect(chat.questions).to_have_text([MITTENS])
        chat.choose("New conversation")
        expect(chat.questions).to_have_count(0)
        chat.ask(MUGS)
        assert chat.read() == chat.stored()[-1]
