"""A shop takes some versions of UCP and some agents: what we do, what the operator reads, what the model hears."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shop_server import (
    CART_ID,
    GREY,
    LEGACY,
    LEGACY_TOOLS,
    UCP,
    Error,
    Heard,
    Json,
    Raw,
    ShopServer,
    Slot,
    shop_server,
    text_result,
    ucp_cart,
    ucp_message,
    ucp_product,
    ucp_result,
)
from widget_api.problems import ShopUnavailable
from widget_api.shopify.discovery import read_business_profile
from widget_api.shopify.http import Http
from widget_api.shopify.negotiation import RELEASES
from widget_api.shopify.refusals import AgentRefused, refusal_in_error, refusal_in_result
from widget_api.shopify.store import Endpoint, Store
from widget_api.shopify.tools import Toolbox

FIRST, SECOND = RELEASES
PROFILES = {
    FIRST: "https://chat.example/.well-known/ucp-agent.json",
    SECOND: f"https://chat.example/.well-known/ucp-agent-{SECOND}.json",
    "draft": "https://chat.example/.well-known/ucp-agent-draft.json",
}
PLAIN = "The shop cannot be asked just now."
DISCOVERY = [
    ("profile_malformed", 422),
    ("profile_unreachable", 424),
    ("invalid_profile_url", 422),
    ("invalid_cache_control", 422),
    ("profile_too_large", 422),
    ("something_new", 422),
]


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    with shop_server(legacy=()) as shop:
        shop.script["search_catalog"] = lambda _: ucp_result({"products": [ucp_product()]})
        shop.script["get_cart"] = lambda _: ucp_result(ucp_cart((GREY, 1)))
        yield shop


@pytest.fixture
def store(shop: ShopServer, clock: Clock) -> Iterator[Store]:
    http = Http(pause=lambda _: None, clock=lambda: clock.now)
    yield Store(Endpoint("demo-store.myshopify.com", shop.url, PROFILES[FIRST]), http)
    http.close()


def discovery_error(code: str, content: str = "", status: int = 422, **data: Any) -> Error:
    told = {"code": code, "content": content, "continue_url": "https://demo-store.example/sale-2026-08-25", **data}
    return Error(-32001, "UCP discovery failed", told, status)


def profile_in(message: Json) -> str:
    return str(message["params"]["arguments"]["meta"]["ucp-agent"]["profile"])


def asked_in(shop: ShopServer) -> list[str]:
    """The versions that the UCP endpoint was asked in, request by request."""
    versions = {profile: version for version, profile in PROFILES.items()}
    return [versions[profile_in(heard.message)] for heard in shop.heard if heard.path == UCP]


def takes_only(shop: ShopServer, *versions: str, refusal: Any = None) -> None:
    """From now on the shop's UCP endpoint answers in those versions, and refuses all others with `refusal`."""
    spoken = " and ".join(versions) or "2027-01-10"

    def answer(heard: Heard) -> Any:
        version = next((version for version, known in PROFILES.items() if known in str(heard.message)), "")
        if heard.path != UCP or version in versions:
            return ShopServer.answer(shop, heard)
        shop.heard.append(heard)
        content = f"Protocol version {version} is not supported. This business supports versions {spoken}."
        return refusal or discovery_error("version_unsupported", content)

    shop.answer = answer  # type: ignore[method-assign]


