"""Links to read a conversation: make one, end it, read by it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Container
from pathlib import Path
from typing import Any

import msgspec
from flask import Blueprint, Response, render_template, request
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from widget_api import shares
from widget_api.api.body import read, shape
from widget_api.api.services import services
from widget_api.api.visitor import current_visitor
from widget_api.exports import CUTS
from widget_api.links import page_of
from widget_api.models import Conversation, Shop, iso
from widget_api.problems import InvalidBody, ShareNotFound
from widget_api.shopify.money import range_as_text

bp = Blueprint("shares", __name__)

DAYS, MOST_DAYS = 7, 30
STYLE = (Path(__file__).parents[1] / "templates" / "shared.css").read_text()
# A page without a name and a password before it, or the mail address or telephone number that a link is for.
_TOLD = re.compile(r"(https?://[^\s/@\\]+(?:[/?#][^\s\\]{0,150})?)|(?:mailto|tel):([\w.%+@-]+)(?:[?;].*)?", re.ASCII)
_POLICY = "; ".join(f"{what} 'none'" for what in ("default-src", "base-uri", "form-action", "frame-ancestors"))
# A text that has more takes the Markdown parser long: each bracket may begin a link that ends nowhere.
MARKDOWN_CHARACTERS, BRACKETS = 20_000, 300


@shape
class NewShare(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /api/conversations/{id}/share`."""

    days: int = DAYS


@bp.post("/api/conversations/<id>/share")
def create(id: str) -> tuple[dict[str, Any], int]:
    """Make a link to the conversation as it is now. It replaces an earlier one."""
    visitor = current_visitor()
    days = read(NewShare).days
    if not 1 <= days <= MOST_DAYS:
        raise InvalidBody(f"days must be a number from 1 to {MOST_DAYS}.")
    conversation = Conversation.of(visitor.session, id)
    services().limits.take("exports", visitor.session)
    give_back = services().renders.take()
    try:
        secret, expires_at = shares.create(conversation, visitor.shop, days, _render)
    finally:
        give_back()
    url = f"{services().config.public_url}/api/shared/{secret}"
    return {"url": url, "expires_at": iso(expires_at)}, 201


@bp.delete("/api/conversations/<id>/share")
def revoke(id: str) -> tuple[str, int]:
    """End the conversation's link, if it has one."""
    shares.revoke(Conversation.of(current_visitor().session, id))
    return "", 204


@bp.get("/api/shared/<token>")
def show(token: str) -> Response:
    """The shared conversation: a page for people, JSON for programs."""
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        response = _page(token)
    else:
        response = Response(shares.read(token, _render).document, mimetype="application/json")
    response.vary.add("Accept")
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is the secret
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _page(token: str) -> Response:
    try:
        response = Response(shares.read(token, _render).page)
    except ShareNotFound as exc:
        style = Markup(STYLE)  # noqa: S704 - our own
        response = Response(render_template("unshared.html", problem=exc, style=style), exc.status)
    response.headers["Content-Security-Policy"] = _policy(response.get_data(as_text=True))
    return response


def _policy(page: str) -> str:
    """Return the policy that lets the page have its own style, which may be that of an earlier version."""
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"style-src 'sha256-{digest}'; {_POLICY}"


def _render(document: dict[str, Any]) -> str:
    """Return the document as a page for people."""
    style = Markup(STYLE)  # noqa: S704 - our own
    sites = _sites(document["shop"]["domain"])
    return render_template("shared.html", **document, cuts=CUTS, sites=sites, style=style)


def _sites(domain: str) -> set[str]:
    """The origins that are the shop's own: nobody may have this page lead anywhere else."""
    shop = Shop.find_by(domain=domain)
    return shop.sites if shop else {f"https://{domain}"}


def _markdown() -> MarkdownIt:
    """What the model's words may become: no HTML, no pictures."""
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.enable(["table", "strikethrough"]).disable("image")
    parser.add_render_rule("link_open", _link)
    parser.add_render_rule("link_close", _link_end)
    return parser


def _link(renderer: Any, tokens: Any, at: int, options: Any, env: Any) -> str:
    href = tokens[at].attrs["href"]
    address = within(href, env["sites"])
    env["told"] = "" if address else _told(href, tokens[at + 1 : _end_of_link(tokens, at)])
    tokens[at].attrs = {"href": address, "rel": "nofollow noopener noreferrer ugc"} if address else {}
    return str(renderer.renderToken(tokens, at, options, env))


def _link_end(renderer: Any, tokens: Any, at: int, options: Any, env: Any) -> str:
    told = f' (<bdi dir="ltr">{escape(env["told"])}</bdi>)' if env["told"] else ""
    return str(renderer.renderToken(tokens, at, options, env)) + told


def _end_of_link(tokens: Any, at: int) -> int:
    return next(number for number in range(at, len(tokens)) if tokens[number].type == "link_close")


def _told(href: str, label: Any) -> str:
    """Return the address as its label does not say it, for people who cannot follow the link; empty where the label
    does, or where nobody should go."""
    found = _TOLD.fullmatch(href)
    words = (found[1] or found[2]) if found else ""
    return "" if words in "".join(token.content for token in label) else words


_parser = _markdown()


@bp.app_template_filter("markdown")
def markdown(text: str, sites: Container[str]) -> Markup:
    """The text as HTML, whose links lead to `sites` alone; as it is written, where it would take long to read."""
    if len(text) > MARKDOWN_CHARACTERS or text.count("[") > BRACKETS:
        lines = Markup("<br>").join(text.splitlines())
        return Markup("<p>{}</p>").format(lines)
    return Markup(_parser.render(text, {"sites": sites}))  # noqa: S704 - it lets no HTML through


@bp.app_template_filter("within")
def within(address: str, sites: Container[str]) -> str:
    """Return the address if it is a page of one of these origins; else nothing."""
    return page_of(address, sites)


@bp.app_template_filter("price_range")
def price_range(product: dict[str, Any]) -> str:
    """Return the product's price in digits and its currency's code, which everybody reads alike."""
    return range_as_text(product)
