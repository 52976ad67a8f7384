"""The command line: shops are rows, managed here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from widget_api.models import Shop, connected, iso
from widget_api.origins import web_origin
from widget_api.problems import ShopNotFound
from widget_api.shopify.endpoint import mcp_url, shop_domain
from widget_api.turns.recovery import purge

T = TypeVar("T")

SNIPPET = Path(__file__).parents[1] / "liquid" / "snippets" / "shop-chat.liquid"

shop = AppGroup("shop", help="Register the shops that may use this backend.")
conversations = AppGroup("conversations", help="Look after the stored conversations.")


def init_app(app: Flask) -> None:
    app.cli.add_command(shop)
    app.cli.add_command(conversations)


class Checked(click.ParamType[str]):
    """A value that a validator may refuse with a reason."""

    def __init__(self, name: str, check: Callable[[str], str]) -> None:
        self.name = name
        self._check = check

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return self._check(value)
        except ValueError as exc:
            self.fail(str(exc), param, ctx)


DOMAIN = Checked("domain", shop_domain)
ORIGIN = Checked("origin", web_origin)
MCP_URL = Checked("url", mcp_url)


def _settings(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--origin", "origins", type=ORIGIN, multiple=True, help="A website of the shop; repeat it."),
        click.option("--name", help="What shoppers call the shop."),
        click.option("--prompt", help="The shop's own words for the assistant."),
        click.option("--model", help="Another model than MODEL_NAME for this shop."),
        click.option("--mcp-url", type=MCP_URL, help="Another endpoint than the shop's own."),
    ):
        command = option(command)
    return command


def _given(domain: str, origins: tuple[str, ...], **fields: str | None) -> dict[str, Any]:
    given: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
    if origins:
        # Theme previews and password pages are served under the permanent domain.
        given["origins"] = sorted({*origins, f"https://{domain}"})
    return given


@shop.command()
@click.argument("domain", type=DOMAIN)
@_settings
def add(domain: str, origins: tuple[str, ...], **fields: str | None) -> None:
    """Register DOMAIN (name.myshopify.com) and print the snippet to paste."""
    if not origins:
        raise click.UsageError("Name the shop's website: --origin https://example.com")
    with connected():
        if Shop.get_or_none((Shop.domain == domain) & Shop.active):
            raise click.UsageError(f"{domain} is registered already: change it with `shop set`.")
        Shop.register(domain, **_given(domain, origins, **fields))
    click.echo(f"{domain} is registered. Save this as snippets/shop-chat.liquid in the theme, and write", err=True)
    click.echo("{% render 'shop-chat' %} before </body> in layout/theme.liquid:\n", err=True)
    click.echo(snippet(current_app.extensions["widget"].config.public_url))


def snippet(api: str) -> str:
    """The snippet that merchants paste, with this backend's address in it."""
    return SNIPPET.read_text().replace("https://chat.example.com", api).strip()


@shop.command("set")
@click.argument("domain", type=DOMAIN)
@_settings
def set_(domain: str, origins: tuple[str, ...], **fields: str | None) -> None:
    """Change a registered shop. Origins given here replace all earlier ones."""
    with _registered(domain):
        Shop.register(domain, **_given(domain, origins, **fields))
    click.echo(f"{domain} is changed.")


@shop.command()
@click.argument("domain", type=DOMAIN)
def remove(domain: str) -> None:
    """Stop serving a shop. Its conversations stay until it is added again or they are purged."""
    with _registered(domain) as found:
        found.active = False
        found.save()
    click.echo(f"{domain} is removed.")


@shop.command("list")
def list_() -> None:
    """The shops that are served."""
    with connected():
        for found in Shop.select().where(Shop.active).order_by(Shop.domain):
            click.echo(f"{found.domain}\t{found.name}\t{' '.join(found.origins)}\tsince {iso(found.created_at)[:10]}")


@contextmanager
def _registered(domain: str) -> Iterator[Shop]:
    with connected():
        try:
            yield Shop.named(domain)
        except ShopNotFound as exc:
            raise click.UsageError(f"{domain} is not registered: `shop add` it first.") from exc


@conversations.command("purge")
def purge_() -> None:
    """Erase the conversations that shoppers deleted a month ago and more."""
    click.echo(f"{purge()} conversations are erased.")
