"""The block "Ask about this product" as its snippet renders it, whatever its settings hold."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from tests.test_liquid_snippet import HOSTILE, LIQUID, Elements, parameters
from widget_api.demo.renderer import environment

SNIPPET = environment().get_template("shop-chat-ask")
TAGS = ["shop-chat-ask", "h2", "svg", "path", "form", "button", "form", "input", "button", "svg", "path"]


def elements(**values: Any) -> Elements:
    return Elements(SNIPPET.render(request={"design_mode": False}, routes={"search_url": "/search"}, **values))


def questions(parsed: Elements) -> list[str | None]:
    return [attributes["value"] for tag, attributes in parsed.found if tag == "button" and "value" in attributes]


def test_it_has_three_questions_by_itself() -> None:
    parsed = elements()
    assert len(questions(parsed)) == 3
    forms = [attributes for tag, attributes in parsed.found if tag == "form"]
    assert {form["action"] for form in forms} == {"/search"}
    assert "Ask about this product" in parsed.text


def test_questions_are_lines_and_four_at_most() -> None:
    assert questions(elements(questions="One?\r\n Two & three?\n")) == ["One?", "Two & three?"]
    assert len(questions(elements(questions="a\nb\nc\nd\ne"))) == 4


def test_nothing_in_it_is_inline_style_or_script() -> None:
    found = elements().found
    assert not [name for _, attributes in found for name in attributes if name == "style" or name.startswith("on")]
    assert not {"style", "script"} & {tag for tag, _ in found}


@given(HOSTILE.filter(lambda text: text.strip()))
def test_no_value_leaves_its_place(text: str) -> None:
    line = " ".join(text.split())
    parsed = elements(heading=text, questions=line, placeholder=text, button=text)
    assert [tag for tag, _ in parsed.found] == TAGS
    assert questions(parsed) == [line]


def test_its_parameters_are_documented() -> None:
    source = (LIQUID / "snippets" / "shop-chat-ask.liquid").read_text()
    assert parameters(source) == ["heading", "questions", "placeholder", "button"]
