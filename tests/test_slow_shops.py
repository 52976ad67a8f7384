"""A shop that does not answer is slow for its own shoppers and for nobody else, and never for long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import ANNAS_SHOP, CLEOS_SHOP, Answer, Visitor, text_of
from tests.live import Live, Shopper, serving
from tests.scripted import Scripted, call
from tests.shop_server import CART_ID, GREY, UCP_TOOLS, Json, Raw, ShopServer, Slot, shop_server, ucp_cart, ucp_result
from tests.two_shops import OTHER, SLOW
from widget_api.api import shop_calls
from widget_api.api.services import Services
from widget_api.bulkhead import Bulkhead
from widget_api.models import Session, Shop, transaction
from widget_api.problems import ShopBusy, ShopUnavailable
from widget_api.shopify import calls, tools
from widget_api.shopify.breaker import FAILURES, FIRST_PAUSE, Ending
from widget_api.shopify.calls import Call
from widget_api.shopify.dial import _Lookups
from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.http import Http
from widget_api.shopify.store import Store
from widget_api.shopify.tools import Toolbox

pytestmark = pytest.mark.storeless

# Only a test that fails waits so long.
PATIENCE = 60
WHOLE: Json = {"tools": [{"name": name} for name in UCP_TOOLS]}


class Hanging:
    """A shop that lists its tools, and holds every question about a cart until it is let go."""

    def __init__(self, shop: ShopServer) -> None:
        self.shop = shop
        self._gate = threading.Event()
        self._asked = threading.Semaphore(0)
        shop.script["get_cart"] = self._answer

    def _answer(self, _: Json) -> Json:
        self._asked.release()
        self._gate.wait(PATIENCE)
        return ucp_result(ucp_cart((GREY, 1)))

    def wait_for(self, number: int) -> None:
        """Return when so many more questions hang."""
        assert all(self._asked.acquire(timeout=PATIENCE) for _ in range(number))

    def let_go(self) -> None:
        self._gate.set()


@contextmanager
def hanging() -> Iterator[Hanging]:
    with shop_server() as shop:
        hanging = Hanging(shop)
        try:
            yield hanging
        finally:
            hanging.let_go()


# The whole call has one deadline


@contextmanager
def store_of(shop: ShopServer, **options: Any) -> Iterator[Store]:
    http = Http(**options)
    try:
        yield Store(Endpoint(ANNAS_SHOP, shop.url, "https://chat.example/.well-known/ucp-agent.json"), http)
    finally:
        http.close()


def test_a_call_whose_time_is_over_begins_no_further_exchange() -> None:
    with shop_server() as shop, store_of(shop) as store, store.call(0) as call:
        assert store.cart(CART_ID).status == "unknown"
        with pytest.raises(ShopUnavailable, match="took too long"):
            store.search("beanie")
    assert shop.heard == []
    assert call.ending is Ending.LATE


def expire(call: Call, answer: Any) -> Callable[[Json], Any]:
    """An answer with which the call's time runs out."""

    def answered(_: Json) -> Any:
        call._deadline = 0
        return answer

    return answered


