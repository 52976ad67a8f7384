"""Old browsers: in Chromium 109 all works; in WebKit 2.38, which is too old, there is no chat and no error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import confessing
from tests.engines import Engine, chromium_at, running
from tests.journey import Journey
from tests.live import Live, serving
from tests.node_tools import require_chromium_109
from tests.widget import slowly

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("engines-old")]

SIZE = (1280, 860)
MITTENS = "Do you have mittens?"
PRODUCT = "/products/ridge-beanie"
FURNISHED = {
    "avatar": "/cdn/assets/mark.svg",
    "consent": "By writing you agree to our [privacy policy].",
    "consentLink": "/policies/privacy-policy",
}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("live"), confessing.APP) as server:
        yield server


@pytest.fixture(scope="module")
def chromium_109() -> Iterator[Engine]:
    with chromium_at(require_chromium_109()) as engine:
        yield engine


@pytest.fixture
def oldest(chromium_109: Engine, live: Live) -> Iterator[Journey]:
    """Open a tab in the oldest Chromium that the widget is made for."""
    with chromium_109.tab(*SIZE) as tab:
        chat = Journey(tab, live)
        yield chat
        assert chat.faults() == []


@pytest.fixture
def too_old(live: Live) -> Iterator[Journey]:
    """Open a tab in the engine of a Safari of 2022, for which the widget is not made."""
    with running("wpe") as engine, engine.tab(*SIZE) as tab:
        yield Journey(tab, live)


def test_chromium_109_shows_the_merchants_picture_and_the_line_on_consent_and_answers(
    oldest: Journey, live: Live
) -> None:
    oldest.open("/", **FURNISHED)
    assert "Chrome/109." in oldest.tab.run("return navigator.userAgent;")
    oldest.see(".panel", "By writing you agree to our privacy policy.")
    oldest.see(".avatar img")
    with slowly(live):
        oldest.type(MITTENS)
        oldest.see(".assistant .text", "This is")
        oldest.click(".assistant a.card")
        oldest.arrive("/products/*")
        oldest.see(".send", "Stop the answer")
    oldest.finish()
    oldest.wait("the whole answer", lambda: oldest.read() == oldest.stored()[-1] or None)


def test_chromium_109_fills_the_cart_and_forgets_the_shopper(oldest: Journey) -> None:
    oldest.open("/products/drift-mittens")
    oldest.ask("Add the Drift Mittens in Slate, size S/M, to my cart")
    oldest.see(".cart", "1 item · €39.00")
    oldest.forget()


def test_chromium_109_asks_the_question_that_was_tapped_beside_a_product(oldest: Journey) -> None:
    oldest.visit(PRODUCT)
    buttons = "body shop-chat-ask button[name]"
    question = oldest.wait("a question", lambda: next(filter(None, reversed(oldest.texts(buttons))), None))
    oldest.click(buttons, question)
    oldest.see_all(".user .bubble", [question])
    oldest.finish()


def test_chromium_109_reads_dark_words_on_light_ground_where_the_page_is_dark(oldest: Journey) -> None:
    oldest.open("/", scheme="dark")
    oldest.ask(MITTENS)
    colours = """
    const bubble = document.querySelector('shop-chat').shadowRoot.querySelector('.user .bubble');
    const { color, backgroundColor } = getComputedStyle(bubble);
    return [color, backgroundColor];
    """
    colour, ground = oldest.tab.run(colours)
    assert colour != ground


def test_webkit_238_has_no_launcher_no_questions_beside_a_product_and_no_error(too_old: Journey) -> None:
    too_old.visit("/")
    assert too_old.tab.run("return document.querySelector('shop-chat').shadowRoot;") is None
    too_old.visit(PRODUCT)
    block = "return getComputedStyle(document.querySelector('shop-chat-ask')).visibility;"
    assert too_old.tab.run(block) == "hidden"
    assert too_old.faults() == []
