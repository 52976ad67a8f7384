"""The widget's languages: each says all that English says, with every number, in its own words and its own script."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.test_shoppers_words import CODES
from widget_api.problems import Problem
from widget_api.shopify.tools import TOOLS

pytestmark = [pytest.mark.node, pytest.mark.xdist_group("widget-locales")]

SOURCES = Path(__file__).parents[1] / "static" / "widget" / "src"
LANGUAGES = ["de", "fr", "es", "it", "nl", "pt-BR", "ja", "ar", "he"]

# What is right to be the same as in English.
SAME = {
    "de": {"strings.version"},
    "fr": {"strings.version", "strings.log", "strings.actions"},
    "es": {"strings.version"},
    "it": {"strings.version"},
    "nl": {"strings.version"},
    "pt-BR": {"strings.version"},
    "ja": {"strings.version"},
    "ar": set(),
    "he": set(),
}
SCRIPTS = {"ja": "[\u3040-\u30ff\u4e00-\u9fff]", "ar": "[\u0620-\u064a]", "he": "[\u05d0-\u05ea]"}
# One and two are said in words here: in Arabic, two is an ending of what is counted.
IN_WORDS = {"ar": {"1": r"واحدة?\b", "2": r"(ان|ين)\b"}, "he": {"1": r"\b(אחד|אחת)\b", "2": r"\b(שתי|יומיים)\b"}}

# A function is asked with each number, as a sum, as a name, and with either answer to a second question.
READ = """
const NUMBERS = [0, 1, 2, 3, 5, 11, 100];
const SECONDS = [[], [false], [true], [7]];

function* leaves(value, path) {
  if (typeof value === 'function') {
    const asked = SECONDS.flatMap((second) => NUMBERS.map((n) => [n, ...second]));
    const said = asked.filter(({ length }) => length === value.length).map((each) => [each, value(...each)]);
    yield { path, takes: value.length, said };
  } else if (typeof value === 'string') yield { path, takes: null, said: [[[], value]] };
  else for (const [key, inner] of Object.entries(value)) yield* leaves(inner, `${path}.${key}`);
}