LISTING = {**WHOLE, "nextCursor": "more"}
NO_SUCH_TOOL = {"isError": True, "content": [{"type": "text", "text": "Unknown tool"}]}
ENDLESS = {
    "the list of tools goes on": ("tools/list", LISTING, 1),
    "the shop wants a handshake": ("tools/list", Raw(400, b"Mcp-Session-Id is missing"), 1),
    "the shop wants a pause": ("get_cart", Raw(429, b"", {"Retry-After": "1"}), 2),
    "the tool is not found": ("get_cart", NO_SUCH_TOOL, 2),
    "the other dialect is left": ("tools/list", Raw(404), 1),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_the_deadline_is_that_of_all_exchanges(what: str) -> None:
    name, answer, heard = ENDLESS[what]
    with shop_server() as shop, store_of(shop) as store, store.call(PATIENCE) as call:
        shop.script[name] = expire(call, answer)
        assert store.cart(CART_ID).status == "unknown"
    assert len(shop.heard) == heard


def test_a_cart_is_read_back_after_a_write_that_took_all_of_the_calls_time() -> None:
    now = [(GREY, 1)]

    def write(_: Json) -> Any:
        now[:] = [(GREY, 4)]
        return Raw(502)

    with shop_server() as shop, store_of(shop) as store, store.call(PATIENCE) as call:
        shop.script["get_cart"] = lambda _: ucp_result(ucp_cart(*now))
        shop.script["update_cart"] = lambda asked: expire(call, write(asked))(asked)
        checked = store.set_lines(CART_ID, {GREY: 4})
    assert checked.cart
    assert (checked.status, checked.note, checked.cart.quantities()) == ("ok", "", {GREY: 4})


def test_pages_of_policies_are_read_within_the_same_deadline() -> None:
    with shop_server(ucp=()) as shop, store_of(shop) as store:
        with store.call(0), pytest.raises(ShopUnavailable):
            store.ask("What are your opening hours?")
        with store.call(PATIENCE):
            assert store.ask("What are your opening hours?") == []


def test_a_shop_that_drips_is_hung_up_on_when_the_call_is_over() -> None:
    def drip() -> Iterator[bytes]:
        while not threading.Event().wait(0.02):
            yield b" "

    with shop_server() as shop, store_of(shop) as store:
        shop.script["get_cart"] = Raw(body=drip())
        with store.call(0.5) as call:
            assert store.cart(CART_ID).status == "unknown"
        assert call.ending is Ending.LATE


def test_a_pause_that_is_longer_than_what_is_left_is_not_waited_for() -> None:
    paused: list[float] = []
    with shop_server() as shop, store_of(shop, pause=paused.append) as store:
        shop.script["get_cart"] = Raw(429, b"", {"Retry-After": "2"})
        with store.call(1.5):
            assert store.cart(CART_ID).status == "unknown"
    assert paused == []


def test_a_name_that_is_looked_up_for_ever_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, asked = threading.Event(), list[str]()

    def look_up(host: str, *_: object, **__: object) -> list[Any]:
        asked.append(host)
        gate.wait(PATIENCE)
        return []

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    lookups = _Lookups()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            lookups.addresses("shop.example", 443, 0.01)
    assert asked == ["shop.example"]  # one look-up serves all who wait for it
    gate.set()


def test_a_tool_asks_the_shop_for_a_limited_time_and_the_next_one_for_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "CALL_SECONDS", 0.3)
    monkeypatch.setattr(tools, "NEXT_SECONDS", 0)
    with hanging() as slow, store_of(slow.shop) as store:
        slow.shop.script["search_catalog"] = slow._answer
        toolbox = Toolbox(store, Slot(CART_ID), ())
        assert toolbox.run("search_catalog", {"query": "hat"}).output == {"error": calls.TOO_LATE}
        asked = len(slow.shop.heard)
        assert toolbox.run("get_cart", {}).output["status"] == "unknown"
        assert len(slow.shop.heard) == asked


# The breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_shop_that_never_answers_is_left_alone_until_a_probe_finds_it_well() -> None:
    clock = Clock()
    with hanging() as slow, store_of(slow.shop, clock=clock) as store:
        for _ in range(FAILURES):
            with store.call(0.2):
                assert store.cart(CART_ID).status == "unknown"
        asked = len(slow.shop.heard)
        with store.call(PATIENCE) as call:
            assert store.cart(CART_ID).status == "unknown"
            with pytest.raises(ShopBusy) as refused:
                store.search("hat")
            assert refused.value.retry_after == FIRST_PAUSE
            assert call.refusal
        outcome = Toolbox(store, Slot(CART_ID), {GREY}).run(
            "update_cart", {"lines": [{"variant_id": GREY, "quantity": 1}]}
        )
        assert outcome.output == {"error": "The shop does not answer at the moment: try again in a moment."}
        assert len(slow.shop.heard) == asked
        slow.let_go()
        clock.now += FIRST_PAUSE
        for _ in range(2):
            with store.call(PATIENCE):
                assert store.cart(CART_ID).status == "ok"


# Requests


@pytest.fixture
def slow(services: Services) -> Iterator[Hanging]:
    """Anna's shop hangs; two requests may wait for it."""
    services.waiting = Bulkhead(4)
    with hanging() as slow:
        Shop.register(ANNAS_SHOP, mcp_url=slow.shop.url)
        yield slow


def bind(visitor: Visitor) -> Answer:
    return visitor.request("PUT", "/api/cart", json={"cart_id": CART_ID})


def test_beyond_a_few_requests_a_slow_shop_is_not_asked(
    anna: Visitor, ben: Visitor, cleo: Visitor, slow: Hanging
) -> None:
    with transaction():
        Session.ensure(Shop.named(ANNAS_SHOP).id, ben.session)
        Session.bind_cart(ben.session, CART_ID)
    with shop_server() as other, ThreadPoolExecutor() as pool:
        Shop.register(CLEOS_SHOP, mcp_url=other.url)
        other.script["get_cart"] = ucp_result(ucp_cart((GREY, 1)))
        waiting = [pool.submit(bind, each) for each in (anna, ben)]
        slow.wait_for(2)
        refused = bind(anna)
        assert (refused.status_code, refused.json["code"]) == (503, "shop-busy")
        assert int(refused.headers["Retry-After"]) >= 1
        assert ben.get("/api/cart").json == {"status": "unknown", "cart": None}
        chosen = anna.post("/api/products/1/selection", json={})
        assert (chosen.status_code, chosen.json["code"]) == (503, "shop-busy")
        assert bind(cleo).status_code == 200
        slow.let_go()
        assert [each.result().status_code for each in waiting] == [200, 200]
        assert bind(anna).status_code == 200


