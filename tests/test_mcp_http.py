"""HTTP to shops has manners: nothing is kept, nothing is followed, nothing is endless."""

from __future__ import annotations

import gzip
import json
import threading
import tracemalloc
from collections.abc import Iterator

import pytest

from tests.shop_server import UCP, Raw, ShopServer, shop_server
from widget_api.problems import ShopUnavailable
from widget_api.shopify.http import MAX_BYTES, Http


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    with shop_server() as shop:
        yield shop


@pytest.fixture
def http() -> Iterator[Http]:
    http = Http()
    yield http
    http.close()


def post(shop: ShopServer, http: Http) -> bytes:
    return http.post(shop.url + UCP, b"{}", {}).body


def endless(piece: bytes) -> Iterator[bytes]:
    while not threading.Event().wait(0.02):
        yield piece


def test_a_shops_cookie_is_not_sent_to_it_again(shop: ShopServer, http: Http) -> None:
    shop.first = [Raw(headers={"Set-Cookie": "cart=hWN3x; path=/"}), Raw()]
    post(shop, http), post(shop, http)
    assert [heard.headers.get("Cookie") for heard in shop.heard] == [None, None]


def test_a_redirect_is_an_answer_and_is_not_followed(shop: ShopServer, http: Http) -> None:
    shop.first = [Raw(302, headers={"Location": f"{shop.url}/password"})]
    assert http.post(shop.url + UCP, b"{}", {}).status == 302
    assert len(shop.heard) == 1


def test_gzip_is_read(shop: ShopServer, http: Http) -> None:
    shop.first = [Raw(body=gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"})]
    assert json.loads(post(shop, http)) == {"a": 1}


def test_a_gzip_bomb_is_refused_in_bounded_memory(shop: ShopServer, http: Http) -> None:
    bomb = gzip.compress(b"0" * 100_000_000, 1)
    shop.first = [Raw(body=bomb[: MAX_BYTES - 1], headers={"Content-Encoding": "gzip"})]
    tracemalloc.start()
    with pytest.raises(ShopUnavailable, match="too long"):
        post(shop, http)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * MAX_BYTES


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip", "x"])
def test_only_the_encoding_that_was_asked_for_is_decoded(shop: ShopServer, http: Http, encoding: str) -> None:
    shop.first = [Raw(body=gzip.compress(gzip.compress(b"{}")), headers={"Content-Encoding": encoding})]
    with pytest.raises(ShopUnavailable, match="encoding"):
        post(shop, http)


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"{}", mtime=0)[:-9]], ids=["other", "cut"])
def test_damaged_gzip_is_no_answer(shop: ShopServer, http: Http, body: bytes) -> None:
    shop.first = [Raw(body=body, headers={"Content-Encoding": "gzip"})]
    with pytest.raises(ShopUnavailable):
        post(shop, http)


@pytest.mark.parametrize("size", [MAX_BYTES + 1, 3 * MAX_BYTES])
def test_an_answer_that_is_too_long_is_refused(shop: ShopServer, http: Http, size: int) -> None:
    shop.first = [Raw(body=b" " * size)]
    with pytest.raises(ShopUnavailable, match="too long"):
        post(shop, http)


def test_an_endless_answer_is_refused(shop: ShopServer, http: Http) -> None:
    shop.first = [Raw(body=iter(lambda: b" " * 100_000, b""))]
    with pytest.raises(ShopUnavailable, match="too long"):
        post(shop, http)


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "100000"}, {"Content-Encoding": "gzip"}])
def test_an_answer_that_drips_is_hung_up_on(shop: ShopServer, headers: dict[str, str]) -> None:
    http = Http(total=0.2)
    shop.first = [Raw(body=endless(b"x"), headers=headers)]
    with pytest.raises(ShopUnavailable, match="took too long"):
        post(shop, http)
    http.close()


def test_chunk_lengths_that_drip_are_hung_up_on(shop: ShopServer) -> None:
    http = Http(total=0.2)
    shop.first = [Raw(body=endless(b"0"), headers={"Transfer-Encoding": "chunked"})]
    with pytest.raises(ShopUnavailable, match="took too long"):
        post(shop, http)
    http.close()


def test_a_shop_that_says_nothing_is_hung_up_on(shop: ShopServer) -> None:
    http, said = Http(total=0.2), threading.Event()
    shop.script["x"] = lambda _: {"waited": said.wait(20)}
    with pytest.raises(ShopUnavailable, match="took too long"):
        http.post(shop.url + UCP, b'{"method": "x"}', {})
    said.set()
    http.close()


@pytest.mark.parametrize(
    "answer",
    [
        Raw(body=b"{}", headers={"Content-Length": "10"}),
        Raw(body=b"zz\r\n", headers={"Transfer-Encoding": "chunked"}),
        Raw(body=b"5\r\nab", headers={"Transfer-Encoding": "chunked"}),
    ],
)
def test_an_answer_that_breaks_off_is_no_answer(shop: ShopServer, http: Http, answer: Raw) -> None:
    shop.first = [answer]
    with pytest.raises(ShopUnavailable):
        post(shop, http)


def test_a_shop_that_is_not_there_is_unavailable(http: Http) -> None:
    with shop_server() as shop:
        url = shop.url
    with pytest.raises(ShopUnavailable) as caught:
        http.post(url + UCP, b"{}", {})
    assert "127.0.0.1" not in caught.value.detail


def test_the_answers_body_is_not_in_its_repr(shop: ShopServer, http: Http) -> None:
    shop.first = [Raw(body=b'{"id": "gid://shopify/Cart/a?key=b"}')]
    assert "key" not in repr(http.post(shop.url + UCP, b"{}", {}))
