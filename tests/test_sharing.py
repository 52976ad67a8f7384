"""A conversation can be read by a link, as it was when the link was made, until it expires or is taken back."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Answer, Visitor, text_of
from tests.growth import check_growth, repeated
from tests.scripted import Scripted, call
from tests.shop_server import GREY, Json, shop_server, ucp_cart, ucp_product, ucp_result
from widget_api import shares
from widget_api.api.services import Services
from widget_api.api.shares import MOST_DAYS, markdown
from widget_api.limits import Limits
from widget_api.models import Conversation, Message, Share, Shop, connected, now, transaction
from widget_api.shares import DAY
from widget_api.turns.recovery import purge

KEY = "madeUpSecretKey01"


def share(visitor: Visitor, **body: Any) -> Answer:
    return visitor.post(f"/api/conversations/{visitor.conversation}/share", json=body)


def link(visitor: Visitor, **body: Any) -> str:
    """The path of a new link."""
    made = share(visitor, **body)
    assert made.status_code == 201, made.text
    return str(made.json["url"]).removeprefix("https://chat.example")


def opened(visitor: Visitor, path: str, kind: str = "application/json") -> Answer:
    """What anybody gets by the link: without a token, from nowhere."""
    return visitor.client.get(path, headers={"Accept": kind})  # type: ignore[no-any-return]


def words(document: Json) -> list[str]:
    return [text_of(message["parts"]) for message in document["messages"]]


def test_whoever_has_the_link_reads_what_was_said(anna: Visitor) -> None:
    anna.says("hello")
    document = opened(anna, link(anna)).json
    assert words(document) == ["hello", "You said: hello"]
    assert document["title"] == "hello"
    assert document["shop"]["domain"] == anna.shop


def test_what_is_said_later_is_not_in_it(anna: Visitor) -> None:
    anna.says("hello")
    path = link(anna)
    anna.says("a secret")
    assert words(opened(anna, path).json) == ["hello", "You said: hello"]
    assert "a secret" in words(opened(anna, link(anna)).json)


def test_a_new_link_ends_the_one_before(anna: Visitor) -> None:
    anna.says("hello")
    first, second = link(anna), link(anna)
    assert first != second
    assert opened(anna, first).status_code == 404
    assert opened(anna, second).status_code == 200


def test_of_links_made_at_once_the_last_is_good(anna: Visitor) -> None:
    anna.says("hello")
    with ThreadPoolExecutor(8) as threads:
        paths = list(threads.map(lambda _: link(anna), range(8)))
    assert sorted(opened(anna, path).status_code for path in paths) == [200] + 7 * [404]


def test_a_link_can_be_taken_back(anna: Visitor) -> None:
    anna.says("hello")
    conversation = f"/api/conversations/{anna.conversation}"
    assert "shared_until" not in anna.get(conversation).json
    path = link(anna)
    assert anna.get(conversation).json["shared_until"] == opened(anna, path).json["expires_at"]
    for _ in range(2):
        assert anna.request("DELETE", f"/api/conversations/{anna.conversation}/share").status_code == 204
    assert "shared_until" not in anna.get(conversation).json
    gone = opened(anna, path)
    assert (gone.status_code, gone.json["code"]) == (404, "share-not-found")
    assert "This link leads nowhere" in opened(anna, path, "text/html").text


@pytest.mark.parametrize("days", [1, MOST_DAYS])
def test_a_link_ends_by_itself(anna: Visitor, days: int) -> None:
    anna.says("hello")
    path = link(anna, days=days)
    with transaction():
        left = Share.select().get().expires_at - now()
        assert (days - 1) * DAY < left <= days * DAY
        Share.update(expires_at=now() - 1).execute()
    assert opened(anna, path).status_code == 404
    purge()
    with connected():
        assert not Share.select().exists()


@pytest.mark.parametrize("days", [0, -1, MOST_DAYS + 1, 1.5, "7"])
def test_days_that_make_no_sense_are_refused(anna: Visitor, days: Any) -> None:
    anna.says("hello")
    assert share(anna, days=days).status_code == 422
    with connected():
        assert not Share.select().exists()


def test_the_link_ends_with_its_conversation_and_its_session(anna: Visitor) -> None:
    anna.says("hello")
    path = link(anna)
    anna.request("DELETE", f"/api/conversations/{anna.conversation}")
    assert opened(anna, path).status_code == 404
    anna.conversation = "another"
    anna.says("hello again")
    path = link(anna)
    anna.request("DELETE", "/api/session")
    assert opened(anna, path).status_code == 404
    with connected():
        assert not Share.select().exists()


def test_only_its_own_session_can_share_a_conversation(anna: Visitor, ben: Visitor) -> None:
    anna.says("hello")
    path = link(anna)
    ben.conversation = anna.conversation
    assert share(ben).status_code == 404
    assert ben.request("DELETE", f"/api/conversations/{anna.conversation}/share").status_code == 404
    assert opened(anna, path).status_code == 200


def test_the_links_secret_is_not_in_the_database(anna: Visitor) -> None:
    anna.says("hello")
    secret = link(anna).rpartition("/")[2]
    assert len(secret) >= 32
    with connected():
        assert secret not in str(list(Share.select().dicts()))


def test_products_are_in_it_and_carts_tools_and_pages_are_not(anna: Visitor, model: Scripted) -> None:
    def cart(_: Json) -> Json:
        return ucp_result(ucp_cart((GREY, 2), id=f"madeUpCart0001?key={KEY}"))

    with shop_server() as shop:
        shop.script = {"search_catalog": lambda _: ucp_result({"products": [ucp_product()]}), "get_cart": cart}
        Shop.register(anna.shop, mcp_url=shop.url)
        anna.request("PUT", "/api/cart", json={"cart_id": f"madeUpCart0001?key={KEY}"})
        model.will(call("search_catalog", {"query": "hats"}))
        model.will(call("get_cart", {}, "call-2"))
        model.will(f"The Ridge Beanie is warm. Your cart: https://x.example/cart/c/madeUpCart0001?key={KEY}")
        anna.says("hats, and my cart")
    path = link(anna)
    document = opened(anna, path).json
    assert {part["type"] for message in document["messages"] for part in message["parts"]} == {
        "text",
        "data-products",
    }
    page = opened(anna, path, "text/html").text
    assert ucp_product()["title"] in page
    for shown in (json.dumps(document), page):
        assert KEY not in shown


def test_people_get_a_page_that_runs_nothing_and_is_found_by_nobody(anna: Visitor, model: Scripted) -> None:
    model.will(
        "**Bold** <script>alert(1)</script> [hat](https://anna.example/hat) ",
        "[x](javascript:alert(1)) ![i](//e.example) [y](https://e.example/) [z](https://anna.example@e.example/)",
    )
    anna.says("<img src=x onerror=alert(1)>")
    page = opened(anna, link(anna), "text/html,application/xhtml+xml,*/*;q=0.8")
    assert page.mimetype == "text/html"
    assert "<strong>Bold</strong>" in page.text
    assert '<a href="https://anna.example/hat" rel="nofollow noopener noreferrer ugc">hat</a>' in page.text
    assert re.findall('href="([^"]*)', page.text) == ["https://anna.example/hat"]
    assert not re.search(r"<script|<img", page.text)
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert (page.headers["X-Robots-Tag"], page.headers["Referrer-Policy"]) == ("noindex", "no-referrer")
    assert page.headers["Cache-Control"] == "no-store"


@given(st.text(alphabet="<>\"'&[]()!`*_#|:/ \nabcjavscriptonerrorhtml=", max_size=200))
def test_no_text_becomes_html_of_its_own(text: str) -> None:
    made = str(markdown(text, {"https://a", "http://a"}))
    tags = set(re.findall(r"<(/?[a-z0-9]+)", made))
    plain = re.findall(r"\w+", "p em strong s a code pre blockquote ul ol li hr br h1 h2 h3 h4 h5 h6")
    plain += re.findall(r"\w+", "table thead tbody tr th td")
    assert tags <= {*plain, *(f"/{tag}" for tag in plain)}
    attributes = set(re.findall(r"<[^>]* ([a-z-]+)=", made))
    assert attributes <= {"href", "rel", "title", "class", "style", "start"}
    assert all(address.startswith(("http://", "https://")) for address in re.findall(r'href="([^"]*)', made.lower()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[here](https://returns.carrier.example/start)", "here (https://returns.carrier.example/start)"),
        ("[us](mailto:help@shop.example?subject=x)", "us (help@shop.example)"),
        ("[us](tel:+358401234567)", "us (+358401234567)"),
        ("[**help@shop.example**](mailto:help@shop.example)", "help@shop.example"),
        ("<https://carrier.example/>", "https://carrier.example/"),
        ("[shop](https://tarn.example@evil.example/)", "shop"),
        ("[x](/cart/clear)", "x"),
    ],
)
def test_an_address_that_is_no_link_is_told_behind_its_label(text: str, shown: str) -> None:
    page = str(markdown(text, {"https://tarn.example"}))
    assert "href" not in page
    assert re.sub("<[^>]*>", "", page).strip() == shown


# Made once, bounded, and served as it is


def forget_page() -> None:
    """Leave of the link what the release before stored."""
    with transaction():
        row = Share.select().get()
        old = {name: value for name, value in row.document.items() if name not in {"shared_at", "expires_at"}}
        Share.update(document=old, page="", page_digest="").execute()


@pytest.mark.parametrize("kind", ["application/json", "text/html"])
def test_a_link_is_rendered_when_it_is_made_and_never_again(
    anna: Visitor, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna.says("**hello**")
    path = link(anna)
    monkeypatch.setattr("widget_api.api.shares._parser", None)  # whoever renders fails
    monkeypatch.setattr("widget_api.shares._rendered", None)
    first, second = opened(anna, path, kind), opened(anna, path, kind)
    assert (first.status_code, first.data) == (200, second.data)
    assert b"hello" in first.data


@pytest.mark.parametrize("kind", ["application/json", "text/html"])
def test_a_link_of_the_release_before_is_rendered_once(
    anna: Visitor, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna.says("hello")
    path = link(anna)
    made = opened(anna, path, kind).data
    forget_page()
    assert opened(anna, path, kind).data == made
    monkeypatch.setattr("widget_api.shares._rendered", None)
    assert opened(anna, path, kind).data == made


def test_a_link_that_the_release_before_has_made_anew_shows_its_own_snapshot(anna: Visitor) -> None:
    anna.says("hello")
    path = link(anna)
    with transaction():
        made = Share.select().get()
        Share.update(document={**made.document, "title": "another"}, page_digest="of the link before").execute()
    assert "<h1>another</h1>" in opened(anna, path, "text/html").text


def test_a_page_keeps_the_style_that_it_was_made_with(anna: Visitor) -> None:
    anna.says("hello")
    path = link(anna)
    now_ = opened(anna, path, "text/html")
    with transaction():
        row = Share.select().get()
        Share.update(page=row.page.replace("<style>", "<style>p{}")).execute()
    then = opened(anna, path, "text/html")
    style = then.text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in then.headers["Content-Security-Policy"]
    assert then.headers["Content-Security-Policy"] != now_.headers["Content-Security-Policy"]


def test_links_of_a_shop_that_was_removed_lead_nowhere(anna: Visitor) -> None:
    anna.says("hello")
    path = link(anna)
    with transaction():
        Shop.update(active=False).where(Shop.domain == anna.shop).execute()
    for kind in ("application/json", "text/html"):
        gone = opened(anna, path, kind)
        assert gone.status_code == 404
        assert "Anna" not in gone.text
    Shop.register(anna.shop)
    assert opened(anna, path).status_code == 200


def fill(anna: Visitor, *texts: str) -> None:
    """Add answers to what Anna has asked."""
    with transaction():
        row = Conversation.get(Conversation.session == anna.session)
        for number, text in enumerate(texts):
            parts = [{"type": "text", "text": text}]
            Message.add(id=f"m-{number}", session=anna.session, conversation=row, role="assistant", parts=parts)


@pytest.mark.parametrize(
    "text",
    ["x" * 4000, "<" * 4000, "é" * 8000, "x" * 2 * shares.CHARACTERS],
    ids=["words", "escaped", "wide", "endless"],
)
def test_a_link_shows_the_newest_of_a_long_conversation(anna: Visitor, text: str) -> None:
    anna.says("hello")
    fill(anna, *[text] * 300, "the newest")
    path = link(anna)
    page, document = opened(anna, path, "text/html"), opened(anna, path)
    assert document.json["messages"][-1]["parts"][0]["text"] == "the newest"
    assert (document.json["has_earlier"], "What was said before is not shown." in page.text) == (True, True)
    assert len(document.data) <= shares.DOCUMENT_BYTES + 1000
    assert len(page.data) <= shares.PAGE_BYTES


def test_a_link_says_nothing_of_earlier_words_where_it_has_all(anna: Visitor) -> None:
    anna.says("hello")
    path = link(anna)
    assert "has_earlier" not in opened(anna, path).json
    assert "is not shown" not in opened(anna, path, "text/html").text


def test_a_link_has_500_messages_at_most(anna: Visitor) -> None:
    anna.says("hello")
    fill(anna, *map(str, range(600)))
    document = opened(anna, link(anna)).json
    assert words(document) == [str(number) for number in range(100, 600)]
    assert document["has_earlier"] is True


@pytest.mark.parametrize(
    "piece", ["[", "![", "[a](", "[a][", "](", "*a _b ", "**a*", "`a``b", "~~a", "|a|b\n|-|-\n", "- a\n", "> "]
)
def test_no_text_takes_long_to_render(piece: str) -> None:
    check_growth("markdown", lambda text: markdown(text, ()), repeated(piece), 4000)


def test_a_text_that_would_take_long_is_shown_as_it_is_written() -> None:
    assert markdown("[" * 301 + "<\n**b**", ()) == f"<p>{'[' * 301}&lt;<br>**b**</p>"
    assert "<strong>" in markdown("[" * 300 + "\n**b**", ())


def test_links_are_rationed_with_files(anna: Visitor, services: Services) -> None:
    anna.says("hello")
    services.limits = Limits.parse("exports=2 per hour")
    assert share(anna).status_code == 201
    assert anna.get(f"/api/conversations/{anna.conversation}/export").status_code == 200
    refused = share(anna)
    assert (refused.status_code, refused.json["code"]) == (429, "too-many-requests")
    assert refused.headers["Retry-After"]
