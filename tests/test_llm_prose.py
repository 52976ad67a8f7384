"""What a reader sees of a model's deltas does not depend on how the provider cut them."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from widget_api.llm.prose import Plain
from widget_api.text import clean

# The characters that matter often, all others sometimes.
TEXT = st.text(st.sampled_from("ab\r\n\x00\u200b\u2028\ud83e\udd7e\u0301\U0001f97e") | st.characters())
PIECES = st.lists(TEXT)


def plain(pieces: list[str]) -> str:
    cleaner = Plain()
    return "".join([*map(cleaner.feed, pieces), cleaner.end()])


@given(PIECES)
def test_cleaning_does_not_depend_on_the_cuts(pieces: list[str]) -> None:
    assert plain(pieces) == plain(["".join(pieces)]) == plain(list("".join(pieces)))


@given(PIECES)
def test_what_is_left_is_a_cleaned_text_but_for_composed_letters(pieces: list[str]) -> None:
    joined = plain(pieces)
    assert joined.encode().decode() == joined
    assert clean(joined) == unicodedata.normalize("NFC", joined)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_cleaning_is_the_same_as_of_any_other_text(text: str) -> None:
    assert unicodedata.normalize("NFC", plain(list(text))) == clean(text)


def test_halves_of_a_character_are_joined() -> None:
    assert plain(["\ud83e", "\udd7e"]) == "🥾"
