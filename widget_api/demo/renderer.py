"""Renders the demo's theme as Shopify renders one: JSON templates of sections, snippets, a layout around it.

The merchant's own snippets and assets are on its paths, so `{% render 'shop-chat' %}` is the file that shops paste.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TextIO

from liquid.ast import Node
from liquid.builtin.expressions import StringLiteral, parse_primitive
from liquid.exceptions import LiquidSyntaxError
from liquid.extra import JSON
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_TAG, Token

from liquid import CachingFileSystemLoader, Environment, RenderContext
from widget_api.demo import currency

THEME = Path(__file__).parent / "theme"
LIQUID = Path(__file__).parents[2] / "liquid"
SNIPPETS = LIQUID / "snippets"


class SectionNode(Node):
    """Renders a section, in the element that Shopify puts around each."""

    __slots__ = ("section",)

    def __init__(self, token: Token, section: str) -> None:
        super().__init__(token)
        self.section = section
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        template = context.env.get_template(f"sections/{self.section}")
        inside = context.copy({"section": {"id": self.section, "settings": {}}}, template=template)
        return buffer.write(framed(self.section, _rendered(template, inside)))


class SectionTag(Tag):
    """`{% section 'name' %}`: https://shopify.dev/docs/api/liquid/tags/section"""

    name = "section"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        named = parse_primitive(self.env, stream.into_inner(tag=token, eat=False))
        if not isinstance(named, StringLiteral):
            raise LiquidSyntaxError("expected the name of a section", token=token)
        return SectionNode(token, named.value)


def _rendered(template: Any, context: RenderContext) -> str:
    buffer = context.get_buffer()
    template.render_with_context(context, buffer, partial=True, block_scope=True)
    return str(buffer.getvalue())


def framed(name: str, html: str) -> str:
    """A section's markup in its own element, by which the Section Rendering API finds it again."""
    return f'<div id="shopify-section-{name}" class="shopify-section">{html}</div>'


def money(amount: Any) -> str:
    """Return an amount of hundredths in the shop's money format: €29.00."""
    return currency.format_amount(int(amount or 0))


def money_without_trailing_zeros(amount: Any) -> str:
    """€29, and €4.90."""
    return money(amount).replace(".000", "").replace(".00", "")


def handle(text: Any) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in str(text).lower()).split())


def assets(name: str) -> Path:
    """The folder that an asset lies in: the theme's, or the one that merchants copy from."""
    own = THEME / "assets"
    return own if (own / name).is_file() else LIQUID / "assets"


@cache
def asset_url(name: str) -> str:
    """The address of a theme asset; a changed file has a new one."""
    digest = hashlib.sha256((assets(name) / name).read_bytes()).hexdigest()
    return f"/cdn/assets/{name}?v={digest[:12]}"


def environment() -> Environment:
    """Liquid as Shopify has it, as far as this theme needs it."""
    env = Environment(
        loader=CachingFileSystemLoader([THEME, THEME / "snippets", SNIPPETS], ext=".liquid"),
    )
    env.add_filter("json", JSON())
    for each in (money, money_without_trailing_zeros, handle, asset_url):
        env.add_filter(each.__name__, each)
    env.add_tag(SectionTag)
    return env


class Renderer:
    """The theme, ready to render."""

    def __init__(self) -> None:
        self._env = environment()

    def page(self, template: str, objects: Mapping[str, Any]) -> str:
        """A whole page: the sections that `templates/{template}.json` lists, inside the layout."""
        plan = _template(template)
        content = "".join(self.section(name, objects, plan["sections"][name]) for name in plan["order"])
        header = self._render("snippets/content-for-header", objects)
        parts = {"content_for_header": header, "content_for_layout": content}
        return self._render("layout/theme", {**objects, **parts})

    def section(self, name: str, objects: Mapping[str, Any], plan: Mapping[str, Any] | None = None) -> str:
        """One section in its own element, as the Section Rendering API gives it."""
        plan = plan or {}
        section = {"id": name, "settings": plan.get("settings", {})}
        return framed(name, self._render(f"sections/{plan.get('type', name)}", {**objects, "section": section}))

    def has_section(self, name: str) -> bool:
        return name in _sections()

    def _render(self, name: str, objects: Mapping[str, Any]) -> str:
        return self._env.get_template(name).render(**objects)


@cache
def _template(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((THEME / "templates" / f"{name}.json").read_text("utf-8"))
    return found


@cache
def _sections() -> frozenset[str]:
    return frozenset(path.stem for path in (THEME / "sections").glob("*.liquid"))
