"""JSON-RPC with a shop: one POST a call, and a plain exception for everything that is no answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shop_server import LEGACY, UCP, Error, Json, Raw, ShopServer, raw, shop_server, store_at, text_result
from widget_api.problems import Problem, ShopRefused, ShopUnavailable
from widget_api.shopify.http import Http
from widget_api.shopify.mcp import MAX_TOOLS, NAME_CHARACTERS, Mcp, NotOffered, parse
from widget_api.shopify.refusals import AgentRefused


class Clock:
    """Time that passes when it is told to, and notes how long it was waited."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waited: list[float] = []

    def pause(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    with shop_server() as shop:
        yield shop


@pytest.fixture
def mcp(shop: ShopServer, clock: Clock) -> Iterator[Mcp]:
    http = Http(pause=clock.pause, clock=lambda: clock.now)
    yield Mcp(shop.url + UCP, http)
    http.close()


def test_a_call_is_one_post_without_a_handshake(shop: ShopServer, mcp: Mcp) -> None:
    shop.script["get_cart"] = text_result({"a": 1})
    assert list(mcp.call("get_cart", {"id": "x"}).payloads()) == [{"a": 1}]
    assert [heard.message["method"] for heard in shop.heard] == ["tools/call"]
    assert shop.heard[0].message["params"]["arguments"] == {"id": "x"}


def test_a_call_is_sent_as_shopifys_own_client_sends_it(shop: ShopServer, mcp: Mcp) -> None:
    shop.script["get_cart"] = text_result()
    mcp.call("get_cart", {"id": "x"})
    headers, message = shop.heard[0].headers, shop.heard[0].message
    assert headers["Accept"] == "application/json, text/event-stream"
    assert not [name for name in headers if name.lower().startswith("mcp-")]
    assert message["params"] == {"name": "get_cart", "arguments": {"id": "x"}}


def test_a_shop_reads_our_name_and_where_we_are(shop: ShopServer) -> None:
    profile = "https://chat.example.com:8443/.well-known/ucp-agent.json"
    with store_at(shop.url, profile=profile) as store:
        store.cart("gid://shopify/Cart/x?key=1")
    assert {heard.headers["User-Agent"] for heard in shop.heard} == {"shop-chat/1 (+https://chat.example.com:8443)"}


def test_without_a_place_to_name_only_the_name_is_sent(shop: ShopServer, mcp: Mcp) -> None:
    mcp.tools({})
    with store_at(shop.url, profile="") as store:
        store.cart("gid://shopify/Cart/x?key=1")
    assert {heard.headers["User-Agent"] for heard in shop.heard} == {"shop-chat/1"}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_answer_may_come_as_a_server_sent_event(shop: ShopServer, mcp: Mcp, end: str) -> None:
    def events(message: Json) -> Raw:
        notice = '{"jsonrpc":"2.0","method":"notifications/progress"}'
        result = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": text_result({"ü": 1})})
        lines = [": hello", "", f"data: {notice}", "", "event: message", *(f"data:{result}").split("\n"), "", ""]
        return Raw(body=end.join(lines).encode(), headers={"Content-Type": "text/event-stream; charset=utf-8"})

    shop.script["get_cart"] = events
    assert list(mcp.call("get_cart", {}).payloads()) == [{"ü": 1}]


def test_each_text_block_is_read_alone(shop: ShopServer, mcp: Mcp) -> None:
    notice = "DEPRECATION NOTICE: This tool is served by the Storefront MCP server at /api/mcp"
    shop.script["get_cart"] = text_result({"cart": 1}, notice)
    result = mcp.call("get_cart", {})
    assert (list(result.payloads()), result.sayings()) == ([{"cart": 1}], [notice])


def test_the_list_of_tools_is_asked_for_once_an_hour(shop: ShopServer, mcp: Mcp, clock: Clock) -> None:
    assert "get_cart" in mcp.tools({}) and "get_cart" in mcp.tools({})
    assert len(shop.heard) == 1
    clock.now += 3601
    mcp.tools({})
    assert len(shop.heard) == 2


def test_the_list_of_tools_may_have_pages(shop: ShopServer, mcp: Mcp) -> None:
    shop.script["tools/list"] = [{"tools": [{"name": "a"}], "nextCursor": "2"}, {"tools": [{"name": "b"}]}]
    assert mcp.tools({}) == {"a", "b"}
    assert shop.heard[1].message["params"]["cursor"] == "2"


def test_only_so_many_tools_with_names_of_some_length_are_remembered(shop: ShopServer, mcp: Mcp) -> None:
    many = [{"name": "x" * (NAME_CHARACTERS + 1)}, *({"name": f"tool-{number}"} for number in range(3 * MAX_TOOLS))]
    shop.script["tools/list"] = lambda _: {"tools": many}
    # Of a page so many entries are looked at, and the first one's name is too long.
    assert mcp.tools({}) == {f"tool-{number}" for number in range(MAX_TOOLS - 1)}


def test_pages_that_never_end_are_left_after_some(shop: ShopServer, mcp: Mcp) -> None:
    shop.script["tools/list"] = lambda _: {"tools": [{"name": "a"}], "nextCursor": "more"}
    assert mcp.tools({}) == {"a"}
    assert len(shop.heard) == 5


def test_where_there_is_no_endpoint_there_are_no_tools(shop: ShopServer, mcp: Mcp) -> None:
    shop.tools[UCP] = ()
    assert mcp.tools({}) == frozenset()


def test_an_endpoint_that_was_away_for_a_moment_is_asked_again(shop: ShopServer, mcp: Mcp) -> None:
    shop.first = [Raw(404)]
    assert mcp.tools({}) == frozenset()
    assert "get_cart" in mcp.tools({})


def test_a_shop_that_cannot_be_asked_is_asked_again_next_time(shop: ShopServer, mcp: Mcp) -> None:
    shop.first = [Raw(503)]
    with pytest.raises(ShopUnavailable):
        mcp.tools({})
    assert "get_cart" in mcp.tools({})


LIMITED = Error(-32000, "Rate limit exceeded", {"retry_after": 1})


@pytest.mark.parametrize(
    ("limited", "waited"),
    [
        (LIMITED, 1),
        (Error(-32000, "Rate limit exceeded", {"retry_after": 0.5}, status=429), 0.5),
        (Error(-32000, "Rate limit exceeded", status=429, headers={"Retry-After": "2"}), 2),
        (Raw(429, b"slow down", {"Retry-After": "1"}), 1),
        (Raw(429, b"", {"Date": "Fri, 20 Nov 2026 10:00:00 GMT", "Retry-After": "Fri, 20 Nov 2026 10:00:02 GMT"}), 2),
        (Raw(429, b""), 1),
        (Raw(429, b"", {"Retry-After": "soon"}), 1),
        (Raw(429, b"", {"Retry-After": "-5"}), 1),
    ],
)
def test_a_short_pause_is_waited_for_once(
    shop: ShopServer, mcp: Mcp, clock: Clock, limited: Error | Raw, waited: float
) -> None:
    shop.script["get_cart"] = [limited, text_result({"a": 1})]
    assert list(mcp.call("get_cart", {}).payloads()) == [{"a": 1}]
    assert clock.waited == [waited]


def test_a_second_refusal_is_told_with_its_pause(shop: ShopServer, mcp: Mcp, clock: Clock) -> None:
    shop.script["get_cart"] = [LIMITED, Error(-32000, "Rate limit exceeded", {"retry_after": 7})]
    with pytest.raises(ShopUnavailable) as caught:
        mcp.call("get_cart", {})
    assert (caught.value.retry_after, len(clock.waited)) == (7, 1)


@pytest.mark.parametrize(("named", "told"), [("30", 30), ("999999", 3600)])
def test_a_long_pause_is_the_shoppers_to_wait(
    shop: ShopServer, mcp: Mcp, clock: Clock, named: str, told: int
) -> None:
    shop.script["get_cart"] = [Raw(429, b"", {"Retry-After": named})]
    with pytest.raises(ShopUnavailable) as caught:
        mcp.call("get_cart", {})
    assert (caught.value.retry_after, clock.waited) == (told, [])


BUSY = [
    Error(-32000, "Service unavailable", {"retry_after": 1}, 503, {"Retry-After": "1"}),
    Error(-32000, "Service unavailable", {"retry_after": 1}),
    Error(-32000, "Service unavailable", {"retry_after": "1"}, 503),
    Raw(503, b"<h1>busy</h1>", {"Retry-After": "1"}),
]


@pytest.mark.parametrize("busy", BUSY)
def test_a_busy_shop_that_names_a_short_pause_is_waited_for(
    shop: ShopServer, mcp: Mcp, clock: Clock, busy: Error | Raw
) -> None:
    shop.script |= {"tools/list": [busy, {"tools": [{"name": "a"}]}], "get_cart": [busy, text_result({"a": 1})]}
    assert mcp.tools({}) == {"a"}
    assert list(mcp.call("get_cart", {}).payloads()) == [{"a": 1}]
    assert clock.waited == [1, 1]


@pytest.mark.parametrize("busy", BUSY)
@pytest.mark.parametrize("tool", ["create_cart", "update_cart"])
def test_a_busy_shop_is_not_sent_a_change_again(
    shop: ShopServer, mcp: Mcp, clock: Clock, busy: Error | Raw, tool: str
) -> None:
    shop.script[tool] = busy
    with pytest.raises(ShopUnavailable) as caught:
        mcp.call(tool, {})
    assert (len(shop.heard), clock.waited, caught.value.retry_after) == (1, [], 1)


@pytest.mark.parametrize(
    ("busy", "told"),
    [
        (Raw(503), None),
        (Raw(503, headers={"Retry-After": "soon"}), None),
        (Raw(503, headers={"Retry-After": "30"}), 30),
    ],
)
def test_a_busy_shop_that_names_no_short_pause_is_the_shoppers_to_wait_for(
    shop: ShopServer, mcp: Mcp, clock: Clock, busy: Raw, told: int | None
) -> None:
    shop.script["get_cart"] = busy
    with pytest.raises(ShopUnavailable) as caught:
        mcp.call("get_cart", {})
    assert (clock.waited, caught.value.retry_after) == ([], told)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (
            Error(-32001, "UCP discovery failed", {"code": "invalid_profile_url", "content": "Missing"}, 422),
            ShopRefused,
        ),
        (Error(-32001, "UCP discovery failed"), ShopRefused),
        (Error(-32000, "AuthenticationRequired"), ShopRefused),
        (Error(-32601, "Method not found"), NotOffered),
        (Error(-32602, "Tool not found: get_cart"), NotOffered),
        (Error(-32602, "Unknown tool: get_cart"), NotOffered),
        (Error(-32602, "batch too large"), ShopRefused),
        (Error(-32603, "Internal error", "Core client error", 500), ShopUnavailable),
        (Error(-32603, "Internal error"), ShopUnavailable),
        (text_result("Unknown tool: get_cart", error=True), NotOffered),
        (Raw(404, b"<h1>404</h1>", {"Content-Type": "text/html"}), NotOffered),
        (Raw(405), NotOffered),
        (Raw(302, b"", {"Location": "/password"}), ShopUnavailable),
        (Raw(301, b"", {"Location": "https://other.example/"}), ShopUnavailable),
        (Raw(401), ShopRefused),
        (Raw(403, b"forbidden"), ShopRefused),
        (Raw(500), ShopUnavailable),
        (Raw(503, b"<h1>busy</h1>"), ShopUnavailable),
        (Raw(200, b""), ShopUnavailable),
        (Raw(200, b"<html>"), ShopUnavailable),
        (Raw(200, b"null"), ShopUnavailable),
        (Raw(200, b"[1]"), ShopUnavailable),
        (Raw(200, b'{"jsonrpc": "2.0", "id": 1}'), ShopUnavailable),
        (Raw(200, b'{"jsonrpc": "2.0", "id": 999, "result": {}}'), ShopUnavailable),
        (Raw(200, b'{"jsonrpc": "2.0", "id": 1, "result": 7}'), ShopUnavailable),
        (Raw(200, b'{"jsonrpc": "2.0", "id": 1, "error": "no"}'), ShopUnavailable),
        (Raw(200, b'{"jsonrpc": "2.0", "id": 1, "result": {"a": NaN}}'), ShopUnavailable),
        (Raw(200, b"[" * 100_000), ShopUnavailable),
        (Raw(200, b'{"a":' * 100_000), ShopUnavailable),
        (Raw(200, b'{"id": 1, "result": {"a": ' + b"9" * 10_000 + b"}}"), ShopUnavailable),
        (Raw(200, b"\xff\xfe\x00"), ShopUnavailable),
    ],
)
def test_what_is_no_answer_is_a_problem(
    shop: ShopServer, mcp: Mcp, answer: Error | Raw | Json, problem: type[Problem]
) -> None:
    shop.script["get_cart"] = answer
    with pytest.raises(problem):
        mcp.call("get_cart", {})