def test_a_request_does_not_wait_longer_than_its_time(
    anna: Visitor, slow: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop_calls, "CALL_SECONDS", 0.3)
    answer = bind(anna)
    assert (answer.status_code, answer.json["code"]) == (503, "shop-unavailable")
    slow.let_go()
    monkeypatch.undo()
    assert bind(anna).status_code == 200


def test_an_answer_says_that_the_shop_did_not_answer(
    anna: Visitor, slow: Hanging, model: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "CALL_SECONDS", 0.3)
    slow.shop.script["search_catalog"] = slow._answer
    model.will(call("search_catalog", {"query": "hat"}))
    model.will("It does not answer.")
    said = anna.says("Do you have a hat?")
    assert [each["errorText"] for each in said if each["type"] == "tool-output-error"] == [
        "The shop took too long to answer."
    ]
    assert text_of(said) == "It does not answer."


def test_a_session_may_ask_its_shop_so_often(anna: Visitor, ben: Visitor, services: Services) -> None:
    services.limits = type(services.limits).parse("shop=2 per hour")
    with shop_server() as shop:
        Shop.register(ANNAS_SHOP, mcp_url=shop.url)
        shop.script["get_cart"] = ucp_result(ucp_cart((GREY, 1)))
        assert [bind(anna).status_code for _ in range(3)] == [200, 200, 429]
        assert anna.get("/api/cart").status_code == 429
        assert ben.get("/api/cart").json["status"] == "none"  # asks nobody
        assert bind(ben).status_code == 200
        assert anna.get("/api/conversations").status_code == 200


def test_an_address_may_ask_shops_so_often(anna: Visitor, ben: Visitor, services: Services) -> None:
    services.limits = type(services.limits).parse("shop-address=2 per hour")
    with shop_server() as shop:
        Shop.register(ANNAS_SHOP, mcp_url=shop.url)
        shop.script["get_cart"] = ucp_result(ucp_cart((GREY, 1)))
        assert [bind(each).status_code for each in (anna, ben, ben)] == [200, 200, 429]


# Turns


def test_one_shops_turns_leave_places_for_another_shops(anna: Visitor, cleo: Visitor, model: Scripted) -> None:
    gate = threading.Event()
    for _ in range(8):
        model.will(gate)
    with ExitStack() as running:
        answers = [running.enter_context(anna.send("hello", conversation=f"c{number}")) for number in range(8)]
        assert [answer.status_code for answer in answers] == [200] * 7 + [503]
        assert running.enter_context(cleo.send("hello")).status_code == 200
        gate.set()


# The whole server


@pytest.fixture(scope="module")
def shops() -> Iterator[tuple[Hanging, ShopServer]]:
    with hanging() as slow, shop_server() as other:
        other.script["get_cart"] = ucp_result(ucp_cart((GREY, 1)))
        yield slow, other


@pytest.fixture
def live(shops: tuple[Hanging, ShopServer], tmp_path: Path) -> Iterator[Live]:
    slow, other = shops
    settings = {"REQUEST_THREADS": "8", "SLOW_SHOP": slow.shop.url, "OTHER_SHOP": other.url}
    with serving(tmp_path, "tests.two_shops:create_app()", **settings) as live:
        yield live


def test_everything_else_is_answered_while_a_shop_hangs(live: Live, shops: tuple[Hanging, ShopServer]) -> None:
    slow, _ = shops
    with ExitStack() as stack:
        shoppers = [stack.enter_context(Shopper(live, SLOW)) for _ in range(12)]
        other = stack.enter_context(Shopper(live, OTHER))
        pool = stack.enter_context(ThreadPoolExecutor(len(shoppers)))
        stack.callback(slow.let_go)

        def ask(shopper: Shopper) -> requests.Response:
            return shopper.http.put(f"{live.url}/api/cart", json={"cart_id": CART_ID}, timeout=PATIENCE)

        asking: list[Future[requests.Response]] = [pool.submit(ask, each) for each in shoppers]
        slow.wait_for(2)
        assert other.get("/healthz").status_code == 200
        assert other.get("/widget/chat.js").status_code == 200
        assert other.get("/api/conversations").json()["conversations"] == []
        assert ask(other).json()["status"] == "ok"
        assert shoppers[0].get("/api/conversations").status_code == 200
        done = as_completed(asking)
        codes = {next(done).result().json()["code"] for _ in range(10)}
        assert codes - {"shop-unavailable"} == {"shop-busy"}
        slow.let_go()
        assert all(each.result().status_code in {200, 503} for each in done)
