"""A shop that is registered is asked who it is: over TLS, by its own name, and the operator reads what it says."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from tests.served import served
from tests.shop_server import Json, Raw, shop_server
from tests.test_mcp_tls import certificate
from widget_api import cli
from widget_api.models import Shop, connected
from widget_api.problems import ShopNotFound
from widget_api.shopify import dial
from widget_api.shopify.http import Http

SHOP, SECOND, WEBSITE = "78eae1-95.myshopify.com", "retro.myshopify.com", "www.retro.example"
PATH = "/.well-known/ucp"


def profile(*hosts: str, version: str = "2026-08-25", **more: Any) -> Json:
    """The profile of a shop that answers at `hosts`, in the form that Shopify's shops publish."""
    services = [{"version": version, "transport": "mcp", "endpoint": f"https://{host}/api/ucp/mcp"} for host in hosts]
    supported = {"2026-04-08": f"https://{SHOP}{PATH}/2026-04-08"}
    ucp = {"version": version, "supported_versions": supported, "services": {"dev.ucp.shopping": services}, **more}
    return {"ucp": ucp}


class Internet:
    """All websites of this test, by name and path; each request is noted."""

    def __init__(self) -> None:
        self.pages: dict[str, Raw] = {}
        self.asked: list[tuple[str, str]] = []

    def publishes(self, host: str, document: object) -> None:
        self.pages[host + PATH] = Raw(200, json.dumps(document).encode())

    def redirects(self, host: str, target: str, path: str = PATH, status: int = 301) -> None:
        self.pages[host + path] = Raw(status, b"", {"Location": target})


@pytest.fixture
def internet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    """An internet on this machine: names lead here, and the certificate is theirs."""
    internet = Internet()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.headers["Host"]
            internet.asked.append((name, self.headers["User-Agent"]))
            answer = internet.pages.get(name + self.path, Raw(404, b"<h1>Not here</h1>"))
            self.send_response_only(answer.status)
            for header in {**answer.headers, "Content-Length": str(len(bytes(answer.body)))}.items():  # type: ignore[arg-type]
                self.send_header(*header)
            self.end_headers()
            self.wfile.write(answer.body)  # type: ignore[arg-type]

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    pem = certificate(tmp_path, SHOP, SECOND, WEBSITE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with served(server):
        _lead_here(monkeypatch, server.server_port, pem)
        yield internet


def _lead_here(monkeypatch: pytest.MonkeyPatch, port: int, pem: Path) -> None:
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]
    resolve = socket.getaddrinfo

    def lookup(host: str, *rest: Any, **more: Any) -> Any:
        return here if host in {SHOP, SECOND, WEBSITE} else resolve(host, *rest, **more)

    class Trusting(Http):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self._session.verify = str(pem)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(dial, "is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr(dial, "_to", lambda *_: socket.create_connection(("127.0.0.1", port), 5))
    monkeypatch.setattr(cli, "Http", Trusting)


@pytest.fixture
def run(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def add(run: FlaskCliRunner, domain: str, *more: str) -> str:
    done = run.invoke(args=["shop", "add", domain, "--origin", f"https://{WEBSITE}", *more])
    assert done.exit_code == 0, done.output
    assert "<shop-chat" in done.stdout
    assert "Note" not in done.stdout
    return " ".join(done.stderr.split())


def registered(domain: str) -> Shop | None:
    with connected():
        try:
            return Shop.named(domain)
        except ShopNotFound:
            return None


def test_a_shop_under_its_permanent_domain_is_added_without_a_note(internet: Internet, run: FlaskCliRunner) -> None:
    internet.publishes(SHOP, profile(SHOP))
    said = add(run, SHOP)
    assert "Note" not in said
    assert f"https://{WEBSITE} (as you named it)" in said
    assert f"https://{SHOP} (added: previews of themes and the password page are there)" in said
    assert internet.asked == [(SHOP, "shop-chat/1 (+https://chat.example)")]


@pytest.mark.parametrize("redirected", [False, True])
def test_a_shop_under_a_second_name_is_registered_under_the_name_that_its_pages_send(
    internet: Internet, run: FlaskCliRunner, *, redirected: bool
) -> None:
    internet.publishes(SHOP, profile(SHOP))
    if redirected:
        internet.redirects(SECOND, f"https://{SHOP}{PATH}")
    else:
        internet.publishes(SECOND, profile(SHOP))
    said = add(run, SECOND)
    assert f"{SECOND} is another name of {SHOP}" in said
    assert f"So the shop is registered as {SHOP}." in said
    shop = registered(SHOP)
    assert shop is not None
    assert set(shop.origins) == {f"https://{name}" for name in (SHOP, SECOND, WEBSITE)}
    assert registered(SECOND) is None


def test_the_word_of_a_website_is_passed_on_and_not_acted_upon(internet: Internet, run: FlaskCliRunner) -> None:
    internet.redirects(SECOND, f"https://{WEBSITE}{PATH}")
    internet.publishes(WEBSITE, profile(SHOP))
    assert f"https://{WEBSITE} says that its shop is {SHOP}, not {SECOND}" in add(run, SECOND)
    assert registered(SECOND)
    assert registered(SHOP) is None


def test_a_second_name_of_a_registered_shop_is_refused(internet: Internet, run: FlaskCliRunner) -> None:
    for name in (SHOP, SECOND):
        internet.publishes(name, profile(SHOP))
    add(run, SHOP)
    done = run.invoke(args=["shop", "add", SECOND, "--origin", "https://other.example"])
    assert done.exit_code == 2
    assert f"{SHOP} is registered already" in done.output
    shop = registered(SHOP)
    assert shop is not None
    assert not shop.allows("https://other.example")


def test_a_change_tells_of_a_permanent_domain_and_what_to_run(internet: Internet, run: FlaskCliRunner) -> None:
    add(run, SECOND)
    internet.publishes(SECOND, profile(SHOP))
    done = run.invoke(args=["shop", "set", SECOND, "--name", "Retro"])
    assert (done.exit_code, done.stdout) == (0, f"{SECOND} is changed.\n")
    assert f"flask shop add {SHOP} --origin …" in done.stderr
    assert f"flask shop remove {SECOND}" in done.stderr
    shop = registered(SECOND)
    assert shop is not None
    assert shop.name == "Retro"


def test_a_website_that_is_named_is_followed_to(internet: Internet, run: FlaskCliRunner) -> None:
    internet.redirects(SHOP, f"https://{WEBSITE}{PATH}")
    internet.publishes(WEBSITE, profile(SHOP))
    assert "Note" not in add(run, SHOP)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("/password", "closed by a password"),
        (f"https://{SHOP}/password", "closed by a password"),
        ("https://elsewhere.example/ucp", "redirects to https://elsewhere.example"),
        ("http://127.0.0.1:1/", "redirects to http://127.0.0.1:1"),
    ],
)
def test_a_redirect_to_elsewhere_is_told_and_not_followed(
    internet: Internet, run: FlaskCliRunner, target: str, says: str
) -> None:
    internet.redirects(SHOP, target, status=302)
    assert says in add(run, SHOP)
    assert [name for name, _ in internet.asked] == [SHOP]
    assert registered(SHOP)