def test_the_reason_why_discovery_failed_is_for_the_log_and_not_for_the_shopper(shop: ShopServer, mcp: Mcp) -> None:
    data = {"code": "invalid_profile_url", "content": "Unable to fetch agent profile: Missing profile uri"}
    shop.script["get_cart"] = Error(-32001, "UCP discovery failed", data, 422)
    with pytest.raises(AgentRefused, match=r"^The shop cannot be asked just now\.$") as caught:
        mcp.call("get_cart", {})
    assert caught.value.refusal.code == "invalid_profile_url"
    assert "Missing profile uri" in caught.value.refusal.reason


@pytest.mark.parametrize(
    "error",
    [
        Error(-32602, "Invalid arguments: object at /cart is missing required properties: line_items"),
        Error(-32000, "AuthenticationRequired", status=401),
        Error(-32000, "Unauthorized"),
        Error(-32700, "Parse error"),
        Error(-32099, "Invalid argument: ucp-agent"),
    ],
)
def test_the_words_of_the_protocol_are_not_for_the_shopper(shop: ShopServer, mcp: Mcp, error: Error) -> None:
    shop.script["get_cart"] = error
    with pytest.raises(ShopRefused, match=r"^The shop (cannot be asked just now|refused the request)\.$"):
        mcp.call("get_cart", {})


