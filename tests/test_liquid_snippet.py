"""The snippet that merchants paste: one element and one script, whatever the shop's names and settings hold."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget_api.demo.renderer import environment

LIQUID = Path(__file__).parents[1] / "liquid"
API = "https://chat.example.com"
SNIPPET = environment().get_template("shop-chat")
HOSTILE = st.text(alphabet=st.sampled_from("\"'<>&=/ \n`{}%") | st.characters(codec="utf-8"), max_size=30)


class Elements(HTMLParser):
    """Every start tag with its attributes, and the text between tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def objects(text: str = "x", *, product: bool = False, collection: bool = False) -> dict[str, Any]:
    """The Liquid objects of a page on which every string is `text`."""
    return {
        "shop": {"permanent_domain": text},
        "request": {"locale": {"iso_code": text}, "page_type": text, "design_mode": False},
        "localization": {"country": {"iso_code": text}},
        "cart": {"currency": {"iso_code": text}},
        "routes": {"root_url": text},
        "product": {"id": text, "selected_or_first_available_variant": {"id": text}} if product else None,
        "collection": {"handle": text} if collection else None,
    }


def elements(**given: Any) -> Elements:
    return Elements(SNIPPET.render(**given))


def parameters(source: str) -> list[str]:
    """What `{% doc %}` says that a snippet takes."""
    return re.findall(r"@param \{\w+\} \[(\w+)\] - \S", source)


SETTINGS = [name for name in parameters((LIQUID / "snippets" / "shop-chat.liquid").read_text()) if name != "api"]


def test_a_plain_page_gets_the_element_and_the_script() -> None:
    (chat, given_to_chat), (script, given_to_script) = elements(**objects("x")).found
    assert (chat, script) == ("shop-chat", "script")
    assert given_to_script == {"src": f"{API}/widget/chat.js", "type": "module", "async": None}
    assert given_to_chat["data-api"] == API
    names = {"shop", "locale", "country", "currency", "root", "page-type"}
    assert set(given_to_chat) == {"data-api", *(f"data-{name}" for name in names)}


def test_a_product_page_names_product_and_variant() -> None:
    attributes = elements(**objects("7", product=True, collection=True)).found[0][1]
    assert (attributes["data-product-id"], attributes["data-variant-id"]) == ("7", "7")
    assert attributes["data-collection"] == "7"


def test_settings_that_are_empty_are_left_out() -> None:
    attributes = elements(**objects("x"), title="", greeting=None, color="#336699").found[0][1]
    assert attributes["data-color"] == "#336699"
    assert not {"data-title", "data-greeting", "data-position"} & set(attributes)


def test_each_parameter_is_an_attribute() -> None:
    assert len(SETTINGS) == 18
    given = {name: f"{name} <1>\n2" for name in SETTINGS}
    attributes = elements(**objects("x"), **given).found[0][1]
    assert {name: attributes[f"data-{name.replace('_', '-')}"] for name in SETTINGS} == given


def test_merchants_can_read_about_each_of_them() -> None:
    page = (LIQUID.parent / "docs" / "storefront.md").read_text()
    rows = {name for line in page.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line)}
    assert not {*SETTINGS, "api"} - rows


def test_zero_is_a_setting() -> None:
    assert elements(**objects("x"), radius=0).found[0][1]["data-radius"] == "0"


def test_what_is_agreed_to_leads_to_the_shops_privacy_policy() -> None:
    page = objects("x")
    page["shop"]["privacy_policy"] = {"url": "/policies/privacy-policy"}
    assert "data-consent-link" not in elements(**page).found[0][1]
    attributes = elements(**page, consent="You agree.").found[0][1]
    assert attributes["data-consent-link"] == "/policies/privacy-policy"


@pytest.mark.parametrize("mode", ["design_mode", "visual_preview_mode"])
def test_the_theme_editor_is_told_apart(mode: str) -> None:
    page = objects("x")
    assert "data-design-mode" not in elements(**page).found[0][1]
    page["request"][mode] = True
    assert "data-design-mode" in elements(**page).found[0][1]


@given(HOSTILE, HOSTILE.filter(bool))
def test_no_value_leaves_its_attribute(text: str, setting: str) -> None:
    page = objects(text, product=True, collection=True)
    settings = dict.fromkeys((*SETTINGS, "api"), setting)
    parsed = elements(**page, **settings)
    assert [tag for tag, _ in parsed.found] == ["shop-chat", "script"]
    assert parsed.text.strip() == ""
    assert set(parsed.found[1][1]) == {"src", "type", "async"}
    values = {name: value for name, value in parsed.found[0][1].items() if name != "data-api"}
    assert set(values.values()) <= {text, setting}


def test_the_backends_address_stands_in_one_place() -> None:
    source = (LIQUID / "snippets" / "shop-chat.liquid").read_text()
    assert source.count(API) == 1
