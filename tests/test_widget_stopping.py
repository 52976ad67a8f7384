"""Stop stops the answer that the shopper sees coming, however the message and the stop reach the server."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser import chromium, page
from tests.live import Live
from tests.widget import Chat, slowly, words

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-stopping")]

MITTENS, MUGS, RETURNS = "Do you have mittens?", "Do you have enamel mugs?", "What is your return policy?"
STOPPED = "You stopped this answer."


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    chat = Chat(page, live)
    chat.open()
    return chat


def let_arrive(route: Route) -> None:
    route.continue_()


def cut(route: Route) -> None:
    """The line is lost before the message arrives: the widget sends it again."""
    route.abort()


def lose_the_answer(route: Route) -> None:
    """The message arrives, and the line is lost before the server has answered."""
    route.fetch()
    route.abort()


ENDS: list[Callable[[Route], None]] = [let_arrive, cut, lose_the_answer]


def stop_on_the_way(chat: Chat, send: Callable[[], None], end: Callable[[Route], None]) -> None:
    """Send something, stop it while it is on its way, and let it go on."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    chat.page.route("**/api/chat", hold)
    with chat.page.expect_request("**/api/chat"):
        send()
    expect(chat.stop).to_be_enabled()
    with chat.page.expect_response("**/stop") as stopped:
        chat.stop.click()
    assert stopped.value.json() == {"status": "stopped"}
    expect(chat.stop).to_be_disabled()
    end(held[0])


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("earlier", [False, True], ids=["new conversation", "after an answer"])
def test_a_stop_that_overtakes_its_message_stops_it(
    chat: Chat, live: Live, earlier: bool, end: Callable[[Route], None]
) -> None:
    if earlier:
        chat.ask(MITTENS)
    before = chat.stored() if earlier else []
    with slowly(live):
        stop_on_the_way(chat, lambda: chat.type(MUGS), end)
        expect(chat.page.get_by_text(STOPPED)).to_be_visible()
    chat.wait()
    assert chat.stored() == [*before, words(MUGS), []]
    chat.ask(RETURNS)
    expect(chat.answer).to_contain_text("60 days")
    assert chat.page.evaluate("Object.keys(localStorage).filter(key => key.includes('stop:'))") == []


@pytest.mark.parametrize("end", [let_arrive, lose_the_answer])
def test_another_answer_is_stopped_before_it_is_asked_for(
    chat: Chat, live: Live, end: Callable[[Route], None]
) -> None:
    chat.ask(MUGS)
    again = chat.page.get_by_role("button", name="Answer again")
    with slowly(live):
        stop_on_the_way(chat, again.click, end)
        expect(chat.page.get_by_text(STOPPED)).to_be_visible()
    assert chat.stored() == [words(MUGS), []]


def test_a_reworded_question_is_stopped_before_it_arrives(chat: Chat, live: Live) -> None:
    chat.ask(MUGS)

    def reword() -> None:
        chat.box.press("ArrowUp")
        chat.type(RETURNS)

    with slowly(live):
        stop_on_the_way(chat, reword, let_arrive)
        expect(chat.page.get_by_text(STOPPED)).to_be_visible()
    assert chat.stored() == [words(RETURNS), []]


def test_a_stop_that_is_lost_is_sent_again(chat: Chat, live: Live) -> None:
    lost: list[Route] = []

    def lose(route: Route) -> None:
        lost.append(route)
        if len(lost) == 1:
            route.abort()
        else:
            route.continue_()

    chat.page.route("**/stop", lose)
    with slowly(live):
        chat.type(MITTENS)
        expect(chat.answer).to_contain_text("This is")
        chat.stop.click()
        expect(chat.page.get_by_text(STOPPED)).to_be_visible()
    assert len(lost) >= 2


def test_the_next_page_brings_a_stop_that_did_not_get_through(chat: Chat, live: Live) -> None:
    chat.page.route("**/stop", lambda route: route.abort())
    with slowly(live):
        chat.type(MITTENS)
        expect(chat.answer).to_contain_text("This is")
        chat.stop.click()
        expect(chat.stop).to_be_disabled()
        chat.page.unroute("**/stop")
        chat.page.reload()
        expect(chat.page.get_by_text(STOPPED)).to_be_visible()


# Streams that are held back

HOLD = """() => {
    const real = window.fetch;
    window.fetch = async (...request) => {
        const answer = await real(...request);
        if (!answer.headers.get('content-type')?.includes('event-stream')) return answer;
        return new Response(await answer.text(), answer);
    };
}"""


@pytest.fixture
def held(page: Page, live: Live) -> Chat:
    """A chat on a page that holds every stream back until its end."""
    page.add_init_script(f"({HOLD})()")
    chat = Chat(page, live)
    chat.open()
    return chat


def test_an_answer_whose_stream_is_held_back_is_read_all_the_same(held: Chat, live: Live) -> None:
    posts: list[Request] = []

    def note(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/api/chat"):
            posts.append(request)

    held.page.on("request", note)
    with slowly(live):
        held.type(MITTENS)
        expect(held.page.get_by_text("Slow connection.")).to_be_visible()
        expect(held.page.get_by_text("No connection.")).to_have_count(0)
        expect(held.answer).to_contain_text("This is")
    held.wait()
    assert held.read() == held.stored()[-1]
    assert len(posts) == 1
    assert held.kept("held", "sessionStorage") is True


def test_a_held_answer_is_gone_on_with_after_a_reload_and_can_be_stopped(held: Chat, live: Live) -> None:
    with slowly(live):
        held.type(MITTENS)
        expect(held.answer).to_contain_text("This is")
        held.page.reload()
        expect(held.page.get_by_text("Slow connection.")).to_be_visible()
        held.type(RETURNS)
        held.stop.click()
        expect(held.page.get_by_text(STOPPED)).to_be_visible()
    expect(held.answers).to_have_count(2)
    held.wait()
    assert held.read() == held.stored()[-1]
    expect(held.answer).to_contain_text("60 days")