class Older:
    """A server of 2025: it wants a handshake, and forgets its session when it is told to."""

    def __init__(self, shop: ShopServer, refusal: Raw) -> None:
        self.shop, self.refusal, self.session = shop, refusal, 0
        shop.script |= dict.fromkeys(("initialize", "notifications/initialized", "get_cart"), self.answer)

    def answer(self, message: Json) -> Json | Raw:
        if message["method"] == "initialize":
            self.session += 1
            reply = raw({"protocolVersion": "2025-06-18", "capabilities": {}}, message["id"])
            return Raw(200, reply.body, {"Mcp-Session-Id": f"s{self.session}"})
        headers = self.shop.heard[-1].headers
        if "Mcp-Session-Id" not in headers:
            return self.refusal
        if headers["Mcp-Session-Id"] != f"s{self.session}":
            return Raw(404, b"Session not found")
        return Raw(202) if "id" not in message else text_result({"version": headers["MCP-Protocol-Version"]})


REFUSALS = [
    Raw(400, b'{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"Missing session ID"}}'),
    Raw(400, b"Bad Request: Unsupported protocol version: 2026-07-28"),
    Raw(400, b"Server not initialized"),
]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_an_older_server_gets_its_handshake_once(shop: ShopServer, mcp: Mcp, refusal: Raw) -> None:
    Older(shop, refusal)
    for _ in range(2):
        assert list(mcp.call("get_cart", {}).payloads()) == [{"version": "2025-06-18"}]
    methods = [heard.message["method"] for heard in shop.heard]
    assert methods == ["tools/call", "initialize", "notifications/initialized", "tools/call", "tools/call"]


