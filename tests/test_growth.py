"""Twice as long a text takes about twice as long, in every pattern and every function that sees texts of others."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pkgutil
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

import pytest
from itsdangerous import BadData

import widget_api
from tests.growth import TOKENS, check_growth, hostile, literals, repeated
from widget_api import exports, links, markdown, text
from widget_api.api import body, conversations, pages, shares
from widget_api.llm import calls, extras, markup, prose, repairs, repetition, spelled, spoken, sse
from widget_api.llm import refusals as providers
from widget_api.llm.adjustments import Adjustment
from widget_api.llm.answer import Broken
from widget_api.llm.base import Request, User
from widget_api.llm.calls import MAX_ARGUMENTS
from widget_api.llm.quotations import without_quotations
from widget_api.problems import Problem
from widget_api.shopify import (
    cart,
    coercion,
    goods,
    legacy,
    mcp,
    notices,
    passages,
    refusals,
    topics,
    ucp,
    ucp_cart,
    words,
)
from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.http import Reply
from widget_api.shopify.tools import TOOLS
from widget_api.streams.base import Position
from widget_api.turns.mentions import Mentions, Titles

pytestmark = pytest.mark.storeless

ROOT = Path(widget_api.__path__[0])
# Patterns of files and settings of the operator's own, and of the server's own heads and chunks, which have a length.
OURS: Final = {"backups", "config", "sockets", "cli", "migrations", "demo.drawings", "demo.goods", "demo.renderer"}
# The rules of the demo's model read `known.LONGEST` characters of a question; `llm._ELSEWHERE` a setting.
BOUNDED: Final = {"llm.demo", "llm._ELSEWHERE"}
# Functions of one text that ask the shop, the database, the file system or the browser, or begin a request.
NO_PARSERS: Final = {
    *("api.chat", "api.messages", "api.products", "api.profile", "api.widget", "api.shares", "database", "shares"),
    *("logs", "turns.recovery", "turns.worker", "turns.written", "streams.redis", "llm.provider", "demo"),
    *("api.conversations.show", "api.conversations.rename", "api.conversations.delete", "api.conversations.messages"),
    *("api.conversations.export", "shopify.http._unzip", "llm.calls._no_constant", "shopify.mcp._refuse"),
    *(
        "generations",
        "turns.cart.cart_writer",
        "turns.cart_moves",
        "turns.cart_changes",
        "turns.extras",
        "api.cart_changes",
    ),
}
SEARCHES: Final = {"demo.search.search", "demo.search.answers", "demo.currency.localize", "demo.rpc.text"}


# Patterns are measured by themselves: a loop of Python's own within another takes more.
OF_FUNCTIONS: Final = 0.1
METHODS: Final = ("sub", "match", "fullmatch")


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages([str(ROOT)], "widget_api."):
        if not found.name.endswith("__main__") and ".migrations." not in found.name:
            yield importlib.import_module(found.name)


def is_of(name: str, names: set[str]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in names)


def short(module: ModuleType) -> str:
    return module.__name__.removeprefix("widget_api.")


def patterns_in(value: object, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 3 and isinstance(value, dict):
        for each in value.values():
            yield from patterns_in(each, depth + 1)
    elif depth < 3 and isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from patterns_in(each, depth + 1)
    elif isinstance(value, type) and depth == 0:
        yield from patterns_in(dict(vars(value)), 1)


def compiled() -> dict[str, re.Pattern[Any]]:
    """Every pattern that a module of the product holds, or names where it uses it."""
    found: dict[str, re.Pattern[Any]] = {}
    for module in modules():
        if is_of(short(module), OURS | BOUNDED):
            continue
        for name, value in vars(module).items():
            if f"{short(module)}.{name}" in BOUNDED:
                continue
            if isinstance(value, type) and value.__module__ != module.__name__:
                continue
            for number, pattern in enumerate(patterns_in(value)):
                found.setdefault(f"{short(module)}.{name}.{number}", pattern)
        for source in inline(Path(str(module.__file__))):
            found[f"{short(module)} {source}"] = re.compile(source)
    by_source = {(pattern.pattern, pattern.flags): name for name, pattern in reversed(list(found.items()))}
    return {name: found[name] for name in sorted(by_source.values())}


def inline(path: Path) -> Iterator[str]:
    """Patterns that are given to a function of `re` in the middle of the code."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and node.args):
            continue
        name, given = ast.unparse(node.func), node.args[0]
        if (
            name not in {"re.compile", "re.escape"}
            and isinstance(given, ast.Constant)
            and isinstance(given.value, str)
        ):
            yield given.value


