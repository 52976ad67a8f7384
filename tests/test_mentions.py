"""Titles that a text names: in any script and any pieces, the longest first, common words where they stand out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget_api.turns.mentions import Mentions, Titles
from widget_api.turns.presenting import presents_products

HATS = ["Hat", "Hat Box", "Ridge Beanie", "Crochet Hat", "Wool Cap", "Wool Cape", "Merino Neck Tube Long"]
BOARDS = [
    "The Collection Snowboard: Hydrogen",
    "The Collection Snowboard: Liquid",
    "Cloud Pillow \u2013 Merino Wool, Unisex",
    "Trail Sock (Pack of 3)",
]


def read(titles: list[str], text: str, size: int = 4) -> tuple[list[str], list[str]]:
    """Return the titles that the text names, and the common words that it uses as such, in their order."""
    mentions = Mentions(Titles({str(number): title for number, title in enumerate(titles)}))
    found = [each for at in range(0, len(text), size) for each in mentions.read(text[at : at + size])]
    found += mentions.end()
    named, aside = ([titles[int(each)] for each in dict.fromkeys(ids)] for ids in (found, mentions.aside))
    return named, aside


def named(titles: list[str], text: str) -> list[str]:
    return read(titles, text)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Take the **Ridge Beanie**, or the Crochet Hat.", ["Ridge Beanie", "Crochet Hat"]),
        ("The crochet one is thin; the Merino neck tube long is warm.", ["Merino Neck Tube Long"]),
        ("Crochet Hats and Ridge Beanies", ["Crochet Hat", "Ridge Beanie"]),
        ("The Ridge-Beanie's wool, RIDGE BEANIE, *Ridge* *Beanie*", ["Ridge Beanie"]),
        ("Wool Capes, then Wool Caps", ["Wool Cape", "Wool Cap"]),
        ("The Ridge Bea", []),
        ("The Ridge Beans", []),
        ("Nothing suitable.", []),
        ("The Ridge. Beanie", ["Ridge Beanie"]),
        ("The Ridge\nBeanie", []),
        ("Ridge is a brand; a beanie is a hat.", []),
        ("", []),
    ],
)
def test_a_text_names_titles_in_the_order_of_their_first_mention(text: str, expected: list[str]) -> None:
    assert named(HATS, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We have hats: the Ridge Beanie", (["Ridge Beanie"], [])),
        ("I found no hat.", ([], [])),
        ("The Hat costs 29.00 EUR", ([], ["Hat"])),
        ("Take **Hat** or “Hat Box”.", (["Hat", "Hat Box"], [])),
        ("- Hat: 12\n- Hat Box: 3", (["Hat", "Hat Box"], [])),
        ("1. Hat\n2. Crochet Hat", (["Hat", "Crochet Hat"], [])),
        ("| Hat | 12 |", (["Hat"], [])),
        ("**Hat Rack**", ([], ["Hat"])),
        ("**hats**", ([], [])),
        ("A hat box is not a hat.", ([], ["Hat Box"])),
    ],
)
def test_a_common_word_names_a_product_only_where_it_stands_out(
    text: str, expected: tuple[list[str], list[str]]
) -> None:
    assert read(HATS, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Cloud Pillow is soft.", [BOARDS[2]]),
        ("Three Trail Socks come in a pack.", [BOARDS[3]]),
        ("The Collection Snowboard is fast.", []),
        ("The Collection Snowboard: Liquid is fast.", [BOARDS[1]]),
        ("Take the **Snowboard Hydrogen**.", [BOARDS[0]]),
        ("Take the **Collection Snowboard**.", []),
        ("**Merino Wool** is warm.", [BOARDS[2]]),
    ],
)
def test_the_part_of_a_title_that_no_other_has_is_enough(text: str, expected: list[str]) -> None:
    assert named(BOARDS, text) == expected


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("リッジビーニー ウール", "こちらのリッジビーニー・ウールはいかがですか。"),
        ("羊毛帽子", "我推荐**羊毛帽子**\uff0c很暖和。"),
        ("릿지 비니 겨울", "릿지 비니 겨울은 따뜻해요."),
        ("قبعة صوف دافئة", "أنصحك بالقبعة صوف دافئة"),
        ("بنطلون رياضي", "عندنا والبنطلون رياضي"),
        ("כובע צמר חם", "הכובע צמר חם עולה"),
        ("Шапка Ridge Тёплая", "Возьмите шапку Ridge тёплую."),
        ("Μάλλινος Σκούφος Ridge", "\u03bf μάλλινος σκούφος ridge"),
        ("หมวกไหมพรม อุ่น", "ขอแนะนำหมวกไหมพรมอุ่นค่ะ"),
        ("ऊनी टोपी गर्म", "यह ऊनी टोपी गर्म है"),
        ("Mütze Ärmel 44", "die Mu\u0308tzen A\u0308rmel 44"),
        ("Men\u2019s Tee 3", "the Men's Tee 3"),
        ("Brand™ Cap 7", "the brand cap 7"),
    ],
)
def test_titles_are_found_in_all_scripts_and_spellings(title: str, text: str) -> None:
    assert named([title, "Hat Box"], text) == [title]


def test_two_products_of_the_same_title_are_both_named() -> None:
    mentions = Mentions(Titles({"a": "Logo Tee 1", "b": "Logo Tee 1", "c": "Logo Tee 2"}))
    assert [*mentions.read("The Logo Tee 1."), *mentions.end()] == ["a", "b"]


def test_a_title_is_named_as_soon_as_no_longer_one_can_come() -> None:
    mentions = Mentions(Titles({"a": "Ridge Beanie 2", "b": "Ridge Beanie 2 Kids"}))
    assert mentions.read("The Ridge Beanie 2") == []
    assert mentions.read(" ") == []
    assert mentions.read("is warm") == ["a"]
    assert mentions.read(" and the Ridge Beanie 2 Kids") == []
    assert mentions.read(", too") == ["b"]


WORDS = st.sampled_from(
    ["Ridge", "Beanie", "Beanies", "Hat", "hat", "帽", "子", "**", "\n", "- ", ":", "“", "2", ".", " "]
)
TEXTS = st.lists(WORDS | st.text(max_size=2), max_size=30).map(" ".join) | st.lists(WORDS, max_size=30).map("".join)


@given(st.lists(TEXTS, max_size=6), TEXTS, st.integers(1, 9))
def test_the_pieces_that_a_text_comes_in_make_no_difference(titles: list[str], text: str, size: int) -> None:
    assert read([*HATS, *titles], text, size) == read([*HATS, *titles], text, len(text) or 1)


@pytest.mark.parametrize(
    "text",
    [
        "Here are some hats:",
        "Here they are.",
        "Sorry for the wait. Here they are:",
        "We have three warm ones.",
        "Hier sind drei warme Mützen:",
        "Das habe ich gefunden.",
        "Voici ce que nous avons.",
        "Estos son los más abrigados:",
        "Ecco i cappelli più caldi.",
        "こちらがおすすめです。",
        "إليك بعض القبعات:",
        "הנה כמה כובעים",
        "Вот тёплые шапки",
    ],
)
def test_a_text_that_announces_products_presents_them(text: str) -> None:
    assert presents_products(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Nothing suitable.",
        "I have looked, but we don't have any.",
        "We don\u2019t have warm hats here.",
        "I found some hats, but none is warm.",
        "For whom is it?",
        "Leider habe ich nichts Passendes gefunden.",
        "Je n'ai rien trouvé.",
        "Lamentablemente no tenemos gorros.",
        "Non abbiamo cappelli caldi.",
        "We hebben helaas geen mutsen.",
        "Infelizmente não temos gorros.",
        "申し訳ございません、見つかりませんでした。",
        "للأسف لا توجد قبعات دافئة.",
        "לצערי אין לנו כובעים.",
        "\u041a сожалению, ничего нет.",
    ],
)
def test_a_text_that_finds_nothing_presents_nothing(text: str) -> None:
    assert not presents_products(text)