const from = (path) => import(`file://${process.argv[1]}/${path}`);
const read = ({ strings, pages }) => [...leaves(strings, 'strings'), ...leaves(pages, 'pages')];
const [own, messages, shopping, feedback, pages] = await Promise.all(
  ['common', 'messages', 'shopping', 'feedback', 'pages'].map((of) => from(`${of}/strings.js`)),
);
const strings = { ...own.strings, ...messages.strings, ...shopping.strings, ...feedback.strings };
const english = { ...own, strings, pages: pages.strings };
const all = { en: read(english) };
for (const tag of process.argv.slice(2)) all[tag] = read(await from(`locales/${tag}.js`));
const { launchers } = await from('locales/launcher.js');
console.log(JSON.stringify({ all, launchers, launcher: english.launcher }));
"""


class Entry(NamedTuple):
    """One thing that the widget says: a text, or a function and what it says to what it is asked."""

    takes: int | None
    said: dict[str, str]


class Words(NamedTuple):
    languages: dict[str, dict[str, Entry]]
    launchers: dict[str, dict[str, str]]
    launcher: dict[str, str]


@pytest.fixture(scope="module")
def words() -> Words:
    if not shutil.which("node"):
        missing = "node is not installed: the widget's languages were not read"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    command = ["node", "--input-type=module", "-e", READ, str(SOURCES), *LANGUAGES]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    languages = {tag: dict(map(entry, entries)) for tag, entries in found["all"].items()}
    languages["en"] = servers_words(languages["de"]) | languages["en"]
    return Words(languages, found["launchers"], found["launcher"])


def servers_words(like: dict[str, Entry]) -> dict[str, Entry]:
    """What the server says in English itself, so that the widget has it in all other languages alone."""
    said = {f"strings.status.{tool.name}": tool.status for tool in TOOLS}
    said |= {f"strings.problems.{code}": str(kind().to_dict()["detail"]) for code, kind in CODES.items()}
    said |= {"strings.status.thinking": "Still thinking", "strings.problems.other": Problem().title}
    counted = {json.dumps([n]): f"{n} shoppers are before you" for n in (0, 1, 2, 3, 5, 11, 100)}
    words = {path: Entry(None, {"[]": text}) for path, text in said.items() if path in like}
    return words | {"strings.status.queued": Entry(1, counted)}


def entry(found: dict[str, object]) -> tuple[str, Entry]:
    path, takes, said = found["path"], found["takes"], found["said"]
    assert isinstance(path, str)
    assert isinstance(takes, int | None)
    assert isinstance(said, list)
    return path, Entry(takes, {json.dumps(asked): text for asked, text in said})


def texts(language: dict[str, Entry]) -> Iterator[tuple[str, str]]:
    for path, each in language.items():
        for asked, text in each.said.items():
            yield f"{path} {asked}", text


def numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def tells(tag: str, number: str, text: str) -> bool:
    """Whether a text has the number in it, be it in words where the language has it so."""
    word = IN_WORDS.get(tag, {}).get(number)
    return number in numbers(text) or bool(word and re.search(word, text))


each_language = pytest.mark.parametrize("tag", LANGUAGES)


def test_no_language_lies_there_unread() -> None:
    there = {path.stem for path in (SOURCES / "locales").glob("*.js")}
    assert there == {*LANGUAGES, "launcher"}


def test_english_says_every_number_that_it_is_given(words: Words) -> None:
    for path, each in words.languages["en"].items():
        for asked, text in each.said.items():
            given = json.loads(asked)
            if path == "strings.tryIn":
                given = [math.ceil(n / 60) if n >= 90 else n for n in given]
            if path == "pages.found":  # the second is whether there are more
                given = given[:1]
            assert {str(n) for n in given if not isinstance(n, bool)} <= set(numbers(text)), (path, asked, text)


@each_language
def test_it_has_what_english_has_at_every_depth_and_nothing_else(words: Words, tag: str) -> None:
    assert sorted(words.languages[tag]) == sorted(words.languages["en"])


@each_language
def test_its_functions_take_what_the_english_ones_take(words: Words, tag: str) -> None:
    taken = {path: each.takes for path, each in words.languages[tag].items()}
    assert taken == {path: each.takes for path, each in words.languages["en"].items()}


@each_language
def test_it_says_every_number_that_english_says(words: Words, tag: str) -> None:
    for path, each in words.languages[tag].items():
        for asked, text in each.said.items():
            english = words.languages["en"][path].said[asked]
            lost = [number for number in numbers(english) if not tells(tag, number, text)]
            assert not lost, (path, asked, text)


@each_language
def test_it_says_no_number_that_english_does_not_say(words: Words, tag: str) -> None:
    for path, each in words.languages[tag].items():
        for asked, text in each.said.items():
            assert set(numbers(text)) <= set(numbers(words.languages["en"][path].said[asked])), (path, asked, text)


@each_language
def test_only_what_may_be_is_the_same_as_in_english(words: Words, tag: str) -> None:
    english = words.languages["en"]
    assert {path for path, each in words.languages[tag].items() if each.said == english[path].said} == SAME[tag]


@each_language
def test_nothing_in_it_is_empty_or_hangs_over(words: Words, tag: str) -> None:
    for path, text in texts(words.languages[tag]):
        assert text, path
        assert text == text.strip(), (path, text)
        assert "  " not in text, (path, text)
        assert "undefined" not in text, (path, text)


@each_language
def test_its_quotation_marks_are_no_typewriters(words: Words, tag: str) -> None:
    for path, text in texts(words.languages[tag]):
        assert not set(text) & set("\"'`"), (path, text)


@each_language
def test_a_sentence_in_english_is_a_sentence_in_it(words: Words, tag: str) -> None:
    ends = (".", "!", "。")
    for path, text in texts(words.languages[tag]):
        name, asked = path.split(" ", 1)
        if words.languages["en"][name].said[asked].endswith("."):
            assert text.endswith(ends), (path, text)


@pytest.mark.parametrize("tag", SCRIPTS)
def test_it_is_in_its_own_script(words: Words, tag: str) -> None:
    for path, text in texts(words.languages[tag]):
        assert path.split(" ")[0] in SAME[tag] or re.search(SCRIPTS[tag], text), (path, text)


def test_french_has_its_narrow_spaces(words: Words) -> None:
    for path, text in texts(words.languages["fr"]):
        assert not re.search("(?<!\u202f)[?!:;»]|«(?!\u202f)", text), (path, text)


def test_spanish_opens_what_it_closes(words: Words) -> None:
    for path, text in texts(words.languages["es"]):
        assert (text.count("¿"), text.count("¡")) == (text.count("?"), text.count("!")), (path, text)


def test_arabic_and_japanese_have_their_own_marks(words: Words) -> None:
    for path, text in texts(words.languages["ar"]):
        assert not set(text) & set("?,;"), (path, text)
    for path, text in texts(words.languages["ja"]):
        assert not set(text) & set("?!,.:;()"), (path, text)


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("fr", ["0 article", "1 article", "2 articles"]),
        ("pt-BR", ["0 item", "1 item", "2 itens"]),
        ("nl", ["0 artikelen", "1 artikel", "2 artikelen"]),
        ("ar", ["0 منتج", "منتج واحد", "منتجان", "3 منتجات", "5 منتجات", "11 منتجًا", "100 منتج"]),
        ("he", ["0 פריטים", "פריט אחד", "2 פריטים"]),
    ],
)
def test_it_counts_by_its_own_rules(words: Words, tag: str, said: list[str]) -> None:
    counted = list(words.languages[tag]["strings.items"].said.values())
    assert counted[: len(said)] == said


def test_the_launcher_speaks_all_of_them(words: Words) -> None:
    assert sorted(words.launchers) == sorted(["en", *LANGUAGES])
    assert words.launchers["en"] == words.launcher
    for tag in LANGUAGES:
        spoken = words.launchers[tag]
        assert list(spoken) == list(words.launcher)
        for key, text in spoken.items():
            assert text != words.launcher[key]
            assert text.strip()
            assert not set(text) & set("\"'`")
            assert re.search(SCRIPTS.get(tag, "."), text)


def test_what_every_page_loads_of_them_is_small(words: Words) -> None:
    assert len(json.dumps(words.launchers, ensure_ascii=False).encode()) < 1_800