COMPILED = compiled()


def test_every_use_of_a_pattern_is_measured() -> None:
    """A pattern that is put together where it is used is none that a test can find."""
    unknown = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in ROOT.rglob("*.py")
        if not is_of(".".join(path.relative_to(ROOT).with_suffix("").parts), OURS)
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and re.fullmatch(r"re\.(?!escape)\w+", ast.unparse(node.func))
        if not (isinstance(node.args[0], ast.Constant) and ast.unparse(node.func) != "re.compile")
    ]
    # The demo's rules are bounded; redaction looks for the server's own secrets, letter for letter.
    assert [place for place in unknown if not place.startswith(("llm/demo/", "redaction.py"))] == []
    assert len(COMPILED) > 60


def methods(name: str) -> set[str]:
    """Return what is done with a pattern: it is searched, or matched from the start alone; all where nobody sees."""
    module, _, variable = name.rpartition(".")[0].rpartition(".")
    found: set[str] = set()
    if " " in name:  # it stands in the middle of the code
        return {*METHODS}
    for path in (ROOT / f"{module.replace('.', '/')}{ending}" for ending in (".py", "/__init__.py")):
        if path.exists():
            found |= {*re.findall(rf"\b{variable}(?:\[\w+\])?\.(\w+)\(", path.read_text("utf-8"))}
    used = {each if each in {"match", "fullmatch"} else "sub" for each in found} & {*METHODS}
    return used or {*METHODS}


@pytest.mark.parametrize("name", COMPILED)
def test_a_pattern_takes_linear_time(name: str) -> None:
    pattern = COMPILED[name]
    of_bytes = isinstance(pattern.pattern, bytes)
    used = methods(name)

    def run(text: str) -> None:
        subject: Any = text.encode() if of_bytes else text
        if "sub" in used:
            pattern.sub(b"" if of_bytes else "", subject)
        if "match" in used:
            pattern.match(subject)
        if "fullmatch" in used:
            pattern.fullmatch(subject)

    for maker in hostile(literals(pattern)):
        check_growth(name, run, maker)


def parsers() -> dict[str, Callable[[str], object]]:
    """Every function of the product that takes a text and nothing else, and those that are named in `MORE`."""
    found: dict[str, Callable[[str], object]] = {}
    for module in modules():
        for name, value in vars(module).items():
            full = f"{short(module)}.{name}"
            if not isinstance(value, FunctionType) or value.__module__ != module.__name__:
                continue
            if (is_of(full, OURS | BOUNDED | NO_PARSERS) and full not in SEARCHES) or not (kind := only_text(value)):
                continue
            found[full] = encoded(value) if kind == "bytes" else value
    return found | MORE


def encoded(function: FunctionType) -> Callable[[str], object]:
    return lambda text: function(text.encode())


def only_text(function: FunctionType) -> str:
    """Return the type of a function's only argument if it is a text, or may be one."""
    needed = [
        each
        for each in inspect.signature(function).parameters.values()
        if each.default is each.empty and each.kind in {each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD}
    ]
    kinds = [str(each.annotation) for each in needed]
    return kinds[0] if len(kinds) == 1 and kinds[0] in {"str", "bytes", "object", "str | bytes"} else ""


SHOP = Endpoint("a.myshopify.com", "https://a.example")
SITES = {"https://a.example"}


def said(kind: str, text: str) -> dict[str, Any]:
    return {
        "type": kind,
        "code": text,
        "content": text,
        "path": text,
        "message": text,
        "presentation": text,
        "url": text,
    }


def decoded(text: str, size: int) -> None:
    decoder = sse.Decoder()
    data = text.encode()
    with suppress(sse.EventTooLarge):
        for at in range(0, len(data), size):
            list(decoder.feed(data[at : at + size]))
        list(decoder.end())


