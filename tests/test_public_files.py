"""The widget's files and the agent profile: public, compressed, cached as long as their names allow."""

from __future__ import annotations

import gzip
from typing import cast

import pytest
from flask import Flask

from tests.conftest import ANNAS_SHOP, ANNAS_SITE, CLEOS_SITE, Answer
from widget_api.api.widget import DIST, STANDBY, STANDBY_FRESH
from widget_api.models import Shop, connected
from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.negotiation import DRAFT, PROFILE_PATH, RELEASES

pytestmark = pytest.mark.storeless


def get(app: Flask, path: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return cast(Answer, app.test_client().get(path, headers=named, buffered=True))


def panel() -> str:
    return next(path.name for path in DIST.glob("panel-*.js"))


def test_the_entry_keeps_its_name_and_is_asked_for_again_soon(app: Flask) -> None:
    response = get(app, "/widget/chat.js")
    assert (response.status_code, response.mimetype) == (200, "text/javascript")
    assert "max-age=300" in response.headers["Cache-Control"]
    again = get(app, "/widget/chat.js", If_None_Match=response.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")


def test_a_hashed_file_never_changes(app: Flask) -> None:
    response = get(app, f"/widget/{panel()}")
    assert "immutable" in response.headers["Cache-Control"]


@pytest.mark.parametrize("kind", ["panel", "messages", "pages", "pt-BR"])
def test_a_hashed_file_of_the_release_before_leads_to_what_it_has_become(app: Flask, kind: str) -> None:
    response = get(app, f"/widget/{kind}-0123456789.js", Origin="https://anna.example")
    assert response.status_code == 302
    assert "immutable" not in response.headers["Cache-Control"]
    heir = get(app, response.headers["Location"])
    assert (heir.status_code, heir.mimetype) == (200, "text/javascript")


@pytest.mark.parametrize(("accepts", "encoding"), [("gzip", "gzip"), ("gzip, br", "br"), ("br;q=0, gzip", "gzip")])
def test_files_come_compressed_as_the_browser_likes(app: Flask, accepts: str, encoding: str) -> None:
    response = get(app, "/widget/chat.js", Accept_Encoding=accepts)
    assert response.headers["Content-Encoding"] == encoding
    assert "Accept-Encoding" in response.headers["Vary"]
    assert response.mimetype == "text/javascript"
    if encoding == "gzip":
        assert gzip.decompress(response.data) == (DIST / "chat.js").read_bytes()


def test_a_browser_that_accepts_nothing_gets_the_plain_file(app: Flask) -> None:
    response = get(app, "/widget/chat.js")
    assert "Content-Encoding" not in response.headers
    assert response.data == (DIST / "chat.js").read_bytes()


STRANGERS = ["https://x1y2.shopifypreview.com", "https://nowhere.example", "null"]


@pytest.mark.parametrize("origin", [ANNAS_SITE, *STRANGERS])
def test_every_website_may_load_the_files(app: Flask, origin: str) -> None:
    for path in ("/widget/chat.js", f"/widget/{panel()}", "/widget/panel-0123456789.js", "/widget/status"):
        response = get(app, path, Origin=origin)
        assert (response.status_code < 400, response.headers["Access-Control-Allow-Origin"]) == (True, "*")
        assert "Origin" in response.headers["Vary"]


@pytest.mark.parametrize("origin", STRANGERS)
def test_a_website_of_no_shop_gets_an_entry_that_does_nothing(app: Flask, origin: str) -> None:
    stranger = get(app, "/widget/chat.js", Origin=origin)
    assert (stranger.text, stranger.headers["Cache-Control"]) == (STANDBY, STANDBY_FRESH)
    whole = (DIST / "chat.js").read_bytes()
    assert get(app, "/widget/chat.js", Origin=ANNAS_SITE).data == whole
    assert get(app, "/widget/chat.js?editor", Origin=origin).data == whole


def test_the_websites_of_a_shop_that_was_removed_become_strangers(app: Flask) -> None:
    with connected():
        Shop.update(active=False).where(Shop.domain == ANNAS_SHOP).execute()
    assert get(app, "/widget/chat.js", Origin=ANNAS_SITE).text == STANDBY
    assert not get(app, f"/widget/status?shop={ANNAS_SHOP}", Origin=ANNAS_SITE).json["served"]


@pytest.mark.parametrize(
    ("shop", "origin", "is_served"),
    [
        (ANNAS_SHOP, ANNAS_SITE, True),
        (ANNAS_SHOP.upper(), ANNAS_SITE, True),
        (ANNAS_SHOP, CLEOS_SITE, False),
        (ANNAS_SHOP, STRANGERS[0], False),
        ("nowhere.myshopify.com", ANNAS_SITE, False),
        ("", ANNAS_SITE, False),
        (ANNAS_SHOP, "", True),
    ],
)
def test_a_website_can_ask_whether_it_is_served(app: Flask, shop: str, origin: str, is_served: bool) -> None:
    response = get(app, f"/widget/status?shop={shop}", **({"Origin": origin} if origin else {}))
    assert response.json == {"served": is_served}
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js",
        "chat-0123456789.js",
        "-0123456789.js",
        "..%2f..%2fpackage.json",
        "..",
        "%2e%2e/x",
        "chat.js%00",
        "a/b",
    ],
)
def test_nothing_else_is_served(app: Flask, name: str) -> None:
    assert get(app, f"/widget/{name}").status_code == 404


