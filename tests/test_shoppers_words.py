"""Shoppers are told what to do in their language, and operators why it happened."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Visitor
from tests.scripted import Scripted
from widget_api import problems
from widget_api.problems import ModelRefused, Problem, ShopUnavailable
from widget_api.shopify.tools import TOOLS

LOCALES = Path(__file__).parents[1] / "static" / "widget" / "src" / "locales"
LANGUAGES = sorted(path.stem for path in LOCALES.glob("*.js") if path.stem != "launcher")

# The codes that the widget never shows, and why.
NEVER_SHOWN = {
    "bad-request": "the widget sends no such request",
    "invalid-body": "the widget keeps to the limits",
    "not-json": "the widget sends JSON",
    "body-too-large": "the widget keeps to the limits",
    "method-not-allowed": "the widget uses the routes that there are",
    "not-found": "the widget uses the routes that there are",
    "unauthorized": "the widget begins a new session and asks again",
    "session-expired": "the widget begins a new session and asks again",
    "origin-refused": "the widget takes itself away",
    "shop-not-found": "the widget takes itself away",
    "message-not-found": "the widget reads the messages again",
    "message-mismatch": "the widget makes a new id for another text",
    "share-not-found": "the page of the link says it",
    "cart-refused": "the cart has words of its own",
    "cart-busy": "the cart has words of its own",
    "cart-change-not-found": "a proposal and its undo have words of their own",
    "shop-unavailable": "cards and the cart have words of their own",
    "shop-busy": "cards and the cart have words of their own",
    "shop-refused": "cards and the cart have words of their own",
    "product-not-found": "cards have words of their own",
}
# What an operator would say.
OPERATORS_WORDS = re.compile(
    r"\b(log|logs|key|keys|provider|server|token|tokens|API|HTTP|database|model)\b", re.IGNORECASE
)


def kinds() -> Iterator[type[Problem]]:
    waiting = [Problem]
    while waiting:
        kind = waiting.pop()
        yield kind
        waiting += kind.__subclasses__()


CODES = {kind.code: kind for kind in kinds() if kind.__module__ == problems.__name__}


def of_locale(tag: str, name: str) -> str:
    """Return the source of a member of the language's strings."""
    source = (LOCALES / f"{tag}.js").read_text("utf-8")
    found = re.search(rf"^  {name}: \{{\n(.*?)^  \}},$", source, re.MULTILINE | re.DOTALL)
    assert found, f"{tag} has no {name}"
    return found[1]


def keys(source: str) -> set[str]:
    return {each.strip("'") for each in re.findall(r"^    ('?[a-z_-]+'?):", source, re.MULTILINE)}


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_language_has_words_for_every_problem_that_a_shopper_can_meet(tag: str) -> None:
    said = keys(of_locale(tag, "problems"))
    assert CODES.keys() - said == NEVER_SHOWN.keys(), "give it words in every language, or say why nobody sees it"
    assert said - CODES.keys() == {"lost", "other"}


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_language_has_words_for_everything_that_the_server_says_it_is_doing(tag: str) -> None:
    assert keys(of_locale(tag, "status")) == {tool.name for tool in TOOLS} | {"queued", "thinking"}


@pytest.mark.parametrize("code", sorted(CODES.keys() - NEVER_SHOWN.keys()))
def test_what_a_shopper_reads_in_english_is_not_for_operators(code: str) -> None:
    told = CODES[code]().to_dict()
    words = f"{told['title']} {told['detail']}"
    assert not OPERATORS_WORDS.search(words), words


@pytest.mark.parametrize("kind", [kind for kind in CODES.values() if kind.advice])
def test_a_reason_is_for_the_log_and_the_advice_for_the_shopper(kind: type[Problem]) -> None:
    problem = kind("HTTP 401 from https://api.example.com: bad key")
    assert problem.to_dict()["detail"] == kind.advice
    assert "bad key" in problem.detail


def test_every_way_an_answer_can_fail_has_advice() -> None:
    failing = {code for code in CODES if code.startswith(("model-", "answer-", "empty-answer", "shop-"))}
    assert {code for code in failing if not CODES[code].advice} == {"shop-not-found"}


def test_why_an_answer_failed_is_in_the_log_alone(
    anna: Visitor, model: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    model.will(ModelRefused("HTTP 400 context window exceeded"))
    with caplog.at_level(logging.WARNING):
        said = anna.says("hello")
    assert "context window exceeded" in caplog.text
    told = json.loads(said[-1]["errorText"])
    assert told == anna.messages()[-1]["metadata"]["error"] == ModelRefused().to_dict()


def test_why_a_request_was_refused_is_in_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    response = problems.respond(ShopUnavailable("The shop's answer is damaged."))
    assert "damaged" not in response.get_data(as_text=True)
    assert "damaged" in caplog.text