@pytest.mark.parametrize(
    "document",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"ucp": 7}',
        b'{"ucp": {"version": 7}}',
        b"[" * 10_000,
    ],
)
def test_a_shop_without_a_profile_is_added_with_a_note(
    internet: Internet, run: FlaskCliRunner, document: bytes
) -> None:
    internet.pages[SHOP + PATH] = Raw(200, document)
    assert "could not be checked: it has no profile" in add(run, SHOP)
    assert registered(SHOP)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_shop_that_has_no_time_is_not_called_a_wrong_name(
    internet: Internet, run: FlaskCliRunner, status: int
) -> None:
    internet.pages[SHOP + PATH] = Raw(status)
    note = add(run, SHOP)
    assert f"could not be checked just now: it answers HTTP {status}." in note
    assert "Is the name right?" not in note


def test_a_shop_that_speaks_no_version_of_ours_is_added_with_a_note(internet: Internet, run: FlaskCliRunner) -> None:
    internet.publishes(SHOP, profile(SHOP, version="2031-01-01", supported_versions={"2030-01-01": "https://x"}))
    assert "speaks UCP 2030-01-01, 2031-01-01, and this backend speaks 2026-04-08, 2026-08-25" in add(run, SHOP)


def test_without_a_network_a_shop_is_added_with_a_note(run: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    assert f"Note: {SHOP} could not be checked: The shop cannot be reached at the moment." in add(run, SHOP)
    assert registered(SHOP)


def test_a_shop_with_another_endpoint_is_asked_there(run: FlaskCliRunner) -> None:
    with shop_server() as shop:
        shop.pages[PATH] = Raw(200, json.dumps(profile("127.0.0.1")).encode())
        assert "Note" not in add(run, SHOP, "--mcp-url", shop.url)
        shop.pages[PATH] = Raw(200, json.dumps(profile("other.myshopify.com")).encode())
        said = " ".join(run.invoke(args=["shop", "set", SHOP, "--name", "Retro"]).stderr.split())
    assert f"says that its shop is other.myshopify.com, not {SHOP}" in said
    assert registered(SHOP)
