"""The command line: shops are registered, changed and removed, the database is looked after, and what is wrong is
refused with a reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from tests.conftest import Visitor
from widget_api.api.services import Services
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


def test_a_shops_contact_and_the_language_of_its_catalogue_are_kept(run: FlaskCliRunner) -> None:
    add = ["shop", "add", "example.myshopify.com", "--origin", "https://example.com", "--language", "pt-BR"]
    assert run.invoke(args=add).exit_code == 0
    change = ["shop", "set", "example.myshopify.com", "--contact", "help@example.com"]
    assert run.invoke(args=change).exit_code == 0
    with connected():
        found = Shop.named("example.myshopify.com")
    assert (found.contact, found.language) == ("help@example.com", "pt-BR")
    refused = run.invoke(args=["shop", "set", "example.myshopify.com", "--language", "the Queen's"])
    assert (refused.exit_code, "such as en, de or pt-BR" in refused.output) == (2, True)


@pytest.mark.parametrize("url", ["http://example.com", "https://10.0.0.1@example.com", "ftp://x", "https://x/#y"])
def test_a_bad_endpoint_is_refused(run: FlaskCliRunner, url: str) -> None:
    done = run.invoke(
        args=["shop", "add", "example.myshopify.com", "--origin", "https://example.com", "--mcp-url", url]
    )
    assert done.exit_code == 2
    assert "Traceback" not in done.output


@pytest.fixture
def kept(services: Services) -> Services:
    """The app, with a backup to be kept of each day, though nobody makes it here."""
    services.config = replace(services.config, backup_days=7)
    return services


def test_a_backup_is_made_verified_and_found_good(run: FlaskCliRunner, anna: Visitor, kept: Services) -> None:
    anna.says("Do you have boots?")
    made = run.invoke(args=["db", "backup"])
    assert made.exit_code == 0, made.output
    path, holds = made.stdout.strip().split("\t")
    assert (Path(path).parent, holds) == (kept.config.instance / "backups", "1 conversations, 2 messages")
    verified = run.invoke(args=["db", "verify"])
    assert (verified.exit_code, Path(path).name in verified.stdout) == (0, True)
    assert "good: 1 conversations, 2 messages" in verified.stdout
    checked = run.invoke(args=["db", "check"])
    assert checked.exit_code == 0, checked.output
    assert "The newest backup is good." in checked.stdout


def test_a_damaged_backup_is_told_of_by_name(run: FlaskCliRunner, anna: Visitor, kept: Services) -> None:
    anna.says("Do you have boots?")
    good, bad = (Path(run.invoke(args=["db", "backup"]).stdout.split("\t")[0]) for _ in range(2))
    bad.write_bytes(bad.read_bytes()[:-1])
    for args in ([], [good.name, str(bad)]):
        verified = run.invoke(args=["db", "verify", *args])
        assert verified.exit_code == 1
        assert verified.stderr == f"{bad.name} is damaged: it is not what was written.\n"
        assert good.name in verified.stdout
    checked = run.invoke(args=["db", "check"])
    assert (checked.exit_code, f"{bad.name} is damaged" in checked.stdout) == (1, True)
    assert kept.config.backup_days


def test_the_check_says_that_there_is_no_backup_where_there_should_be_one(
    run: FlaskCliRunner, kept: Services
) -> None:
    checked = run.invoke(args=["db", "check"])
    assert (checked.exit_code, "There is no backup." in checked.stdout) == (1, True)
    kept.config = replace(kept.config, backup_days=0)
    assert run.invoke(args=["db", "check"]).exit_code == 0
    assert "There is no backup in" in run.invoke(args=["db", "verify"]).stderr


def test_a_backup_that_is_not_there_is_refused_with_a_reason(run: FlaskCliRunner) -> None:
    for command in ("verify", "restore"):
        done = run.invoke(args=["db", command, "nowhere.db"])
        assert (done.exit_code, done.stdout) == (1, "")
        assert "Traceback" not in done.stderr


def test_the_tables_are_brought_up_to_date(run: FlaskCliRunner) -> None:
    for args in ([], ["--post"]):
        done = run.invoke(args=["db", "migrate", *args])
        assert (done.exit_code, done.stdout) == (0, "The tables are up to date.\n")
