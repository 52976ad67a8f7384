"""What the model is told: the rules, the merchant's words, the page, and as much history as fits."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ANNAS_SHOP, Visitor, chat_body
from tests.scripted import Scripted
from widget_api.llm.base import Assistant, Result, User
from widget_api.models import Message, Shop
from widget_api.shopify.tools import TOOLS
from widget_api.turns import prompt
from widget_api.turns.shortening import SHORTENED
from widget_api.turns.token_count import estimate_entries

# Rules of this kind have 4.36 characters a token in o200k, which other tokenizers of today come close to.
CHARACTERS_A_TOKEN_OF_RULES = 4.3


def question(text: str) -> Message:
    return Message(role="user", parts=[{"type": "text", "text": text}])


def answer(text: str, output: Any = None) -> Message:
    parts: list[dict[str, Any]] = [{"type": "step-start"}]
    if output is not None:
        tool = {"type": "tool-search_catalog", "toolCallId": "c", "state": "output-available", "input": {}}
        parts += [{**tool, "output": output}, {"type": "step-start"}]
    return Message(role="assistant", parts=[*parts, {"type": "text", "text": text}])


def test_the_whole_conversation_is_told_when_it_fits() -> None:
    told = prompt.history([question("hats?"), answer("Here.", {"products": [1]}), question("green?")])
    assert [type(entry).__name__ for entry in told] == ["User", "Assistant", "Result", "Assistant", "User"]


def test_tool_results_of_earlier_turns_are_shortened_before_anything_is_left_out() -> None:
    hat = {"id": "gid://shopify/Product/1", "title": "Hat", "price": "9.00 EUR", "description": "x" * 100}
    told = prompt.history([question("hats?"), answer("Here.", {"products": [hat] * 20}), question("green?")], 900)
    (result,) = [entry for entry in told if isinstance(entry, Result)]
    hats = [{"id": "1", "title": "Hat", "price": "9.00 EUR", "variants": []}] * 20
    assert json.loads(result.text) == {"products": hats, **SHORTENED}
    assert told[0] == User("hats?")


def test_whole_turns_are_left_out_from_the_oldest_on() -> None:
    messages = [each for number in range(50) for each in (question(f"q{number} " * 20), answer("a " * 50))]
    told = prompt.history([*messages, question("the newest")], tokens=500)
    assert told[-1] == User("the newest")
    assert isinstance(told[0], User)
    assert 3 <= len(told) < 20
    assert estimate_entries(told) <= 500


@given(st.lists(st.tuples(st.text(max_size=80), st.text(max_size=80)), max_size=12), st.integers(1, 400))
def test_the_newest_question_is_always_told_and_calls_are_never_parted_from_results(
    said: list[tuple[str, str]], tokens: int
) -> None:
    messages = [each for q, a in said for each in (question(q), answer(a, {"n": a}))]
    told = prompt.history([*messages, question("newest")], tokens=tokens)
    assert told[-1] == User("newest")
    called = {call.id for entry in told if isinstance(entry, Assistant) for call in entry.calls}
    assert called == {entry.call_id for entry in told if isinstance(entry, Result)}


def test_an_unfinished_call_is_left_out() -> None:
    broken = answer("So far")
    broken.parts.append({"type": "tool-get_cart", "toolCallId": "c", "state": "input-available", "input": {}})
    told = prompt.history([question("q"), broken, question("again")])
    assert told[1] == Assistant("So far")


def test_the_merchants_words_stand_in_the_system_prompt_and_the_page_beside_the_question(
    anna: Visitor, model: Scripted
) -> None:
    Shop.register(ANNAS_SHOP, prompt="Always mention the spring sale.")
    body = chat_body(anna.conversation, "Is it warm?")
    page = {"url": "https://anna.example/products/hat", "type": "product", "locale": "de"}
    body["message"]["parts"].append({"type": "data-page", "data": page})
    assert anna.post("/api/chat", json=body).data
    system = model.requests[0].system
    assert "Anna" in system
    assert "The shop's owner says:\nAlways mention the spring sale." in system
    assert "key=" not in system
    question = model.requests[0].messages[-1]
    assert question == User("Is it warm?", {"path": "/products/hat", "type": "product", "locale": "de"})


def test_the_rules_come_first_and_the_language_last_around_the_merchants_words() -> None:
    told = prompt.system(Shop(domain=ANNAS_SHOP, name="Anna", prompt="Mention {the} sale."))
    plain = prompt.system(Shop(domain=ANNAS_SHOP, name="Anna"))
    rules, _, rest = told.partition("\n\nThe shop's owner says:\nMention {the} sale.\n\n")
    assert plain.startswith(rules)
    assert "the rules win" in rest
    assert told.splitlines()[-1] == plain.splitlines()[-1] == prompt.LANGUAGE


def test_the_model_is_told_how_to_reach_the_shop_and_the_language_of_the_catalogue_where_they_are_known() -> None:
    told = prompt.system(Shop(domain=ANNAS_SHOP, contact="help@anna.example\nnew line", language="de"))
    assert "How to reach the shop: help@anna.example new line\nThe language of the product titles: de\n" in told
    assert "reach the shop:" not in prompt.system(Shop(domain=ANNAS_SHOP))


def test_rules_and_facts_of_the_shop_are_under_600_tokens() -> None:
    told = prompt.system(Shop(domain=ANNAS_SHOP, name="Anna", contact="help@anna.example", language="de"))
    assert len(told) / CHARACTERS_A_TOKEN_OF_RULES < 600


def test_the_rules_name_tools_that_there_are() -> None:
    named = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", prompt.system(Shop(domain=ANNAS_SHOP))))
    assert named == {"search_catalog", "get_product", "search_shop_policies_and_faqs"}
    assert named <= {spec.name for spec in TOOLS}


def test_each_tool_says_when_to_call_it_and_gives_an_example() -> None:
    for spec in TOOLS:
        assert "Call it" in spec.description
        assert "{" in spec.description


def test_the_page_is_kept_with_the_message(anna: Visitor) -> None:
    body = chat_body(anna.conversation, "Is it warm?")
    body["message"]["parts"].append({"type": "data-page", "data": {"title": " A\u202e\n hat ", "type": "product"}})
    assert anna.post("/api/chat", json=body).data
    assert anna.messages()[0]["parts"][1] == {"type": "data-page", "data": {"title": "A hat", "type": "product"}}
