"""The command line: shops are rows, managed here; so are the database's backups, and the model is checked."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from widget_api import llm, models
from widget_api.backups import Backup, BackupError, Backups, opening
from widget_api.config import Config, ConfigError
from widget_api.llm.check import Plan, Prices, Report, check_model, each_of
from widget_api.models import MOST_ROWS, Message, Session, Shop, Turn, connected, iso, now
from widget_api.origins import web_origin
from widget_api.problems import ShopNotFound
from widget_api.redaction import Redactor
from widget_api.shopify.endpoint import Endpoint, language_tag, mcp_url, shop_domain
from widget_api.shopify.http import Http
from widget_api.shopify.negotiation import PROFILE_PATH
from widget_api.shopify.registration import SECONDS, LookUp, look_up_shop
from widget_api.turns.prompt import system, text_of
from widget_api.turns.recovery import purge
from widget_api.turns.run import MODEL_TOOLS

T = TypeVar("T")

RATED_AT_ONCE = 100
SNIPPET = Path(__file__).parents[1] / "liquid" / "snippets" / "shop-chat.liquid"

shop = AppGroup("shop", help="Register the shops that may use this backend.")
conversations = AppGroup("conversations", help="Look after the stored conversations.")
db = AppGroup("db", help="Look after the database: back it up, restore it, check it, migrate it.")
model = AppGroup("model", help="Prove the language model before shoppers meet it.")


def init_app(app: Flask) -> None:
    app.cli.add_command(shop)
    app.cli.add_command(conversations)
    app.cli.add_command(db)
    app.cli.add_command(model)


def mends_database() -> bool:
    """Whether this is one of `flask db …`, which must also run when the database cannot be opened. The app is made
    before its commands are known, so only the words of the command line can tell."""
    return click.get_current_context(silent=True) is not None and "db" in sys.argv[1:]


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
LANGUAGE = Checked("language", language_tag)


def _settings(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--origin", "origins", type=ORIGIN, multiple=True, help="A website of the shop; repeat it."),
        click.option("--name", help="What shoppers call the shop."),
        click.option("--prompt", help="The shop's own words for the assistant."),
        click.option("--contact", help="How shoppers reach a person: an address, a number, a page."),
        click.option("--language", type=LANGUAGE, help="The language of the product titles: en, de, pt-BR."),
        click.option("--model", help="Another model than MODEL_NAME for this shop."),
        click.option("--mcp-url", type=MCP_URL, help="Another endpoint than the shop's own."),
    ):
        command = option(command)
    return command


def _given(origins: tuple[str, ...], domains: tuple[str, ...], **fields: str | None) -> dict[str, Any]:
    given: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
    if origins:
        # Theme previews and password pages are served under the permanent domain.
        given["origins"] = sorted({*origins, *(f"https://{domain}" for domain in domains)})
    return given


def _look_up(domain: str, origins: tuple[str, ...], url: str | None) -> LookUp:
    """Ask the shop who it is, and print what the operator should know of it."""
    public_url = current_app.extensions["widget"].config.public_url
    http = Http(total=SECONDS)
    try:
        found = look_up_shop(Endpoint(domain, url or "", public_url + PROFILE_PATH, origins=origins), http)
    finally:
        http.close()
    for remark in found.remarks:
        click.echo(f"Note: {remark}", err=True)
    return found


def _explain_origins(shop: Shop, given: tuple[str, ...]) -> None:
    """Print which websites may call for the shop, and why each."""
    click.echo("Pages of these websites may use the chat:", err=True)
    for origin in shop.origins:
        why = "as you named it" if origin in given else "added: previews of themes and the password page are there"
        click.echo(f"  {origin} ({why})", err=True)


@shop.command()
@click.argument("domain", type=DOMAIN)
@_settings
def add(domain: str, origins: tuple[str, ...], **fields: str | None) -> None:
    """Register DOMAIN (name.myshopify.com) and print the snippet to paste."""
    if not origins:
        raise click.UsageError("Name the shop's website: --origin https://example.com")
    _refuse_registered(domain)
    permanent = _look_up(domain, origins, fields["mcp_url"]).domain
    if permanent != domain:
        _refuse_registered(permanent)
        click.echo(f"So the shop is registered as {permanent}.", err=True)
    with connected():
        shop = Shop.register(permanent, **_given(origins, (domain, permanent), **fields))
    _explain_origins(shop, origins)
    click.echo(f"{permanent} is registered. Save this as snippets/shop-chat.liquid in the theme, and write", err=True)
    click.echo("{% render 'shop-chat' %} before </body> in layout/theme.liquid:\n", err=True)
    click.echo(snippet(current_app.extensions["widget"].config.public_url))


def _refuse_registered(domain: str) -> None:
    with connected():
        if Shop.get_or_none((Shop.domain == domain) & Shop.active):
            raise click.UsageError(f"{domain} is registered already: change it with `shop set`.")


def snippet(api: str) -> str:
    """The snippet that merchants paste, with this backend's address in it."""
    return SNIPPET.read_text().replace("https://chat.example.com", api).strip()