def test_a_session_that_the_server_forgot_is_begun_anew(shop: ShopServer, mcp: Mcp) -> None:
    older = Older(shop, REFUSALS[0])
    mcp.call("get_cart", {})
    older.session += 1
    assert list(mcp.call("get_cart", {}).payloads()) == [{"version": "2025-06-18"}]


def test_a_server_that_refuses_the_handshake_too_is_asked_no_further(shop: ShopServer, mcp: Mcp) -> None:
    shop.script |= dict.fromkeys(("initialize", "get_cart"), REFUSALS[0])
    with pytest.raises(ShopRefused):
        mcp.call("get_cart", {})
    assert len(shop.heard) == 2


def test_a_handshake_says_who_asks_where_the_call_does(shop: ShopServer, mcp: Mcp) -> None:
    Older(shop, REFUSALS[0])
    meta = {"ucp-agent": {"profile": "https://chat.example/profile.json"}}
    mcp.call("get_cart", {"meta": meta, "id": "x"})
    assert shop.heard[1].message["params"]["arguments"] == {"meta": meta}
    assert "arguments" not in shop.heard[2].message.get("params", {})


def test_a_server_that_knows_no_handshake_gets_the_headers_of_2026(shop: ShopServer, mcp: Mcp) -> None:
    def answer(_: Json) -> Json | Raw:
        version = shop.heard[-1].headers.get("MCP-Protocol-Version")
        return text_result({"a": 1}) if version == "2026-07-28" else Raw(400, b"Missing header: MCP-Protocol-Version")

    shop.script |= {"get_cart": answer, "initialize": Error(-32601, "Method not found", status=404)}
    for _ in range(2):
        assert list(mcp.call("get_cart", {}).payloads()) == [{"a": 1}]
    methods = [heard.message["method"] for heard in shop.heard]
    assert methods == ["tools/call", "initialize", "tools/call", "tools/call"]
    headers, params = shop.heard[-1].headers, shop.heard[-1].message["params"]
    assert (headers["Mcp-Method"], headers["Mcp-Name"]) == ("tools/call", "get_cart")
    assert params["_meta"]["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"


def test_each_endpoint_is_remembered_by_itself(shop: ShopServer) -> None:
    shop.tools[LEGACY] = ("policies",)
    http = Http()
    assert Mcp(shop.url + LEGACY, http).tools({}) == {"policies"}
    assert "get_cart" in Mcp(shop.url + UCP, http).tools({})
    http.close()


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_parse_gives_a_value_or_a_value_error(text: bytes) -> None:
    with suppress(ValueError):
        parse(text)


BROKEN_OFF = Raw(headers={"Content-Length": "100"})


@pytest.mark.parametrize("tool", ["get_cart", "search_catalog", "search_shop_policies_and_faqs", "ask_business"])
def test_what_only_reads_is_asked_again_when_the_connection_breaks(shop: ShopServer, mcp: Mcp, tool: str) -> None:
    shop.script[tool] = [BROKEN_OFF, text_result({"a": 1})]
    assert list(mcp.call(tool, {"id": "x"}).payloads()) == [{"a": 1}]
    assert len(shop.calls(tool)) == 2


@pytest.mark.parametrize("tool", ["create_cart", "update_cart"])
def test_what_changes_something_is_never_sent_again(shop: ShopServer, mcp: Mcp, tool: str) -> None:
    shop.script[tool] = [BROKEN_OFF, text_result({"a": 1})]
    with pytest.raises(ShopUnavailable):
        mcp.call(tool, {"id": "x"})
    assert len(shop.calls(tool)) == 1


def test_what_breaks_twice_is_no_answer(shop: ShopServer, mcp: Mcp) -> None:
    shop.script["get_cart"] = BROKEN_OFF
    with pytest.raises(ShopUnavailable):
        mcp.call("get_cart", {"id": "x"})
    assert len(shop.calls("get_cart")) == 2
