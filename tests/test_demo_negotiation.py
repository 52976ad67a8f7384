"""The demo shop negotiates versions and capabilities as UCP's overview has it, and says so in its own profile."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.shop_server import UCP, Json, Raw, ShopServer, shop_server
from widget_api.demo import legacy, ucp
from widget_api.demo.carts import CARTS
from widget_api.demo.catalogue import PRODUCTS
from widget_api.demo.faults import FAULTS

CART, DISCOUNT = "dev.ucp.shopping.cart", "dev.ucp.shopping.discount"
SEARCH, LOOKUP = "dev.ucp.shopping.catalog.search", "dev.ucp.shopping.catalog.lookup"
ASK, CATALOG = "dev.ucp.common.ask", "dev.shopify.catalog"
OLD, NEW, DRAFT = "2026-04-08", "2026-08-25", "draft"
CARTS_TOOLS = ["create_cart", "get_cart", "update_cart", "cancel_cart"]
PLENTY = next(variant.id for product in PRODUCTS for variant in product.variants if variant.stock >= 10)


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    app = Flask(__name__)
    app.register_blueprint(ucp.bp)
    app.register_blueprint(legacy.bp)
    yield app.test_client()
    FAULTS.mend()


@pytest.fixture
def agents() -> Iterator[ShopServer]:
    """A host of agent profiles."""
    with shop_server() as server:
        yield server


def profile(version: str, *capabilities: str, **members: Any) -> Json:
    entries = {name: [{"version": version}] for name in capabilities}
    ucp_member = {"version": version, "services": {}, "capabilities": entries, "payment_handlers": {}}
    return {"ucp": {**ucp_member, **members}}


class Agent:
    """Who asks the shop under a profile of its own."""

    def __init__(self, client: FlaskClient, host: ShopServer, name: str, document: Json, cache: str) -> None:
        headers = {"Content-Type": "application/json", **({"Cache-Control": cache} if cache else {})}
        host.pages[f"/{name}"] = Raw(200, json.dumps(document).encode(), headers)
        self._client, self._meta = client, {"ucp-agent": {"profile": f"{host.url}/{name}"}}

    def post(self, method: str, headers: dict[str, str] | None = None, **params: Any) -> TestResponse:
        arguments = {"meta": self._meta, **params.pop("arguments", {})}
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"arguments": arguments, **params}}
        return self._client.post(UCP, json=message, headers=headers)

    def answer(self, method: str, **params: Any) -> Json:
        response = self.post(method, **params)
        assert response.status_code == 200, response.data
        return dict(json.loads(response.data)["result"])

    def tools(self) -> list[str]:
        return [tool["name"] for tool in self.answer("tools/list")["tools"]]

    def call(self, tool: str, **arguments: Any) -> Json:
        return dict(self.answer("tools/call", name=tool, arguments=arguments)["structuredContent"])

    def error(self, method: str = "tools/list") -> tuple[int, Json]:
        response = self.post(method)
        return response.status_code, dict(json.loads(response.data)["error"])


@pytest.fixture
def agent(client: FlaskClient, agents: ShopServer) -> Any:
    # An address of its own for each: the shop keeps what it has fetched.
    def make(document: Json, cache: str = "public, max-age=60") -> Agent:
        return Agent(client, agents, uuid.uuid4().hex, document, cache)

    return make


def test_the_tools_follow_what_both_sides_can_do(agent: Any) -> None:
    assert agent(profile(OLD, SEARCH)).tools() == ["search_catalog"]
    assert agent(profile(OLD, LOOKUP, "dev.ucp.shopping.checkout")).tools() == ["lookup_catalog", "get_product"]
    assert agent(profile(OLD, CART, DISCOUNT)).tools() == CARTS_TOOLS


def test_a_tool_outside_of_what_was_agreed_is_not_found(agent: Any) -> None:
    response = agent(profile(OLD, SEARCH)).post("tools/call", name="get_cart", arguments={"id": "x"})
    assert json.loads(response.data)["error"]["code"] == -32602


@pytest.mark.parametrize(
    "document",
    [
        profile(OLD),
        profile(OLD, "dev.ucp.shopping.checkout"),
        profile(OLD, DISCOUNT, CATALOG),
        profile(OLD, capabilities={CART: [{"version": "2019-01-01"}]}),
        profile(OLD, capabilities={CART: "yes", SEARCH: [7, {}]}),
        {"ucp": {"version": OLD, "services": {}, "payment_handlers": {}}},
    ],
    ids=["none", "checkout", "orphans", "another-version", "malformed", "left-out"],
)
@pytest.mark.parametrize("method", ["initialize", "tools/list", "tools/call"])
def test_nothing_in_common_is_a_result(agent: Any, method: str, document: Json) -> None:
    result = agent(document).answer(method, name="search_catalog")
    structured = result["structuredContent"]
    assert structured["ucp"] == {"version": OLD, "status": "error"}
    assert structured["continue_url"] == "http://localhost/"
    assert structured["messages"] == [
        {
            "type": "error",
            "code": "capabilities_incompatible",
            "content": "No compatible capabilities in the intersection",
            "severity": "unrecoverable",
        }
    ]
    assert json.loads(result["content"][0]["text"]) == structured


@pytest.mark.parametrize("version", [OLD, NEW])
def test_every_answer_is_in_the_version_that_was_agreed(agent: Any, version: str) -> None:
    shopper = agent(profile(version, SEARCH, LOOKUP, CART))
    catalog = {"query": "beanie"}
    assert shopper.call("search_catalog", catalog=catalog)["ucp"] == {
        "version": version,
        "status": "success",
        "capabilities": {SEARCH: [{"version": version}]},
    }
    gone = shopper.call("get_product", catalog={"id": "gid://shopify/Product/1"})
    assert gone["ucp"] == {"version": version, "status": "error", "capabilities": {LOOKUP: [{"version": version}]}}
    assert shopper.call("get_cart", id="x")["ucp"] == {"version": version, "status": "error"}


def test_an_extension_is_named_where_its_parent_is(agent: Any) -> None:
    shopper = agent(profile(NEW, SEARCH, CART, DISCOUNT))
    items = [{"item": {"id": f"gid://shopify/ProductVariant/{PLENTY}"}, "quantity": 1}]
    assert list(shopper.call("create_cart", cart={"line_items": items})["ucp"]["capabilities"]) == [CART, DISCOUNT]
    assert list(shopper.call("search_catalog", catalog={"query": "hat"})["ucp"]["capabilities"]) == [SEARCH]


def test_a_version_that_the_shop_does_not_speak(agent: Any) -> None:
    status, error = agent(profile("2099-01-01", CART)).error()
    assert (status, error["code"], error["message"]) == (422, -32001, "Protocol version not supported")
    assert error["data"] == {
        "code": "version_unsupported",
        "content": "Protocol version 2099-01-01 is not supported. "
        "This business supports versions 2026-04-08 and 2026-08-25.",
        "continue_url": "http://localhost/",
    }


@pytest.mark.parametrize(
    ("switch", "spoken", "refused"), [("old_versions_only", OLD, NEW), ("new_versions_only", NEW, OLD)]
)
def test_a_shop_may_speak_one_version_alone(
    agent: Any, client: FlaskClient, switch: str, spoken: str, refused: str
) -> None:
    both = agent(profile(spoken, CART)), agent(profile(refused, CART))
    assert both[1].tools()
    setattr(FAULTS, switch, True)
    assert both[0].tools()
    assert both[1].error()[1]["data"]["content"].endswith(f"This business supports versions {spoken}.")
    found = client.get("/.well-known/ucp").json
    assert found is not None
    assert found["ucp"]["version"] == spoken
    assert "supported_versions" not in found["ucp"]


@pytest.mark.parametrize("cache", ["no-store", "private, max-age=60", "public", "public, max-age=59", "no-cache", ""])
def test_a_profile_must_be_one_that_may_be_kept(agent: Any, cache: str) -> None:
    shopper = agent(profile(OLD, CART), cache)
    status, error = shopper.error()
    assert (status, error["code"], error["data"]["code"]) == (422, -32001, "invalid_cache_control")
    FAULTS.any_cache_control = True
    assert shopper.tools() == CARTS_TOOLS


def test_a_strict_shop_wants_the_members_of_the_published_schema(agent: Any) -> None:
    entry = {"version": OLD, "spec": "https://ucp.dev/x", "schema": "https://ucp.dev/x.json"}
    good, bad = agent(profile(OLD, capabilities={CART: [entry]})), agent(profile(OLD, CART))
    FAULTS.strict_profile = True
    assert good.tools() == CARTS_TOOLS
    assert bad.error()[1]["data"]["code"] == "profile_malformed"


@pytest.mark.parametrize("name", ["services", "capabilities", "payment_handlers"])
def test_the_registries_of_a_profile_are_objects(agent: Any, name: str) -> None:
    assert agent(profile(OLD, CART, **{name: []})).error()[1]["data"]["code"] == "profile_malformed"


def test_a_new_profile_may_have_to_wait_until_it_is_fetched(agent: Any) -> None:
    shopper = agent(profile(OLD, CART))
    FAULTS.discovery_503_next = 1
    response = shopper.post("tools/list")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert json.loads(response.data)["error"]["data"] == {"retry_after": 1}
    assert shopper.tools() == CARTS_TOOLS


def test_a_lenient_shop_gives_all_tools_to_anybody(agent: Any) -> None:
    FAULTS.any_capabilities = True
    assert "search_catalog" in agent(profile(OLD)).tools()


def test_a_server_may_refuse_a_version_of_mcp(agent: Any) -> None:
    shopper = agent(profile(OLD, CART))
    headers = {"MCP-Protocol-Version": "2026-07-28"}
    assert shopper.post("tools/list", headers).status_code == 200
    FAULTS.refuse_protocol_header = True
    response = shopper.post("tools/list", headers)
    assert response.status_code == 400
    assert "protocol version" in json.loads(response.data)["error"]["message"]
    assert shopper.post("tools/list", {"MCP-Protocol-Version": "2024-11-05"}).status_code == 200


def test_initialize_may_be_open_to_anyone(client: FlaskClient) -> None:
    FAULTS.initialize_anyone = True
    assert client.post(UCP, json={"jsonrpc": "2.0", "id": 1, "method": "initialize"}).json


def test_questions_are_for_drafts_that_declare_them(agent: Any) -> None:
    drafted = agent(profile(DRAFT, ASK))
    assert drafted.tools() == ["ask_business"]
    answer = drafted.call("ask_business", ask={"query": "Can I return something?"})
    assert answer["ucp"]["version"] == DRAFT
    assert "60 days" in answer["answer"]["plain"]
    assert agent(profile(DRAFT, SEARCH)).tools() == ["search_catalog"]
    assert agent(profile(NEW, SEARCH, ASK)).tools() == ["search_catalog"]
    FAULTS.no_ask = True
    assert "tools" not in drafted.answer("tools/list")


def test_the_old_tool_for_policies_ends_one_day(client: FlaskClient) -> None:
    def names() -> list[str]:
        listed = client.post("/api/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).json
        assert listed is not None
        return [tool["name"] for tool in listed["result"]["tools"]]

    assert names() == ["search_shop_policies_and_faqs"]
    FAULTS.policies_tool_off = True
    assert names() == []
    FAULTS.legacy_only = True
    assert "search_shop_policies_and_faqs" not in names()


# The shop's own profile


def test_the_shop_has_a_profile_of_its_newest_version(client: FlaskClient) -> None:
    response = client.get("/.well-known/ucp")
    assert response.json is not None
    ucp_member = response.json["ucp"]
    assert ucp_member["version"] == NEW
    assert ucp_member["supported_versions"] == {OLD: f"http://localhost/.well-known/ucp/{OLD}"}
    assert ucp_member["payment_handlers"] == {}
    assert list(ucp_member["services"]) == ["dev.ucp.shopping"]
    (service,) = ucp_member["services"]["dev.ucp.shopping"]
    assert (service["transport"], service["endpoint"]) == ("mcp", f"http://localhost{UCP}")
    assert set(ucp_member["capabilities"]) == {SEARCH, LOOKUP, CART, DISCOUNT, CATALOG}
    assert ucp_member["capabilities"][DISCOUNT][0]["extends"] == [CART]
    for entries in (*ucp_member["services"].values(), *ucp_member["capabilities"].values()):
        assert all({"version", "spec", "schema"} <= set(entry) for entry in entries)
    assert (response.cache_control.public, response.cache_control.max_age) == (True, 300)


def test_each_version_has_a_profile_of_its_own(client: FlaskClient) -> None:
    for version in (OLD, NEW, DRAFT):
        found = client.get(f"/.well-known/ucp/{version}").json
        assert found is not None
        assert found["ucp"]["version"] == version
        assert "supported_versions" not in found["ucp"]
        assert (ASK in found["ucp"]["capabilities"]) is (version == DRAFT)
    assert client.get("/.well-known/ucp/2019-01-01").status_code == 404


@pytest.mark.parametrize("switch", ["no_well_known", "legacy_only"])
def test_a_shop_may_have_no_profile(client: FlaskClient, switch: str) -> None:
    setattr(FAULTS, switch, True)
    assert client.get("/.well-known/ucp").status_code == 404
    assert client.get(f"/.well-known/ucp/{OLD}").status_code == 404


def test_a_refusal_has_a_status(agent: Any) -> None:
    shopper = agent(profile(OLD, CART))
    assert shopper.call("get_cart", id="x")["ucp"]["status"] == "error"
    FAULTS.errors_without_status = True
    assert shopper.call("get_cart", id="x")["ucp"] == {"version": OLD}
    assert CARTS.get("x") is None