@shop.command("set")
@click.argument("domain", type=DOMAIN)
@_settings
def set_(domain: str, origins: tuple[str, ...], **fields: str | None) -> None:
    """Change a registered shop. Origins given here replace all earlier ones."""
    with _registered(domain):
        shop = Shop.register(domain, **_given(origins, (domain,), **fields))
    click.echo(f"{domain} is changed.")
    if origins:
        _explain_origins(shop, origins)
    permanent = _look_up(domain, tuple(shop.origins), shop.mcp_url).domain
    if permanent != domain:
        click.echo(f"Run `flask shop add {permanent} --origin …`, then `flask shop remove {domain}`.", err=True)


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
    erased = purge()
    models.scrub()
    click.echo(f"{erased} conversations are erased.")


@conversations.command()
@click.argument("domain", type=DOMAIN)
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3650), help="How far to look back.")
def feedback(domain: str, days: int) -> None:
    """What shoppers of DOMAIN thought of answers, newest first: one JSON object a line."""
    since = now() - days * 24 * 3600 * 1000
    with _registered(domain) as found:
        before = MOST_ROWS
        while rated := _rated_before(found.id, since, before):
            for turn in rated:
                click.echo(json.dumps(_rated(turn), ensure_ascii=False))
            before = rated[-1].answer_id


def _rated_before(shop: int, since: int, before: int) -> list[Turn]:
    """Return the next turns with a rating, newest first: a page of them, for there may be any number."""
    rated = (Session.shop == shop) & (Message.rating != "") & (Message.created_at > since) & (Message.pk < before)
    query = Turn.select(Turn, Message).join(Message, on=Turn.answer).join(Session).where(rated)
    return list(query.order_by(Message.pk.desc()).limit(RATED_AT_ONCE))


def _rated(turn: Turn) -> dict[str, str]:
    answer = turn.answer
    return {
        "rating": answer.rating,
        "comment": answer.comment,
        "question": text_of(turn.question.parts),
        "answer": text_of(answer.parts),
        "asked_at": iso(answer.created_at),
    }


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    try:
        yield
    except (BackupError, ConfigError) as exc:
        raise click.ClickException(str(exc)) from exc


def _config() -> Config:
    config: Config = current_app.extensions["widget"].config
    return config


@db.command()
def backup() -> None:
    """Make a backup, also while the server runs, and read it again. Prints where it is."""
    with _in_a_sentence(), opening.shared(_config()):
        made = Backups.of(_config()).make()
    click.echo(f"{made.path}\t{_inventory(made.manifest['rows'])}")


@db.command()
@click.argument("names", metavar="[FILE]...", nargs=-1)
def verify(names: tuple[str, ...]) -> None:
    """Read each FILE from end to end; all backups when none is named."""
    backups = Backups.of(_config())
    with _in_a_sentence():
        chosen = [backups.find(name) for name in names] or backups.shelf.backups()
    if not chosen:
        raise click.ClickException(f"There is no backup in {backups.shelf.folder}.")
    good = [_verified(backups, each) for each in chosen]
    if not all(good):
        raise SystemExit(1)


def _verified(backups: Backups, backup: Backup) -> bool:
    try:
        found = backups.verify(backup)
        trial = backups.database.rehearse(backup.path, found)
    except BackupError as exc:
        click.echo(f"{exc}", err=True)
        return False
    known = "" if backup.manifest else " It stands without its manifest, so changed letters would not be noticed."
    click.echo(f"{backup.path.name}\tmade {backup.made}\tgood: {_inventory(found)}. {trial}{known}")
    return True