def fed(reader: prose.Plain | spoken.Spoken, text: str) -> None:
    for character in text:
        reader.feed(character)
    reader.end()


SCHEMAS: Final = {tool.name: tool.parameters for tool in TOOLS}
SEARCH: Final = SCHEMAS["search_catalog"]


def read_spoken(begun: str, text: str) -> None:
    fed(spoken.Spoken(SCHEMAS), f"{begun}{text}")
    whole = spoken.Spoken(SCHEMAS)
    whole.feed(f"{begun}{text}")
    whole.end()


def collected(text: str, size: int) -> None:
    bag = extras.Bag()
    for at in range(0, len(text), size):
        piece = text[at : at + size]
        bag.add({"message": {"reasoning": piece, "details": [{"type": "a", "index": 0, "text": piece}]}})
    bag.data()


# What a text is likeliest to look like for long: repeated words, and letters of a script without blanks.
LONG_TITLES: Final = {"1": "a " * 50, "2": "\u4e00" * 50, "3": "a1 A0 a", "4": "a - a", "5": "a, a, a, a, a, b"}


def mentioned(text: str, size: int, titles: dict[str, str] = LONG_TITLES) -> None:
    mentions = Mentions(Titles(titles))
    for at in range(0, len(text), size):
        mentions.read(text[at : at + size])
    mentions.end()


def price(**more: Any) -> dict[str, Any]:
    return {
        "price": {"amount": 1, "currency": "EUR"},
        "price_range": {"min": {"amount": 1, "currency": "EUR"}},
        **more,
    }


def product(text: str) -> dict[str, Any]:
    variant = price(id="gid://shopify/ProductVariant/1", title=text, options=[{"name": text, "label": text}])
    return price(
        id="gid://shopify/Product/1",
        title=text,
        url=text,
        handle=text,
        description={"plain": text, "html": text},
        media=[{"url": text}],
        variants=[variant],
        options=[{"name": text, "values": [{"label": text}, text]}],
        selected=[{"name": text, "label": text}],
    )


def cart_of(text: str) -> dict[str, Any]:
    item = {"id": text, "title": text, "price": 1, "quantity_unit": {"unit": text, "display_text": text}}
    line = {"id": text, "item": item, "quantity": 1, "attributes": {text: text}, "parent_id": text}
    totals = [{"type": text, "display_text": text, "amount": 1}]
    discounts = {"codes": [text], "applied": [{"code": text, "title": text, "amount": 1}]}
    found = {
        "currency": "EUR",
        "line_items": [line],
        "totals": totals,
        "discounts": discounts,
        "messages": [said("info", text)],
    }
    return {**found, "continue_url": text, "expires_at": text}


