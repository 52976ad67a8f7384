"""The demo shop with two workers: a button that is pressed on one of them is felt at the other."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
import requests

from tests.conftest import events
from tests.live import Live, Shopper
from tests.workers import alone, fetch, pair, two_workers

pytestmark = [pytest.mark.usefixtures("postgres", "redis"), pytest.mark.xdist_group("demo-shop-workers")]

PAGE = "/pages/break-it"
BEANIE = 700103
HAT = "Do you have a warm hat?"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with two_workers(tmp_path_factory.mktemp("server")) as live:
        yield live


@pytest.fixture
def shop(server: Live) -> Iterator[Live]:
    yield server
    server.break_it("mend")


def press(live: Live, worker: int, button: str) -> str:
    with alone(live, worker):
        return fetch(live, PAGE, action=button)


def page(live: Live, worker: int) -> str:
    with alone(live, worker):
        return fetch(live, PAGE)


def test_both_show_how_things_stand(shop: Live) -> None:
    here, there = pair(shop)
    press(shop, here, "slow-model")
    press(shop, there, "legacy")
    for each in (here, there):
        assert "2.5 words a second" in page(shop, each)
        assert "2025 only" in page(shop, each)
    press(shop, here, "mend")
    assert "2025 only" not in page(shop, there)


def test_an_answer_of_one_is_cut_at_the_other_and_what_follows_is_not(shop: Live) -> None:
    here, there = pair(shop)
    press(shop, here, "slow-model")
    with alone(shop, here):
        anna = Shopper(shop)
        lines = anna.send("c", HAT).iter_lines()
    with anna:
        assert next(lines)
        assert "1 answer is being written now" in page(shop, there)
        press(shop, there, "cut-stream")
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            list(lines)
        lines = anna.get("/api/chat/c/stream", stream=True).iter_lines()
        assert next(lines)
        press(shop, there, "mend")
        assert b"data: [DONE]" in list(lines)


def test_the_next_answer_of_one_dies_of_the_others_button(shop: Live) -> None:
    here, there = pair(shop)
    press(shop, here, "kill-answer")
    with alone(shop, there):
        anna = Shopper(shop)
        died = anna.send("dies", HAT)
    with anna:
        assert events(died.content)[-1]["type"] == "error"
        assert events(anna.ask("lives", HAT).encode())[-1]["type"] == "finish"


def test_they_refuse_three_requests_between_them(shop: Live) -> None:
    here, there = pair(shop)
    press(shop, here, "rate-limit")
    for worker in (here, there):
        with alone(shop, worker):
            assert refused(shop)
    assert "refuses 1 more" in page(shop, there)
    with alone(shop, here):
        assert [refused(shop), refused(shop)] == [True, False]


def refused(live: Live) -> bool:
    """Whether the shop tells a call to come again later."""
    call = {"name": "search_shop_policies_and_faqs", "arguments": {"query": "returns"}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    with requests.Session() as session:
        session.trust_env = False
        return session.post(f"{live.url}/api/mcp", json=message, timeout=40).status_code == 429


def test_a_cart_is_in_both_and_stays_when_either_is_killed(shop: Live) -> None:
    with requests.Session() as browser:
        browser.trust_env = False
        for count in (1, 2):
            here, there = pair(shop)
            with alone(shop, here):
                browser.post(f"{shop.url}/cart/add.js", json={"id": BEANIE}, timeout=40).raise_for_status()
                browser.close()
            os.kill(here, signal.SIGKILL)
            for each in pair(shop, without=here):
                with alone(shop, each):
                    assert browser.get(f"{shop.url}/cart.js", timeout=40).json()["item_count"] == count
                    browser.close()
        here, there = pair(shop)
        press(shop, here, "expire-carts")
        with alone(shop, there):
            assert browser.get(f"{shop.url}/cart.js", timeout=40).json()["item_count"] == 0
