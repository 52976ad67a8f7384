"""Whom the product connects to: shops on the public internet, and this machine when it is told so plainly."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from widget_api.problems import ShopRefused, ShopUnavailable
from widget_api.shopify.endpoint import is_public, mcp_url, shop_domain
from widget_api.shopify.http import Http

PRIVATE_SPACE = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.1.2.3 169.254.169.254 169.254.0.1
172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255
198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:8.8.8.8 ::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::8.8.8.8 64:ff9b:1::1
100::1 2001::1 2001:0:53aa:64c::1 2001:10::1 2001:20::1 2001:db8::1 2002:a9fe:a9fe:: 2002:7f00:1::1 3fff::1
fc00::1 fd12:3456::1 fe80::1 fec0::1 ff02::1 fe80::1%eth0 5f00::1
"""
PUBLIC_SPACE = """
8.8.8.8 23.227.38.65 1.1.1.1 100.63.255.255 100.128.0.1 2606:4700::1 2620:0:2d0::1 2a00:1450::1
"""
NOT_PUBLIC, PUBLIC = PRIVATE_SPACE.split(), PUBLIC_SPACE.split()

BAD_DOMAINS = [
    *["", "example.com", "myshopify.com", ".myshopify.com", "-a.myshopify.com", "a.b.myshopify.com"],
    *["evil.com#.myshopify.com", "evil.com/.myshopify.com", "evil.com?.myshopify.com", "a@b.myshopify.com"],
    *["shop.myshopify.com\n", "shop.myshopify.com.evil.com", "shop.myshopify.com:80", " shop.myshopify.com"],
    *[
        "shop.myshopify.com/",
        "https://shop.myshopify.com",
        "shöp.myshopify.com",
        "\u017fhop.myshopify.com",
        "\u212aop.myshopify.com",
    ],
    *["shop.myshopify.com.", "shopXmyshopify.com", "a_b.myshopify.com", f"{'a' * 64}.myshopify.com"],
    *["169.254.169.254", "[::1].myshopify.com", "shop.myshopify.com\x00", "shop\t.myshopify.com"],
]
BAD_URLS = [
    *["", "shop.example.com", "//shop.example.com", "ftp://shop.example.com", "javascript:alert(1)"],
    *["http://shop.example.com", "http://10.0.0.1", "http://127.0.0.1.evil.com", "http://localhost.evil.com"],
    *["https://localhost", "https://127.0.0.1", "https://169.254.169.254", "https://[::1]", "https://10.0.0.1"],
    *["https://0x7f.1", "https://2130706433", "https://0177.0.0.1", "https://[::ffff:127.0.0.1]", "https://127.1"],
    *["https://user@shop.example.com", "https://user:pw@shop.example.com", "https://shop.example.com#x"],
    *["https://shop.example.com?x=1", "https://shop.example.com:0", "https://shop.example.com:99999"],
    *["https://shop.example.com/a b", "https://shop.example.com\n", "https://shop\\.example.com", "https://"],
    *["https://evil.com\\@shop.example.com", "https://-a.example.com", "https://intranet", "https://[::1"],
    *["https://[64:ff9b::a9fe:a9fe]", "https://[2002:7f00:1::]", "https://shöp.example.com"],
]


@pytest.mark.parametrize(
    "text", ["example.myshopify.com", "EXAMPLE.MyShopify.com", "a.myshopify.com", "0-a.myshopify.com"]
)
def test_a_permanent_domain_is_taken_in_small_letters(text: str) -> None:
    assert shop_domain(text) == text.lower()


