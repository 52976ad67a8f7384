"""A tool call runs only on arguments that are a JSON object, and holds nothing that cannot be stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget_api.llm.calls import arguments

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("", {}),
        (" \n", {}),
        ("{}", {}),
        ('{"query": "boots"}', {"query": "boots"}),
        ('{}{"query": "boots"}', {"query": "boots"}),
        ('{"query": "boots"} {"query": "boots"}', {"query": "boots"}),
        ('{"query": "two\nlines"}', {"query": "two\nlines"}),
        (r'{"query": "\ud83e\udd7e"}', {"query": "🥾"}),
        (r'{"query": "\ud83e boots\u0000"}', {"query": " boots"}),
        (r'{"qu\u0000ery": ["\u200bboots"]}', {"query": ["boots"]}),
        ('{"query": "boots"}{"query": "hats"}', None),
        ('{"query": "bo', None),
        ('{"query": boots}', None),
        ("[]", None),
        ('"boots"', None),
        ("null", None),
        ('{"quantity": NaN}', None),
        ('{"quantity": 1e999}', None),
        ('{"a":' * 100_000, None),
        ('{"quantity": ' + "9" * 5000 + "}", None),
    ],
)
def test_arguments_are_an_object_or_nothing(raw: str, read: dict[str, Any] | None) -> None:
    assert arguments(raw) == read


@given(st.dictionaries(st.text("abc"), JSON_VALUES, max_size=4))
def test_what_can_be_written_is_read(value: dict[str, Any]) -> None:
    assert arguments(json.dumps(value)) is not None


@given(st.text())
def test_no_text_is_a_fault_and_all_that_is_read_can_be_stored(raw: str) -> None:
    stored = json.dumps(arguments(raw), allow_nan=False, ensure_ascii=False)
    assert stored.encode().decode() == stored
