"""Links to read a conversation: make one, end it, read by it."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import msgspec
from flask import Blueprint, Response, jsonify, render_template, request
from markdown_it import MarkdownIt
from markupsafe import Markup

from widget_api import shares
from widget_api.api.body import read, shape
from widget_api.api.services import services
from widget_api.api.visitor import current_visitor
from widget_api.models import Conversation, iso
from widget_api.problems import InvalidBody, ShareNotFound
from widget_api.shopify.money import Money

bp = Blueprint("shares", __name__)

DAYS, MOST_DAYS = 7, 30
STYLE = (Path(__file__).parents[1] / "templates" / "shared.css").read_text()
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_POLICY = f"style-src 'sha256-{_STYLE_HASH}'; " + "; ".join(
    f"{what} 'none'" for what in ("default-src", "base-uri", "form-action", "frame-ancestors")
)


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
    secret, expires_at = shares.create(Conversation.of(visitor.session, id), visitor.shop, days)
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
        response = jsonify(shares.read(token))
    response.vary.add("Accept")
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is the secret
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _page(token: str) -> Response:
    style = Markup(STYLE)  # noqa: S704 - our own
    try:
        response = Response(render_template("shared.html", **shares.read(token), style=style))
    except ShareNotFound as exc:
        response = Response(render_template("unshared.html", problem=exc, style=style), exc.status)
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _markdown() -> MarkdownIt:
    """What the model's words may become: no HTML, no pictures, links to the web alone."""
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.enable(["table", "strikethrough"]).disable("image")
    parser.validateLink = lambda url: url.lower().startswith(("https://", "http://"))  # type: ignore[method-assign]
    parser.add_render_rule("link_open", _link)
    return parser


def _link(renderer: Any, tokens: Any, at: int, options: Any, env: Any) -> str:
    tokens[at].attrSet("rel", "nofollow noopener noreferrer ugc")
    return str(renderer.renderToken(tokens, at, options, env))


_parser = _markdown()


@bp.app_template_filter("markdown")
def markdown(text: str) -> Markup:
    """The text as HTML."""
    return Markup(_parser.render(text))  # noqa: S704 - it lets no HTML through


@bp.app_template_filter("money")
def money(price: dict[str, Any]) -> str:
    """The price in digits and its currency's code, which everybody reads alike."""
    return f"{Money(price['amount'], price['currency']).major} {price['currency']}"
