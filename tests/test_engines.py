"""A shopper's whole story in the engines of Chrome, Firefox and Safari, by the pointer and the keys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import confessing
from tests.engines import Engine, running
from tests.journey import Journey
from tests.live import SHOP, Live, serving
from tests.widget import slowly

pytestmark = [pytest.mark.browser, pytest.mark.looks]

DESKTOP, PHONE = (1280, 860), (447, 844)  # MiniBrowser's window cannot be narrower
MITTENS, MUGS, PAN = "Do you have mittens?", "Do you have enamel mugs?", "Do you have an ember pan?"
ADD = "Add the Drift Mittens in Slate, size S/M, to my cart"
TEXT = ".assistant .text"
MORE = ".menuhost > button"
STOP = "Stop the answer"
# WebKit freezes the transactions of a page that it keeps for the way back, and all others wait behind them.
READ_DATABASE = """
const [name] = arguments;
indexedDB.open(name).onsuccess = ({ target: { result: database } }) => {
  const transaction = database.transaction([...database.objectStoreNames], 'readwrite');
  transaction.oncomplete = () => {
    database.close();
    window.isDatabaseRead = true;
  };
};
"""
# PICTURES=docs/screenshots/engines keeps what the steps look like in each engine, to be laid side by side.
PICTURES = os.environ.get("PICTURES")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=pytest.mark.xdist_group(f"engines-{name}"))
        for name in ("chromium", "firefox", "webkit")
    ],
)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with running(request.param) as started:
        yield started


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("live"), confessing.APP) as server:
        yield server


@contextmanager
def shopper(engine: Engine, live: Live, size: tuple[int, int]) -> Iterator[Journey]:
    """Open a tab of a fresh profile for the block. Raises when something went wrong in a page."""
    pictures = Path(PICTURES, f"{engine.name}-{size[0]}") if PICTURES else None
    with engine.tab(*size) as tab:
        chat = Journey(tab, live, pictures)
        yield chat
        assert chat.faults() == []


@pytest.fixture
def chat(engine: Engine, live: Live) -> Iterator[Journey]:
    with shopper(engine, live, DESKTOP) as opened:
        yield opened


@pytest.fixture
def phone(engine: Engine, live: Live) -> Iterator[Journey]:
    with shopper(engine, live, PHONE) as opened:
        yield opened


def begin(chat: Journey) -> None:
    """Ask, and come back when the first words stand there."""
    chat.type(MITTENS)
    chat.see(TEXT, "This is")


def goes_on(chat: Journey, before: list[str]) -> None:
    """Wait until the answer goes on, and hold that none of the words from before is lost."""
    chat.see(".send", STOP)
    chat.see(TEXT, "This is")
    assert chat.read()[: len(before)] == before


def is_whole(chat: Journey) -> None:
    """Wait for the end of the answer, and hold that it is the stored one and that nothing stands there twice."""
    chat.finish()
    *_, answer = chat.stored()
    chat.wait("the stored answer", lambda: chat.read() == answer or None)
    assert len(answer) > 20
    assert chat.texts(".user .bubble") == [MITTENS]
    assert len(chat.texts(".assistant")) == 1


def test_a_card_is_tapped_in_mid_answer_and_in_the_end_all_is_forgotten(chat: Journey, live: Live) -> None:
    chat.open()
    with slowly(live):
        begin(chat)
        chat.wait("a line of the answer", lambda: len(chat.read()) > 8 or None)  # and the cache has begun to keep it
        chat.photograph("answering")
        before = chat.read()
        chat.click(".assistant a.card")
        chat.arrive("/products/*")
        goes_on(chat, before)
    is_whole(chat)
    chat.photograph("after-a-tap")
    chat.tab.run(READ_DATABASE, f"shop-chat:{SHOP}")
    chat.wait("an answer of the database", lambda: chat.tab.run("return window.isDatabaseRead;"))
    chat.choose("Past conversations")
    chat.see_all(".entries .name", [MITTENS])
    chat.click(".back")
    chat.forget()


def test_an_answer_outlasts_a_reload_and_the_ways_back_and_forward(chat: Journey, live: Live) -> None:
    chat.open()
    with slowly(live):
        begin(chat)
        before = chat.read()
        chat.tab.reload()
        goes_on(chat, before)
        chat.click(".assistant a.card")
        chat.arrive("/products/*")
        goes_on(chat, before)
        chat.tab.go(-1)
        chat.arrive("/")
        goes_on(chat, before)
    is_whole(chat)
    chat.tab.go(1)
    chat.arrive("/products/*")
    is_whole(chat)


def test_the_cart_is_filled_by_asking_and_from_a_card(chat: Journey) -> None:
    chat.open("/products/drift-mittens")
    chat.ask(ADD)
    chat.see(".cart", "1 item · €39.00")
    chat.ask(PAN)
    chat.click(".assistant .add")
    chat.see(".assistant .add", "Added")
    chat.see(".cart", "2 items")
    chat.photograph("cart")
    chat.click(".cart a", "Check out")
    chat.arrive("/cart")
    chat.see("body main", "Drift Mittens")
    chat.see("body main", "Ember Pan")


def test_an_answer_is_stopped_and_written_again(chat: Journey, live: Live) -> None:
    chat.open()
    with slowly(live):
        begin(chat)
        chat.click(".send", STOP)
        chat.see(".foot", "You stopped this answer.")
    chat.finish()
    assert chat.stored()[-1] == chat.read()
    chat.click(".foot button", "Try again")
    chat.see(".versions", "2 / 2")
    is_whole(chat)
    chat.click(".versions button", "Earlier version")
    chat.see(".versions", "1 / 2")
    chat.photograph("versions")


def test_past_conversations_are_searched_renamed_and_gone_on_with(chat: Journey) -> None:
    chat.open()
    chat.ask(MITTENS)
    chat.choose("New conversation")
    chat.miss(".user")
    chat.ask(MUGS)
    chat.choose("Past conversations")
    chat.see_all(".entries .name", [MUGS, MITTENS])
    chat.click("input[type=search]")
    chat.tab.type("drift")
    chat.see_all(".entries .name", [MITTENS])
    chat.tab.press("Escape")
    chat.see_all(".entries .name", [MUGS, MITTENS])
    chat.click(".entries .plain", MITTENS)
    chat.click(".action", "Rename")
    chat.focus_on("New title")
    chat.photograph("renaming")
    chat.tab.type("Warm hands")
    chat.tab.press("Enter")
    chat.see_all(".entries .name", [MUGS, "Warm hands"])
    chat.click(".entries .open", "Warm hands")
    chat.see_all(".user .bubble", [MITTENS])
    is_whole(chat)


def test_it_can_all_be_done_with_the_keyboard(chat: Journey) -> None:
    press = chat.tab.press
    chat.open()
    chat.focus_on("Your message")
    chat.tab.type(MITTENS)
    press("Shift+Enter")
    chat.tab.type("Red ones.")
    press("Enter")
    chat.see_all(".user .bubble", [f"{MITTENS}\nRed ones."])
    chat.finish()
    press("ArrowUp")
    chat.see(".rewording")
    chat.tab.type(" Please.")
    press("Enter")
    chat.see_all(".user .bubble", [f"{MITTENS}\nRed ones. Please."])
    chat.finish()
    press("ArrowUp")
    press("Escape")
    chat.miss(".rewording")
    chat.see("dialog.panel")
    assert back_from_the_box(chat)[-2:] == ["Close", "More"]
    press("Enter")
    chat.focus_on("New conversation")
    press("ArrowDown")
    chat.focus_on("Past conversations")
    press("Escape")
    chat.focus_on("More")
    chat.miss("[role=menu]")
    press("Escape")
    chat.miss("dialog.panel")
    chat.focus_on("Chat with us")


def back_from_the_box(chat: Journey) -> list[str]:
    """Go from stop to stop backwards until the menu's button, and return their names."""
    stops: list[str] = []
    while len(stops) < 30 and "More" not in stops:
        chat.tab.press("Shift+Tab")
        stops.append(chat.focused)
    return stops


