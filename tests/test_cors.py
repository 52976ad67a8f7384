"""Only the shop's own websites may read its answers, compared letter by letter."""

from __future__ import annotations

import pytest

from tests.conftest import ANNAS_SHOP, ANNAS_SITE, CLEOS_SITE, Visitor, chat_body
from widget_api.models import Shop, connected

pytestmark = pytest.mark.storeless

ALLOW = "Access-Control-Allow-Origin"

STRANGERS = [
    "null",
    "*",
    "",
    "http://anna.example",
    "https://anna.example.evil.com",
    "https://evil.com/anna.example",
    "https://evilanna.example",
    "https://sub.anna.example",
    "https://anna.example:8443",
    "https://anna.example:443",
    "https://anna.example/",
    "https://anna.example.",
    "https://ANNA.example",
    "https://anna.exampl\u0435",
    "https://xn--nna-5cd.example",
    "https://user@anna.example",
    "https://anna.example@evil.com",
    "https://anna.example, https://evil.com",
    "https://anna.example https://evil.com",
    "https://anna%2eexample",
    "https://annaXexample",
    "file://",
    "https://.example",
    "chrome-extension://abc",
    "https://[::1]",
]


@pytest.mark.parametrize("origin", STRANGERS)
def test_a_strangers_website_gets_no_permission(anna: Visitor, origin: str) -> None:
    raw = origin.encode().decode("latin-1")
    headers = {"Authorization": f"Bearer {anna.token}", "Origin": raw}
    response = anna.client.get("/api/conversations", headers=headers)
    assert ALLOW not in response.headers
    assert (response.status_code, response.json["code"]) == (403, "origin-refused")
    preflight = {"Origin": raw, "Access-Control-Request-Method": "POST"}
    assert ALLOW not in anna.client.options("/api/chat", headers=preflight).headers


def test_the_shops_own_website_may(anna: Visitor) -> None:
    response = anna.get("/api/conversations")
    assert response.headers[ALLOW] == ANNAS_SITE
    assert "Origin" in response.headers["Vary"]
    assert "Retry-After" in response.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_another_shops_website_may_not_use_this_shops_token(anna: Visitor, cleo: Visitor) -> None:
    response = anna.get("/api/conversations", headers={"Origin": CLEOS_SITE})
    assert response.status_code == 403
    assert ALLOW not in response.headers
    assert cleo.get("/api/conversations").headers[ALLOW] == CLEOS_SITE


def test_another_shops_website_may_not_mint_a_session(anna: Visitor) -> None:
    response = anna.client.post("/api/sessions", json={"shop": ANNAS_SHOP}, headers={"Origin": CLEOS_SITE})
    assert (response.status_code, response.json["code"]) == (403, "origin-refused")


def test_a_shop_that_was_removed_can_read_that_it_is_refused(anna: Visitor) -> None:
    with connected():
        Shop.update(active=False).where(Shop.domain == ANNAS_SHOP).execute()
    refused = anna.get("/api/conversations")
    assert (refused.status_code, refused.headers[ALLOW]) == (401, ANNAS_SITE)
    unknown = anna.client.post("/api/sessions", json={"shop": ANNAS_SHOP}, headers={"Origin": ANNAS_SITE})
    assert (unknown.json["code"], unknown.headers[ALLOW]) == ("shop-not-found", ANNAS_SITE)


def test_a_preflight_names_methods_headers_and_nothing_more(anna: Visitor) -> None:
    asked = {
        "Origin": ANNAS_SITE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, x-evil",
    }
    response = anna.client.options("/api/chat", headers=asked)
    assert response.headers[ALLOW] == ANNAS_SITE
    allowed = response.headers["Access-Control-Allow-Headers"].lower()
    assert "authorization" in allowed
    assert "x-evil" not in allowed
    assert "Access-Control-Allow-Private-Network" not in response.headers


def test_the_stream_and_refusals_may_be_read_too(anna: Visitor) -> None:
    assert anna.send("hello").headers[ALLOW] == ANNAS_SITE
    refused = anna.client.get("/api/conversations", headers={"Origin": ANNAS_SITE})
    assert (refused.status_code, refused.headers[ALLOW]) == (401, ANNAS_SITE)


def test_nothing_is_cached(anna: Visitor) -> None:
    anna.says("hello")
    for response in (
        anna.get("/api/conversations"),
        anna.send("x"),
        anna.post("/api/chat", json=chat_body("", "x")),
        anna.get("/nowhere"),
    ):
        assert "no-store" in response.headers["Cache-Control"]


def test_programs_send_no_origin_and_are_answered(anna: Visitor) -> None:
    response = anna.client.get("/api/conversations", headers={"Authorization": f"Bearer {anna.token}"})
    assert response.status_code == 200
    assert ALLOW not in response.headers
