"""Searches find words however they are written: without case, accents, vowel points and width, in every language that
the widget speaks, on both databases, and in the widget by the same vectors."""

from __future__ import annotations

import json
import shutil
import subprocess
import unicodedata
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.column import ROOT
from tests.conftest import Visitor
from tests.test_migrations import loaded, write
from widget_api import database, models
from widget_api.models import Conversation, Message, connected
from widget_api.text import cut, fold

VECTORS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("fold_vectors.json").read_text())
FOLD_JS = ROOT / "static" / "widget" / "src" / "conversation" / "fold.js"
# Reads JSON strings, one a line, and writes what the widget makes of them.
FOLD_ALL = f"""
import {{ fold }} from {json.dumps(FOLD_JS.as_uri())};
import {{ readFileSync }} from 'node:fs';
const texts = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(texts.map(fold)));
"""

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["text"])
def test_words_are_found_however_they_are_written(anna: Visitor, vector: dict[str, Any]) -> None:
    assert fold(vector["text"]) == vector["folded"]
    anna.says(vector["text"])
    for words in vector["finds"]:
        assert found(anna, words) == [anna.conversation], words
    for words in vector["misses"]:
        assert found(anna, words) == [], words


def found(visitor: Visitor, words: str) -> list[str]:
    response = visitor.get("/api/conversations", query_string={"q": words})
    assert response.status_code == 200, response.text
    return [each["id"] for each in response.json["conversations"]]


def test_a_new_title_is_found_however_it_is_written(anna: Visitor) -> None:
    anna.says("hello")
    renamed = anna.request("PATCH", f"/api/conversations/{anna.conversation}", json={"title": "Größe für Zoé"})
    assert renamed.status_code == 200
    assert found(anna, "ZOE grosse") == [anna.conversation]


def test_a_search_of_many_words_looks_for_the_longest_few(anna: Visitor) -> None:
    anna.says(" ".join(f"word{n:02}" for n in range(30)))
    assert found(anna, " ".join(f"word{n:02}" for n in range(25))) == [anna.conversation]
    assert found(anna, "absent-and-longest " + "a b c d e f g h i j k l m n") == []


def test_a_search_that_is_too_long_is_refused(anna: Visitor) -> None:
    anna.says("hello")
    refused = anna.get("/api/conversations", query_string={"q": "\u0301\u0316" * 101})
    assert refused.status_code == 400
    assert refused.json["detail"] == "q has 202 characters: 200 are the most. Search for fewer words."
    assert (
        anna.get("/api/conversations", query_string={"q": " ".join("z" * n for n in range(1, 19))}).status_code == 200
    )
    assert anna.get("/api/conversations", query_string={"q": "x y " * 50}).status_code == 200


@given(any_text)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert fold(text.upper()) == fold(text.lower()) == fold(unicodedata.normalize("NFD", text)) == once


@given(any_text, st.integers(1, 40))
def test_a_cut_never_ends_within_a_character(text: str, most: int) -> None:
    beginning = cut(text, most)
    assert text.startswith(beginning)
    assert len(beginning) <= most
    assert beginning == text or not text or beginning


@pytest.mark.parametrize(
    ("text", "most", "beginning"),
    [
        ("abc", 3, "abc"),
        ("cafe\u0301s", 4, "caf"),
        ("a👍🏽b", 2, "a"),
        ("a👩\u200d🚀b", 3, "a"),
        ("🇫🇮🇸🇪", 3, "🇫🇮"),
        ("🇫🇮🇸🇪", 2, "🇫🇮"),
        ("e\u0301", 1, "e"),
    ],
)
def test_a_cut_keeps_what_a_reader_takes_for_one_character(text: str, most: int, beginning: str) -> None:
    assert cut(text, most) == beginning


@pytest.mark.node
def test_the_widget_folds_as_the_server_does() -> None:
    """Every character that both know, and every vector."""
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    known = (chr(point) for point in range(0x110000))
    characters = [each for each in known if unicodedata.category(each) not in {"Cn", "Cs", "Co"}]
    texts = [f"a{each}b" for each in characters] + [vector["text"] for vector in VECTORS]
    done = subprocess.run(
        ["node", "--input-type=module", "-e", FOLD_ALL],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = json.loads(done.stdout)
    assert [(text, fold(text), other) for text, other in zip(texts, theirs, strict=True) if fold(text) != other] == []


def test_rows_of_the_release_before_are_folded_by_the_migration(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sorted(database.MIGRATIONS.glob("[0-9]*.py"))
    folder = tmp_path / "migrations"
    folder.mkdir()
    monkeypatch.setattr(database, "MIGRATIONS", folder)
    folding = next(number for number, file in enumerate(files) if "folded_search" in file.name)
    for file in files[:folding]:
        (folder / file.name).write_text(file.read_text())
    models.connect(url)
    names = [uuid.uuid4().hex for _ in range(3)]
    for name in names:
        write(loaded(files[0]), name)
    with connected():
        Conversation.update(search="crème brûlée").where(Conversation.id == names[0]).execute()
        Message.update(search="größe").where(Message.id << names[:2]).execute()
        Message.update(search="plain").where(Message.id == names[2]).execute()
    for file in files[folding:]:
        (folder / file.name).write_text(file.read_text().replace("BATCH = 1000", "BATCH = 1"))
    models.connect(url)
    with connected():
        titles = {row.id: row.search for row in Conversation.select()}
        texts = {row.id: row.search for row in Message.select()}
    assert titles == {names[0]: "creme brulee", names[1]: "", names[2]: ""}
    assert texts == {names[0]: "grosse", names[1]: "grosse", names[2]: "plain"}