def test_two_tabs_show_the_same_words_at_the_same_time(chat: Journey, live: Live) -> None:
    chat.open()
    other = Journey(chat.tab.open_another(), live)
    other.open("/collections/all")
    with slowly(live):
        chat.type(MITTENS)
        other.see(TEXT, "This is")
        other.see(".send", STOP)
    is_whole(other)
    is_whole(chat)
    assert other.faults() == []


def test_a_message_for_a_server_that_is_gone_is_sent_once_it_is_back(chat: Journey, live: Live) -> None:
    chat.open()
    chat.ask("thanks")
    live.kill()
    chat.type(MITTENS)
    chat.see(".activity", "No connection.")
    chat.photograph("no-connection")
    live.start()
    chat.see(TEXT, "This is")
    chat.finish()
    questions = chat.stored()[::2]
    assert questions == [["thanks"], ["Do", "you", "have", "mittens"]]
    assert chat.texts(".user .bubble") == ["thanks", MITTENS]


def test_in_a_language_from_right_to_left_everything_is_mirrored(chat: Journey) -> None:
    chat.visit("/", locale="ar")
    chat.click(".launcher")
    chat.see("textarea")
    chat.ask(MITTENS)
    chat.photograph("arabic")
    assert chat.box(".launcher")[0] < 100
    assert chat.box(".close")[0] < chat.box("#title")[0]
    assert chat.box(".send")[0] < chat.box("textarea")[0]
    x, _, width, _ = chat.box(".user .bubble")
    assert x + width / 2 < sum(chat.box("dialog.panel")[::2]) / 2


def test_on_a_phone_it_fills_the_screen_and_makes_way_for_the_page(phone: Journey, live: Live) -> None:
    phone.open()
    assert phone.box("dialog.panel") == [0, 0, *phone.tab.run("return [innerWidth, innerHeight];")]
    with slowly(live):
        begin(phone)
        phone.photograph("answering")
        phone.click(".assistant a.card")
        phone.arrive("/products/*")
        phone.see(".send", STOP)
    is_whole(phone)
    phone.photograph("after-a-tap")
    assert phone.box("dialog.panel")[3] < PHONE[1] / 2
    phone.choose("Past conversations")
    phone.see_all(".entries .name", [MITTENS])
    phone.photograph("past-conversations")