SHOPPING = {
    "dev.ucp.shopping.cart",
    "dev.ucp.shopping.discount",
    "dev.ucp.shopping.catalog.search",
    "dev.ucp.shopping.catalog.lookup",
}
PROFILES = {
    "": ("2026-04-08", "dev.ucp.shopping", SHOPPING),
    "-2026-04-08": ("2026-04-08", "dev.ucp.shopping", SHOPPING),
    "-2026-08-25": ("2026-08-25", "dev.ucp.shopping", SHOPPING),
    "-draft": ("draft", "dev.ucp.common", {"dev.ucp.common.ask"}),
}


@pytest.mark.parametrize("name", PROFILES)
def test_an_agent_profile_is_public_and_may_be_cached_as_long_as_ucp_wants(app: Flask, name: str) -> None:
    address = f"/.well-known/ucp-agent{name}.json"
    response = get(app, address)
    caching = response.cache_control
    assert (caching.public, (caching.max_age or 0) >= 60) == (True, True)
    again = app.test_client().get(address, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.cache_control.public


@pytest.mark.parametrize("name", PROFILES)
def test_an_agent_profile_declares_one_version_and_where_all_of_it_is_specified(app: Flask, name: str) -> None:
    version, service, capabilities = PROFILES[name]
    ucp = get(app, f"/.well-known/ucp-agent{name}.json").json["ucp"]
    assert (ucp["version"], set(ucp["services"]), set(ucp["capabilities"])) == (version, {service}, capabilities)
    assert ucp["payment_handlers"] == {}
    assert "supported_versions" not in ucp
    entries = [*ucp["services"].values(), *ucp["capabilities"].values()]
    for entry in (entry for [entry] in entries):
        assert entry["version"] == version
        assert entry["spec"].startswith(f"https://ucp.dev/{version}/specification/")
        assert entry["schema"].startswith(f"https://ucp.dev/{version}/")
        assert entry["schema"].endswith(".json")
    assert {entry["transport"] for [entry] in ucp["services"].values()} == {"mcp"}


def test_codes_for_discounts_are_declared_as_a_part_of_the_cart(app: Flask) -> None:
    for name in ("", "-2026-08-25"):
        [discount] = get(app, f"/.well-known/ucp-agent{name}.json").json["ucp"]["capabilities"][
            "dev.ucp.shopping.discount"
        ]
        assert discount["extends"] == ["dev.ucp.shopping.cart"]


@pytest.mark.parametrize("name", ["2099-01-01", "2026-01-23", "Draft", "x"])
def test_there_is_no_profile_for_a_version_that_we_do_not_speak(app: Flask, name: str) -> None:
    response = get(app, f"/.well-known/ucp-agent-{name}.json")
    assert (response.status_code, response.json["code"]) == (404, "not-found")


def test_the_other_profiles_are_where_shops_are_sent_for_them(app: Flask) -> None:
    endpoint = Endpoint("example.myshopify.com", profile=f"https://chat.example{PROFILE_PATH}")
    for release in (*RELEASES, DRAFT):
        address = endpoint.profile_of(release).removeprefix("https://chat.example")
        assert get(app, address).json["ucp"]["version"] == release
    assert get(app, PROFILE_PATH).json["ucp"]["version"] == RELEASES[0]


def test_health_is_answered_and_readiness_asks_the_database(app: Flask) -> None:
    assert get(app, "/healthz").json == get(app, "/readyz").json == {"status": "ok"}
