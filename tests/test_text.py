"""Text from outside: nothing invisible is left in it, nothing that people write is lost, no length takes long."""

from __future__ import annotations

import ast
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget_api.llm.prose import Plain
from widget_api.text import CONTEXT, MOST_MARKS, clean, fold, limit_marks, visible

SOURCES = Path(__file__).parents[1] / "widget_api"
# Default_Ignorable_Code_Point of Unicode 15.1 (DerivedCoreProperties.txt), and letters that look like a blank.
INVISIBLE = [
    *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0, 0x2800, 0x1D159),
    *range(0x180B, 0x1810),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0xFFF0, 0xFFFC),
    *range(0x1BCA0, 0x1BCA4),
    *range(0x1D173, 0x1D17B),
    *range(0xE0000, 0xE1000),
]
WRITTEN = {
    "emoji": "👨\u200d👩\u200d👧 ❤\ufe0f 👩🏽\u200d💻 🏳\ufe0f\u200d🌈 "
    "👁\ufe0f\u200d🗨\ufe0f 1\ufe0f\u20e3 ©\ufe0f ‼\ufe0f ⛹🏽\u200d♀\ufe0f",
    "Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 "
    "\u062e\u0627\u0646\u0647\u200c\u0647\u0627 \u06a9\u062a\u0627\u0628\u200c\u0647\u0627\u06cc",
    "Hindi": "क\u094d\u200dष र\u094d\u200cक",
    "Sinhala": "ශ\u0dca\u200dරී ලංකා",
    "Bengali": "র\u200d\u09cdযাব",
    "Malayalam": "അവന\u0d4d\u200d",
    "Marathi": "दऱ\u094d\u200dया",
    "Kannada": "ರ\u200d\u0ccdಕ",
    "Mongolian": "ᠠ\u180bᠨ\u180eᠠ ᠭ\u180d",
    "Khmer": "ស្វាគមន៍ ព្រះរាជាណាចក្រកម្ពុជា",
    "Burmese": "မြန်မာဘာသာ",
    "Tibetan": "བོད་ཡིག ཧཱུྃ",
    "Thai": "น้ำใจ ก็ดี",
    "Vietnamese": "Tiếng Việt rõ ràng",
    "Korean": "대한민국 한글",
    "Japanese": "ガギグ ﾊﾟﾋﾟﾌﾟ 葛飾区",
    "Hebrew": "בְּרֵאשִׁית",
    "Braille": "⠓⠑⠇⠇⠕\u2800⠺⠕⠗⠇⠙",
    "Yoruba": "ọ̀nà ẹ̀kọ́",
}
# What decides whether a character stays, often; all others sometimes.
HOSTILE = st.text(
    st.sampled_from(
        "aq1#=\u00e1\u212b\u2126\u2190\u2764👩\u1100\u1161\u0643\u06cc\u0915\u0958\u094d\u093c\u0e33\u1820\u180b\u180e\u2801\u2800\u0301\u0316\u0338"
        "\u0344\u0345\u0f71\u0f73\u200b\u200c\u200d\ufe0f\ufe00\u034f\u3099\uff8a\uff9e\uff76\r\n\u2028\u0653\u0627\u0654\u06d5"
    )
    | st.characters(),
    max_size=60,
)


def fed(pieces: list[str]) -> str:
    plain = Plain()
    return "".join([*map(plain.feed, pieces), plain.end()])


def test_what_nobody_sees_is_taken_out_wherever_it_means_nothing() -> None:
    def is_taken_out(hidden: str) -> bool:
        said = clean(f"a{hidden}b{hidden}{hidden}c"), clean(hidden * 3).strip(), fold(f"a{hidden}b")
        return said == ("abc", "", "ab")

    assert [hex(code) for code in INVISIBLE if not is_taken_out(chr(code))] == []


def test_every_character_that_unicode_tells_to_ignore_is_taken_out() -> None:
    shown = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf" and clean(chr(code))]
    # They stand before numbers and verses and are seen (UCD, Prepended_Concatenation_Mark), or join hieroglyphs.
    numbers = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    assert set(shown) == {*numbers, *map(chr, range(0x13430, 0x13439))}


def test_no_text_can_be_hidden_behind_another() -> None:
    bits = "".join("\u200c\u200d\ufe0f\ufe01\U000e0101\u2063\u180b"[number % 7] for number in range(700))
    assert clean(f"Do you have mittens?{bits}") == "Do you have mittens?"
    assert len(clean(f"❤{bits}")) <= 3
    assert len(clean(f"ی{bits}")) <= 2
    assert len(clean(f"ᠠ{bits}")) <= 4


@pytest.mark.parametrize("language", WRITTEN)
def test_what_people_write_stays_letter_for_letter(language: str) -> None:
    text = unicodedata.normalize("NFC", WRITTEN[language])
    assert clean(WRITTEN[language]) == text
    assert unicodedata.normalize("NFC", fed(list(WRITTEN[language]))) == text


@given(HOSTILE)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert visible(visible(text)) == visible(text)
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert fold(fold(text)) == fold(text)


@given(st.lists(HOSTILE))
def test_a_text_comes_out_the_same_however_it_was_cut(pieces: list[str]) -> None:
    whole = "".join(pieces)
    assert fed(pieces) == fed([whole]) == fed(list(whole))


@given(HOSTILE, HOSTILE)
def test_only_the_last_characters_before_a_piece_decide_about_it(before: str, after: str) -> None:
    before = visible(before.rstrip("\r"))
    whole = visible(before + after)
    assert whole.startswith(before)
    known = visible(before[-CONTEXT:])
    assert visible(known + after).removeprefix(known) == whole.removeprefix(before)


def test_marks_are_known_by_what_they_become() -> None:
    """What begins with a mark in any form counts as one: runs of it would take long to sort."""
    for character in map(chr, range(0x110000)):
        became = unicodedata.normalize("NFKD", character)
        if unicodedata.combining(became[0]) and clean(character):
            assert len(limit_marks(character * 40)) == MOST_MARKS, hex(ord(character))


def test_marks_without_end_are_cut_and_the_letter_stays() -> None:
    assert clean("a" + "\u0316" * 1000 + "b") == "a" + "\u0316" * MOST_MARKS + "b"
    assert fed(["a", *"\u0316" * 1000, "b"]) == "a" + "\u0316" * MOST_MARKS + "b"


def test_nothing_is_normalised_past_the_limit_of_marks() -> None:
    """`unicodedata.normalize` takes time that grows with the square of a run of marks."""
    calls = [
        (path.name, node.lineno)
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "normalize" and ast.unparse(node.value) == "unicodedata"
    ]
    assert [name for name, _ in calls] == ["text.py"]