@db.command()
@click.argument("name", metavar="FILE")
def restore(name: str) -> None:
    """Put the backup FILE in the database's place. The present database is kept beside it."""
    with _in_a_sentence(), opening.alone(_config()):
        backups = Backups.of(_config())
        chosen = backups.find(name)
        kept = backups.restore(chosen)
    click.echo(f"{chosen.path.name}, made {chosen.made}, is the database now.")
    click.echo(f"What was there before is kept as {kept}." if kept else "There was no database before.")
    click.echo("Answers that were being written when it was made will be shown as interrupted.")


@db.command()
def check() -> None:
    """Check the database in use and the newest backup, and say what is found."""
    backups = Backups.of(_config())
    with _in_a_sentence(), opening.shared(_config()):
        faults = backups.database.check()
        click.echo(f"{backups.database}: {'; '.join(faults) or backups.database.praise()}")
        complaint = backups.complaint(_config().backup_days)
        click.echo(complaint or "The newest backup is good.")
    said = opening.note(_config())
    if said:
        click.echo(f"It was mended {said['at']}: {said['damage']}; see {said['set_aside']}.")
    if faults or complaint:
        raise SystemExit(1)


@db.command()
@click.option("--post", is_flag=True, help="Also take away what only the release before needed.")
def migrate(post: bool) -> None:
    """Bring the tables up to date, as every start does. With --post, once no process of an older release runs."""
    with _in_a_sentence():
        held = opening.prepare(_config())
        models.connect(_config().database_url)
        applied = models.migrate("post") if post else []
    click.echo(f"Applied: {', '.join(applied)}." if applied else "The tables are up to date.")
    del held


def _inventory(rows: dict[str, int]) -> str:
    """What a shop's owner would count."""
    counted = {name.rpartition(".")[2]: count for name, count in rows.items()}
    return ", ".join(f"{counted[name]} {name}s" for name in ("conversation", "message") if name in counted)


@model.command("check")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--model", "name", default="", help="Try another model of the same provider than MODEL_NAME.")
@click.option("--input-price", type=click.FloatRange(0), help="What a million tokens in cost, in any currency.")
@click.option("--output-price", type=click.FloatRange(0), help="What a million tokens out cost.")
@click.option(
    "--seconds", type=click.IntRange(5, 3600), default=180, show_default=True, help="At most, for each model."
)
@click.option("--fill-context", is_flag=True, help="Fill the model's window once. Costs that many tokens.")
def check_model_(
    form: str, name: str, input_price: float | None, output_price: float | None, seconds: int, fill_context: bool
) -> None:
    """Ask the model and its fallback a handful of questions, and say what to set. Ends with 1 when one is unfit."""
    config = replace(_config(), model_name=name) if name else _config()
    plan = Plan(system(Shop(domain="example.myshopify.com", name="Example")), MODEL_TOOLS, seconds, fill_context)
    reports = _check_models(config, plan, Prices(input_price, output_price))
    if form == "json":
        click.echo(json.dumps({"fit": _are_fit(reports), "models": [each.to_dict() for each in reports]}, indent=2))
    elif reports:
        click.echo("\n\n".join(each.to_text() for each in reports))
    else:
        click.echo("MODEL_API is demo: the demo's assistant is no language model, so there is nothing to check.")
    if not _are_fit(reports):
        raise SystemExit(1)


def _are_fit(reports: list[Report]) -> bool:
    return all(each.is_fit for each in reports)


def _check_models(config: Config, plan: Plan, prices: Prices) -> list[Report]:
    """Check the model, and its fallback by itself. The reports have no secrets; there is none for the demo."""
    if config.model_api == "demo":
        return []
    redact = Redactor(config.secrets)
    first, *others = each_of(llm.from_config(config))
    with _without_log_lines():
        reports = [check_model(first, plan, prices=prices)]
        reports += [check_model(other, plan, role="fallback", prices=prices) for other in others]
    return [report.redacted(redact) for report in reports]


@contextmanager
def _without_log_lines() -> Iterator[None]:
    """Keep quiet about faults that the report tells."""
    logger = logging.getLogger("widget_api.llm")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