@pytest.mark.parametrize("text", BAD_DOMAINS)
def test_what_is_no_permanent_domain_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ValueError, match=r"example\.myshopify\.com"):
        shop_domain(text)


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("https://shop.example.com", "https://shop.example.com"),
        ("https://Shop.Example.com/", "https://shop.example.com"),
        ("https://shop.example.com:8443/api/ucp/mcp", "https://shop.example.com:8443"),
        ("https://shop.example.com/api/mcp/", "https://shop.example.com"),
        ("https://[2606:4700::1]", "https://[2606:4700::1]"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost:8000/", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_endpoint_is_public_https_or_loopback_http(text: str, base: str) -> None:
    assert mcp_url(text) == base


@pytest.mark.parametrize("text", BAD_URLS)
def test_any_other_endpoint_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ValueError, match=r"[a-z]{3}"):
        mcp_url(text)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_where_no_shop_can_be(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_where_a_shop_can_be(address: str) -> None:
    assert is_public(address)


class Wire:
    """The machine's network: names lead where the test says, and every connection is noted before it is made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.dialled: list[str] = []
        self._resolve, self._connect = socket.getaddrinfo, socket.socket.connect
        monkeypatch.setattr(socket, "getaddrinfo", self.getaddrinfo)
        wire = self

        def connect(sock: socket.socket, address: tuple[str, int]) -> None:
            wire.dialled.append(address[0])
            if not address[0].startswith("127."):
                raise ConnectionRefusedError
            wire._connect(sock, address)

        monkeypatch.setattr(socket.socket, "connect", connect)

    def getaddrinfo(self, host: str, port: int, *args: int, **options: int) -> object:
        if host.endswith(".invalid"):
            raise socket.gaierror
        answers = self.names.get(host)
        if answers is None:
            return self._resolve(host, port, *args, **options)
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        families = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(families[":" in address], socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(monkeypatch)


@pytest.fixture
def http() -> Iterator[Http]:
    http = Http()
    yield http
    http.close()


@pytest.mark.parametrize("address", [address for address in NOT_PUBLIC if "%" not in address])
def test_a_name_that_leads_into_private_space_is_not_dialled(wire: Wire, http: Http, address: str) -> None:
    wire.names["shop.example.com"] = [[address]]
    with pytest.raises(ShopRefused):
        http.post("https://shop.example.com/api/ucp/mcp", b"{}", {})
    assert wire.dialled == []


def test_one_private_address_among_public_ones_is_enough_to_refuse(wire: Wire, http: Http) -> None:
    wire.names["shop.example.com"] = [["8.8.8.8", "10.0.0.1"]]
    with pytest.raises(ShopRefused):
        http.post("https://shop.example.com/", b"{}", {})
    assert wire.dialled == []


def test_a_name_is_looked_up_once_and_the_vetted_address_is_dialled(wire: Wire, http: Http) -> None:
    wire.names["shop.example.com"] = [["8.8.8.8"], ["127.0.0.1"]]
    with pytest.raises(ShopUnavailable):
        http.post("https://shop.example.com/", b"{}", {})
    assert wire.dialled == ["8.8.8.8"]


def test_a_name_with_many_addresses_is_tried_twice_at_most(wire: Wire, http: Http) -> None:
    wire.names["shop.example.com"] = [["8.8.8.8", "8.8.4.4", "1.1.1.1"]]
    with pytest.raises(ShopUnavailable):
        http.post("https://shop.example.com/", b"{}", {})
    assert wire.dialled == ["8.8.8.8", "8.8.4.4"]


def test_a_literal_private_address_is_not_dialled_either(wire: Wire, http: Http) -> None:
    for url in ("https://127.0.0.1/", "https://[::1]/", "https://0x7f.1/", "https://169.254.169.254/"):
        with pytest.raises((ShopRefused, ShopUnavailable)):
            http.post(url, b"{}", {})
    assert wire.dialled == []


def test_plain_http_leads_to_this_machine_and_nowhere_else(wire: Wire, http: Http) -> None:
    wire.names |= {"shop.example.com": [["8.8.8.8"]], "localhost": [["127.0.0.1", "10.0.0.1"]]}
    for url in ("http://shop.example.com/", "http://10.0.0.1/", "http://localhost/"):
        with pytest.raises(ShopRefused):
            http.post(url, b"{}", {})
    assert wire.dialled == []


def test_a_name_that_nobody_knows_is_a_shop_out_of_reach(wire: Wire, http: Http) -> None:
    with pytest.raises(ShopUnavailable):
        http.post("https://no-such-shop.invalid/", b"{}", {})
    assert wire.dialled == []


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"])
def test_no_proxy_of_the_environment_is_used(
    wire: Wire, http: Http, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    wire.names["shop.example.com"] = [["8.8.8.8"]]
    with pytest.raises(ShopUnavailable):
        http.post("https://shop.example.com/", b"{}", {})
    assert wire.dialled == ["8.8.8.8"]