def run(store: Store, tool: str, slot: Slot | None = None, **input: Any) -> Any:
    return Toolbox(store, slot or Slot(CART_ID), ()).run(tool, input)


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_shop_that_has_dropped_a_version_is_asked_in_the_next_and_from_then_on(
    shop: ShopServer, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    takes_only(shop, SECOND)
    assert store.search("beanie")
    assert asked_in(shop) == [FIRST, SECOND, SECOND]
    assert store.cart(CART_ID).status == "ok"
    assert asked_in(shop)[3:] == [SECOND]
    assert errors(caplog) == []


def test_a_shop_that_takes_the_first_version_is_asked_in_no_other(shop: ShopServer, store: Store) -> None:
    takes_only(shop, FIRST, SECOND)
    assert store.search("beanie")
    assert set(asked_in(shop)) == {FIRST}


def test_a_version_is_dropped_between_the_list_and_the_call(shop: ShopServer, store: Store) -> None:
    assert store.search("beanie")
    takes_only(shop, SECOND)
    assert store.search("beanie")
    assert asked_in(shop)[2:] == [FIRST, SECOND]


def test_a_change_that_was_refused_by_version_is_made_once_in_the_next(shop: ShopServer, store: Store) -> None:
    shop.script["create_cart"] = lambda _: ucp_result(ucp_cart((GREY, 1)))
    store.search("beanie")
    takes_only(shop, SECOND)
    assert store.set_lines("", {GREY: 1}).status == "ok"
    assert [profile_in(heard.message) for heard in shop.calls("create_cart")] == [PROFILES[FIRST], PROFILES[SECOND]]


def test_what_a_shop_speaks_is_asked_anew_after_a_day(shop: ShopServer, store: Store, clock: Clock) -> None:
    takes_only(shop, SECOND)
    store.search("beanie")
    clock.now += 86_401
    takes_only(shop, FIRST, SECOND)
    shop.heard.clear()
    store.search("beanie")
    assert set(asked_in(shop)) == {FIRST}


def test_a_version_is_found_in_the_shops_own_profile_when_the_refusal_names_none(
    shop: ShopServer, store: Store
) -> None:
    takes_only(shop, SECOND, refusal=discovery_error("version_unsupported", f"Version {FIRST}"))
    document = {"ucp": {"version": "2027-01-10", "supported_versions": {SECOND: "https://x.example"}, "services": {}}}
    shop.pages["/.well-known/ucp"] = Raw(200, json.dumps(document).encode())
    assert store.search("beanie")


@pytest.mark.parametrize(
    "supported", [{SECOND: "https://x.example"}, [SECOND], [{"version": SECOND, "profile": "https://x.example"}]]
)
def test_a_date_in_a_refusal_that_is_no_version_of_ours_ends_nothing(
    shop: ShopServer, store: Store, supported: Any
) -> None:
    retired = f"Protocol version {FIRST} was retired on 2026-11-01."
    takes_only(shop, SECOND, refusal=discovery_error("version_unsupported", retired))
    document = {"ucp": {"version": "2027-01-10", "supported_versions": supported}}
    shop.pages["/.well-known/ucp"] = Raw(200, json.dumps(document).encode())
    assert store.search("beanie")


@pytest.mark.parametrize(
    "refusal",
    [
        Error(-32602, "Invalid", {"code": "version_unsupported", "content": f"Use {SECOND}."}, 400),
        Error(-32600, "Invalid", {"code": "version_unsupported"}),
        Error(-32001, "Refused", f"Protocol version {FIRST} is not supported", 422),
        Error(-32001, f"version_unsupported: {FIRST}", {}, 422),
        text_result(f"Protocol version {FIRST} is not supported. This business supports {SECOND}.", error=True),
    ],
    ids=["params", "request", "data is a text", "message", "words of a tool"],
)
def test_a_refused_version_is_known_by_its_code_or_words_wherever_they_stand(
    shop: ShopServer, store: Store, refusal: Any
) -> None:
    listed = {"tools": [{"name": name} for name in ("search_catalog", "get_product")]}
    takes_only(shop, SECOND, refusal=refusal)
    refusing = shop.answer

    def by_tool(heard: Heard) -> Any:
        called = heard.message["method"] == "tools/call"
        return refusing(heard) if called or isinstance(refusal, Error) else listed

    shop.answer = by_tool  # type: ignore[method-assign]
    outcome = run(store, "search_catalog", query="beanie")
    assert (outcome.error, len(outcome.output["products"])) == (False, 1)


@pytest.mark.parametrize(
    "refusal",
    [
        Error(-32001, f"Protocol version not supported, use {SECOND}", None, 422),
        discovery_error("VERSION_UNSUPPORTED", "", supported_versions=[SECOND]),
        discovery_error("version_unsupported", "", supported_versions={SECOND: "https://x.example"}),
        discovery_error("version_unsupported"),  # names nothing anywhere, so another is worth one request
        ucp_result(ucp_message("version_unsupported", f"This business supports {SECOND}.")),
    ],
    ids=["message", "list", "map", "nothing", "result"],
)
def test_a_refusal_may_name_the_versions_in_its_own_way(shop: ShopServer, store: Store, refusal: Any) -> None:
    if isinstance(refusal, Error) and refusal.data is None:
        refusal = Error(-32001, refusal.message, {"code": "version_unsupported"}, 422)
    takes_only(shop, SECOND, refusal=refusal)
    assert store.search("beanie")


def test_versions_are_equal_or_not_and_none_is_the_newer(shop: ShopServer, store: Store) -> None:
    refusal = discovery_error("version_unsupported", "This business supports 2026-08-26 and 2027-01-10.")
    takes_only(shop, refusal=refusal)
    with pytest.raises(AgentRefused):
        store.search("beanie")
    assert asked_in(shop) == [FIRST]


def test_a_shop_that_speaks_no_version_of_ours_is_asked_once_for_some_minutes(
    shop: ShopServer, store: Store, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    takes_only(shop)
    for _ in range(3):
        outcome = run(store, "search_catalog", query="beanie")
        assert (outcome.error, outcome.output) == (True, {"error": PLAIN})
        assert run(store, "get_cart").output["status"] == "unknown"
    assert len(asked_in(shop)) == 1
    [line] = errors(caplog)
    assert line.startswith(f"demo-store.myshopify.com does not answer our agent profile {PROFILES[FIRST]}: ")
    assert "Install a newer release" in line
    clock.now += 301
    takes_only(shop, FIRST)
    assert store.search("beanie")


def test_the_operator_is_told_again_the_next_day(
    shop: ShopServer, store: Store, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    takes_only(shop)
    for _ in range(3):
        run(store, "search_catalog", query="beanie")
        clock.now += 86_401
    assert len(errors(caplog)) == 3


@pytest.mark.parametrize(("code", "status"), DISCOVERY)
@pytest.mark.parametrize("at", ["list", "call"])
def test_a_profile_that_is_refused_is_the_operators_to_mend_and_not_the_shoppers_to_read(
    shop: ShopServer, store: Store, caplog: pytest.LogCaptureFixture, code: str, status: int, at: str
) -> None:
    refusal = discovery_error(code, f"Unable to fetch agent profile: {code}", status)
    if at == "list":
        shop.script["tools/list"] = refusal
    shop.script |= {"search_catalog": refusal, "get_cart": refusal}
    for _ in range(2):
        outcome = run(store, "search_catalog", query="beanie")
        assert (outcome.error, outcome.output) == (True, {"error": PLAIN})
        assert run(store, "get_cart").output["status"] == "unknown"
    assert len(shop.calls("search_catalog")) == (0 if at == "list" else 1)
    [line] = errors(caplog)
    assert code in line
    assert PROFILES[FIRST] in line


def test_a_profile_that_could_not_be_reached_for_a_moment_is_shown_again_soon(
    shop: ShopServer, store: Store, clock: Clock
) -> None:
    shop.first = [discovery_error("profile_unreachable", status=424)]
    with pytest.raises(AgentRefused):
        store.search("beanie")
    clock.now += 31
    assert store.search("beanie")


INCOMPATIBLE = ucp_message("capabilities_incompatible", "No compatible capabilities in the intersection")


@pytest.mark.parametrize("answer", [ucp_result(INCOMPATIBLE), {"structuredContent": INCOMPATIBLE}, {**INCOMPATIBLE}])
def test_no_common_capability_in_place_of_the_list_is_told_to_the_operator(
    shop: ShopServer, store: Store, caplog: pytest.LogCaptureFixture, answer: Json
) -> None:
    shop.script["tools/list"] = answer
    for _ in range(2):
        assert run(store, "search_catalog", query="beanie").output == {"error": PLAIN}
    assert len(asked_in(shop)) == 1
    [line] = errors(caplog)
    assert "capabilities_incompatible" in line


@pytest.mark.parametrize("answer", [ucp_result(INCOMPATIBLE), text_result(INCOMPATIBLE)])
def test_no_common_capability_for_carts_leaves_the_catalogue(
    shop: ShopServer, store: Store, caplog: pytest.LogCaptureFixture, answer: Json
) -> None:
    shop.script["get_cart"] = answer
    for _ in range(2):
        assert store.cart(CART_ID).status == "unknown"
        assert store.search("beanie")
    assert len(shop.calls("get_cart")) == 1
    assert len(errors(caplog)) == 1


@pytest.mark.parametrize(
    "refusal",
    [ucp_result(INCOMPATIBLE), Error(-32000, "AuthenticationRequired", status=401), Error(-32000, "Unauthorized")],
)
def test_a_cart_that_only_ucp_refuses_is_asked_for_where_it_was_before(
    shop: ShopServer, store: Store, refusal: Any
) -> None:
    shop.tools[LEGACY] = LEGACY_TOOLS
    legacy = {
        "id": CART_ID,
        "lines": [],
        "cost": {"total_amount": {"amount": "0.0", "currency": "EUR"}},
    }

    def get_cart(_: Json) -> Any:
        return refusal if shop.heard[-1].path == UCP else text_result({"cart": legacy, "errors": []})

    shop.script["get_cart"] = get_cart
    for _ in range(2):
        assert store.cart(CART_ID).status == "ok"
    assert [heard.path for heard in shop.calls("get_cart")] == [UCP, LEGACY, LEGACY]
    assert store.search("beanie")


def test_another_shop_is_not_refused_with_the_first(shop: ShopServer, clock: Clock) -> None:
    http = Http(clock=lambda: clock.now)
    takes_only(shop)
    with shop_server() as other:
        other.script["search_catalog"] = ucp_result({"products": [ucp_product()]})
        with pytest.raises(AgentRefused):
            Store(Endpoint("a.myshopify.com", shop.url, PROFILES[FIRST]), http).search("beanie")
        assert Store(Endpoint("b.myshopify.com", other.url, PROFILES[FIRST]), http).search("beanie")
    http.close()


def test_a_shop_that_moved_to_another_permanent_domain_is_told_to_the_operator_once(
    shop: ShopServer, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    moved = Raw(301, b"", {"Location": "https://78eae1-95.myshopify.com/api/ucp/mcp"})
    shop.script["tools/list"] = moved
    for _ in range(2):
        with pytest.raises(ShopUnavailable, match="closed or has moved"):
            store.search("beanie")
        assert store.cart(CART_ID).status == "unknown"
    [line] = errors(caplog)
    assert "demo-store.myshopify.com has moved" in line
    assert "flask shop add 78eae1-95.myshopify.com" in line


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("/password", 0),
        ("https://www.example.com/password", 0),
        ("https://www.example.com/api/ucp/mcp", 1),
        ("http://[::1", 0),
        ("/api/ucp/mcp/", 0),
    ],
)
def test_other_redirects_are_told_when_they_lead_to_another_website(
    shop: ShopServer, store: Store, caplog: pytest.LogCaptureFixture, location: str, told: int
) -> None:
    shop.script["tools/list"] = Raw(302, b"", {"Location": location})
    with pytest.raises(ShopUnavailable):
        store.search("beanie")
    assert len(errors(caplog)) == told
    if told:
        assert "--mcp-url https://www.example.com" in errors(caplog)[0]


def test_no_line_of_the_log_holds_a_carts_key(
    shop: ShopServer, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    shop.script["get_cart"] = discovery_error("profile_malformed", f"for {CART_ID}")
    store.cart(CART_ID)
    assert errors(caplog)
    assert CART_ID not in caplog.text
    assert "0f9c1b2a" not in caplog.text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
messages = st.fixed_dictionaries({}, optional={"messages": json_values | st.lists(json_values, max_size=2)})


@given(json_values, json_values, json_values)
def test_any_error_is_a_refusal_or_none(code: Any, message: Any, data: Any) -> None:
    for number in (-32001, -32000, code):
        refusal = refusal_in_error({"code": number, "message": message, "data": data})
        assert refusal is None or refusal.code


@given(json_values | messages)
def test_any_answer_is_a_refusal_or_none(answer: Any) -> None:
    assert refusal_in_result(answer) is None


@given(json_values)
def test_any_document_is_a_profile_or_none(document: Any) -> None:
    odd = {"version": "x", "services": document, "supported_versions": document}
    for shown in (document, {"ucp": document}, {"ucp": odd}):
        profile = read_business_profile(json.dumps(shown).encode())
        assert profile is None or all(isinstance(each, str) for each in (*profile.releases, *profile.hosts))