# What takes more than a text, or not a text alone.
MORE: Final[dict[str, Callable[[str], object]]] = {
    "body._decode": lambda text: body._decode(
        json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass"), str
    ),
    "body._decode raw": lambda text: body._decode(text.encode("utf-8", "surrogatepass"), str),
    "body.require_id": lambda text: body.require_id(text, "id"),
    "body.require_text": lambda text: body.require_text(text, "text", most=len(text)),
    "text.normalize": lambda text_: [text.normalize(form, text_) for form in ("NFC", "NFD", "NFKC", "NFKD")],
    "text.cut": lambda text_: [text.cut(text_, len(text_) - 1), text.cut(text_, len(text_) // 2)],
    "pages.position": lambda text: pages.position(text, 2),
    "Position.parse": Position.parse,
    "exports.without_secrets": exports.without_secrets,
    "markdown.formatted": lambda text: markdown.formatted(text, SITES),
    "markdown.link": lambda text: markdown.link(text, text, SITES),
    "links.page_of": lambda text: links.page_of(f"https://a.example/{text}", SITES),
    "links._acts": lambda text: links._acts(f"/{text}?{text}"),
    "sse.Decoder whole": lambda text: decoded(text, 1 << 20),
    "sse.Decoder in pieces": lambda text: decoded(text, 3),
    "sse.Decoder of data": lambda text: decoded(f"data: {text}\n\n", 7),
    "prose.Plain": lambda text: fed(prose.Plain(), text),
    "prose.Plain whole": lambda text: [prose.Plain().feed(text), prose.Plain().end()],
    "refusals.read_refusal": lambda text: providers.read_refusal(400, text),
    "refusals.plain of JSON": lambda text: providers.plain(json.dumps({"error": {text: [text, {text: text}]}})),
    "adjustments.after": lambda text: Adjustment().after(text, {"max_tokens": 9999, "temperature": 1, "model": text}),
    "quotations.without_quotations": lambda text: without_quotations(text, Request("", (User(text),))),
    **{
        f"spoken.Spoken of {begun!r}": partial(read_spoken, begun)
        for begun in (
            "",
            "<think>",
            "<think></think></think>",
            "<tool_call>",
            "[TOOL_CALLS]",
            "```json\n{",
            '{"',
            "{'",
        )
    },
    "spoken.Spoken of names": lambda text: fed(spoken.Spoken(SCHEMAS), f"search_catalog({text}"),
    "spoken.Spoken of tags": lambda text: fed(spoken.Spoken(SCHEMAS, (("<a", "a>"),)), text),
    "markup.mark_at": lambda text: [
        markup.mark_at(f"{begun}{text}", 0, SCHEMAS, ended=False) for begun in ("<", "[", "◁", "<|", "</")
    ],
    "spelled.read_calls": lambda text: [
        spelled.read_calls(f"{begun}{text}"[:MAX_ARGUMENTS], SCHEMAS)
        for begun in ("search_catalog", "search_catalog(", '{"name": "search_catalog", ', "<function=search_catalog>")
    ],
    "repetition.Repetition": lambda text: repetition.Repetition().room(text),
    "coercion.coerce": lambda text: [
        coercion.coerce({"query": text, "limit": text, text: 1}, SEARCH),
        coercion.coerce(text, SEARCH),
    ],
    "extras.Bag": lambda text: collected(text, 1),
    "extras.Bag whole": lambda text: collected(text, len(text)),
    "repairs.repair_for": lambda text: repairs.repair_for(text, {"messages": [{"role": "assistant", text: text}]}),
    "calls.arguments of a text": lambda text: calls.arguments(json.dumps({text: text})),
    "mcp._texts": lambda text: list(mcp._texts(Reply(200, {"Content-Type": "text/event-stream"}, text.encode()))),
    "mcp._message": lambda text: mcp._message(Reply(200, {"Content-Type": "text/event-stream"}, text.encode()), 1),
    "passages.read_page": lambda text: passages.read_page("https://a.example/", text),
    "passages.read_page of a main part": lambda text: passages.read_page("https://a.example/", f"<main><p>{text}"),
    "topics.best_passages": lambda text: topics.best_passages(
        text[:200], [("refund-policy", passages.read_page("https://a.example/", f"<main><p>{text}"))], 3
    ),
    "goods.refusal": lambda text: goods.refusal(mcp.Result({"messages": [said("error", text)]}, (text,))),
    "notices.read_notices": lambda text: notices.read_notices({"messages": [said("warning", text)]}, SHOP),
    "refusals.refusal_in_error": lambda text: refusals.refusal_in_error(
        {"code": -32001, "message": text, "data": said("", text)}
    ),
    "ucp.read_product": lambda text: ucp.read_product(product(text), SHOP),
    "ucp_cart.read_cart": lambda text: ucp_cart.read_cart(cart_of(text), SHOP),
    "legacy._answers": lambda text: legacy._answers({"question": text, "answer": text}),
    "cart._complaints": lambda text: [
        each.means_gone for each in cart._complaints({"messages": [said("error", text)]})
    ],
    "words of a line": lambda text: words.words(text, len(text)),
    "prose of all": lambda text: words.prose(text, len(text)),
    "Endpoint.link": SHOP.link,
    "Mentions whole": lambda text: mentioned(text, 1 << 20),
    "Mentions in pieces": lambda text: mentioned(text, 40),
    "Mentions of a title": lambda text: mentioned("**a a** a", 3, {"1": text, "2": f"{text} - a"}),
}
PARSERS = parsers()


@pytest.mark.parametrize("name", PARSERS)
def test_a_function_that_reads_a_text_takes_linear_time(name: str) -> None:
    def run(text: str) -> None:
        with suppress(ValueError, TypeError, AttributeError, LookupError, BadData, Problem, Broken, RecursionError):
            PARSERS[name](text)

    for token in TOKENS:
        check_growth(name, run, repeated(token, "a", "\x01"), floor=OF_FUNCTIONS)


@pytest.mark.parametrize(
    "token", [*"[]()!*_`<>&|#\\\n ", "[a](", "![", "**a ", "*a _", "<a ", "&#", "> ", "- ", "a\n"], ids=repr
)
def test_a_shared_page_is_rendered_in_linear_time(token: str) -> None:
    check_growth("markdown", lambda text: shares.markdown(text, SITES), repeated(token), 1000)


# What a shop may send many of, and how many.
MANY: Final[dict[str, Callable[[int], object]]] = {
    "products": lambda n: goods.products_in(
        mcp.Result({"products": [product("a")] * n}, ()), SHOP, ucp.read_product, 10
    ),
    "what is no product": lambda n: goods.products_in(
        mcp.Result({"products": [{}] * n}, ()), SHOP, ucp.read_product, 10
    ),
    "notices": lambda n: notices.read_notices({"messages": [said("info", f"a{i}") for i in range(n)]}, SHOP),
    "notices of products": lambda n: goods.products_in(
        mcp.Result(
            {
                "products": [{"id": f"{i}"} for i in range(n)],
                "messages": [{**said("info", f"a{i}"), "path": f"$.products[?(@.id=='{i}')]"} for i in range(n)],
            },
            (),
        ),
        SHOP,
        ucp.read_product,
        10,
    ),
    "variants": lambda n: ucp.read_product(
        product("a") | {"variants": product("a")["variants"] * n}, SHOP, (("a", "b"),)
    ),
    "values": lambda n: ucp.read_product(
        product("a") | {"options": [{"name": f"o{i}", "values": [f"v{j}" for j in range(n)]} for i in range(10)]},
        SHOP,
    ),
    "lines": lambda n: ucp_cart.read_cart(
        cart_of("a")
        | {
            "line_items": [{**cart_of("a")["line_items"][0], "id": f"{i}"} for i in range(n)],
            "messages": [{**said("info", f"a{i}"), "path": f"$.line_items[?(@.id=='{i}')]"} for i in range(n)],
        },
        SHOP,
    ),
    "lines of one id": lambda n: cart.named_apart(ucp_cart.read_cart(cart_of("a"), SHOP).lines * n),
    "attributes": lambda n: ucp_cart.read_cart(
        cart_of("a") | {"line_items": [{"item": {}, "quantity": 1, "attributes": {f"a{i}": "b" for i in range(n)}}]},
        SHOP,
    ),
    "codes": lambda n: ucp_cart.read_cart(cart_of("a") | {"discounts": {"codes": [f"{i}" for i in range(n)]}}, SHOP),
    "complaints": lambda n: list(cart._complaints({"errors": [{"message": "a" * 100}] * n})),
    "arguments": lambda n: calls.arguments(json.dumps({f"a{i}": [i] for i in range(n)})),
}


@pytest.mark.parametrize("name", MANY)
def test_many_things_take_no_longer_than_their_number(name: str) -> None:
    def run(text: str) -> None:
        with suppress(ValueError, Problem):
            MANY[name](len(text))

    check_growth(name, run, lambda n: "x" * n, 250)


def test_what_is_far_too_long_is_refused_before_it_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text of a message, a title, a comment: a megabyte of marks never reaches what would sort them."""
    touched: list[int] = []
    real = unicodedata.normalize

    def normalize(form: Any, text: str) -> str:
        touched.append(len(text))
        return real(form, text)

    monkeypatch.setattr(unicodedata, "normalize", normalize)
    monkeypatch.setattr(body, "clean", lambda text: normalize("NFC", text))
    for most in (body.MESSAGE_CHARACTERS, conversations.TITLE_CHARACTERS):
        with pytest.raises(Problem):
            body.require_text("\u0301\u0316" * 250_000, "The text", most=most)
    with pytest.raises(Problem):
        conversations._words("\u0301\u0316" * 250_000)
    assert touched == []
