"""The command line: shops are registered, changed and removed, and what is wrong is refused with a reason."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from widget_api.models import Shop, connected


@pytest.fixture
def run(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def test_a_registered_shop_is_told_what_to_paste(run: FlaskCliRunner) -> None:
    done = run.invoke(args=["shop", "add", "example.myshopify.com", "--origin", "https://example.com"])
    assert done.exit_code == 0, done.output
    assert "<shop-chat" in done.stdout
    assert "https://chat.example" in done.stdout
    assert "shop.permanent_domain" in done.stdout
    with connected():
        shop = Shop.named("example.myshopify.com")
    assert set(shop.origins) == {"https://example.com", "https://example.myshopify.com"}


@pytest.mark.parametrize(
    "domain",
    [
        "example.com",
        "myshopify.com",
        ".myshopify.com",
        "evil.com/.myshopify.com",
        "evil.com#.myshopify.com",
        "a.b.myshopify.com",
        "-a.myshopify.com",
        "a_b.myshopify.com",
        "a.myshopify.com.evil.com",
        "https://a.myshopify.com",
        "a.myshopify.com\n",
        "",
    ],
)
def test_a_bad_domain_is_refused_with_a_reason(run: FlaskCliRunner, domain: str) -> None:
    done = run.invoke(args=["shop", "add", "--origin", "https://example.com", "--", domain])
    assert done.exit_code == 2
    assert "myshopify.com" in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("origin", "says"),
    [
        ("http://example.com", "https"),
        ("example.com", "https://"),
        ("https://example.com/shop", "more than scheme"),
        ("https://user@example.com", "more than scheme"),
        ("https://*.example.com", "wildcards"),
        ("https://example.com:99999", "no address"),
        ("https://", "host name"),
        ("*", "https"),
        ("null", "https"),
    ],
)
def test_a_bad_origin_is_refused_with_a_reason(run: FlaskCliRunner, origin: str, says: str) -> None:
    done = run.invoke(args=["shop", "add", "example.myshopify.com", "--origin", origin])
    assert done.exit_code == 2
    assert says in done.output.replace("\n", " ")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://Example.COM", "https://example.com"),
        ("https://example.com/", "https://example.com"),
        ("https://example.com:443", "https://example.com"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://localhost:3000", "http://localhost:3000"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(run: FlaskCliRunner, given: str, kept: str) -> None:
    assert run.invoke(args=["shop", "add", "example.myshopify.com", "--origin", given]).exit_code == 0
    with connected():
        assert Shop.named("example.myshopify.com").allows(kept)


def test_a_shop_without_a_website_is_refused(run: FlaskCliRunner) -> None:
    done = run.invoke(args=["shop", "add", "example.myshopify.com"])
    assert (done.exit_code, "--origin" in done.output) == (2, True)


def test_a_shop_is_added_once_then_changed_then_removed(run: FlaskCliRunner) -> None:
    add = ["shop", "add", "example.myshopify.com", "--origin", "https://example.com"]
    assert run.invoke(args=add).exit_code == 0
    assert "registered already" in run.invoke(args=add).output
    change = ["shop", "set", "example.myshopify.com", "--name", "Example", "--prompt", "Be kind."]
    assert run.invoke(args=change).exit_code == 0
    assert "Example" in run.invoke(args=["shop", "list"]).output
    with connected():
        assert Shop.named("example.myshopify.com").allows("https://example.com")
    assert run.invoke(args=["shop", "remove", "example.myshopify.com"]).exit_code == 0
    assert "example.myshopify.com" not in run.invoke(args=["shop", "list"]).output
    assert "not registered" in run.invoke(args=["shop", "set", "example.myshopify.com", "--name", "x"]).output


@pytest.mark.parametrize("url", ["http://example.com", "https://10.0.0.1@example.com", "ftp://x", "https://x/#y"])
def test_a_bad_endpoint_is_refused(run: FlaskCliRunner, url: str) -> None:
    done = run.invoke(
        args=["shop", "add", "example.myshopify.com", "--origin", "https://example.com", "--mcp-url", url]
    )
    assert done.exit_code == 2
    assert "Traceback" not in done.output
