"""The theme app extension and the demo's theme, as Shopify's own linter sees them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.node_tools import require_node
from tests.test_liquid_snippet import parameters
from tests.test_widget_locales import LANGUAGES
from widget_api.demo.renderer import THEME

LIQUID = Path(__file__).parents[1] / "liquid"
ERROR = 0


def offenses(folder: Path, preset: str) -> list[dict[str, Any]]:
    """What theme-check has against a folder by one of its presets."""
    node = require_node()
    command = ["node", "theme-check.mjs", str(folder), str(node / f"{preset}.theme-check.yml")]
    done = subprocess.run(command, cwd=node, capture_output=True, text=True, timeout=60, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.node
def test_the_extension_is_clean() -> None:
    assert offenses(LIQUID / "extension", "extension") == []


@pytest.mark.node
def test_the_linter_would_have_noticed(tmp_path: Path) -> None:
    spoiled = shutil.copytree(LIQUID / "extension", tmp_path / "extension")
    block = spoiled / "blocks" / "chat.liquid"
    block.write_text(block.read_text().partition("{% schema %}")[0])
    assert "AppBlockMissingSchema" in {each["check"] for each in offenses(spoiled, "extension")}


@pytest.mark.node
def test_the_snippets_are_clean_in_a_theme(tmp_path: Path) -> None:
    theme = shutil.copytree(THEME, tmp_path / "theme")
    shutil.copytree(LIQUID / "snippets", theme / "snippets", dirs_exist_ok=True)
    shutil.copytree(LIQUID / "assets", theme / "assets", dirs_exist_ok=True)
    (theme / "locales").mkdir()
    (theme / "locales" / "en.default.json").write_text("{}")
    found = offenses(theme, "theme")
    assert [each for each in found if "shop-chat" in each["uri"]] == []
    # The one error is Shopify's own: its globals stand in a script that blocks.
    assert {Path(each["uri"]).name for each in found if each["severity"] == ERROR} == {"content-for-header.liquid"}


def test_the_extension_has_only_the_folders_that_shopify_takes() -> None:
    folders = {path.name for path in (LIQUID / "extension").iterdir() if path.is_dir()}
    assert folders <= {"assets", "blocks", "locales", "snippets"}


def schema(block: str) -> dict[str, Any]:
    source = (LIQUID / "extension" / "blocks" / f"{block}.liquid").read_text()
    found: dict[str, Any] = json.loads(source.partition("{% schema %}")[2].partition("{% endschema %}")[0])
    return found


@pytest.mark.parametrize("block", ["chat", "ask"])
def test_every_label_of_the_settings_is_translated(block: str) -> None:
    words = json.loads((LIQUID / "extension" / "locales" / "en.default.schema.json").read_text())
    for name in _names(schema(block)):
        found: Any = words
        for part in name.removeprefix("t:").split("."):
            found = found[part]
        assert isinstance(found, str)


def test_every_parameter_of_the_snippet_is_a_setting_of_the_app_embed() -> None:
    snippet = (LIQUID / "snippets" / "shop-chat.liquid").read_text()
    settings = [each["id"] for each in schema("chat")["settings"] if "id" in each]
    assert sorted(settings) == sorted(parameters(snippet))
    block = (LIQUID / "extension" / "blocks" / "chat.liquid").read_text()
    assert all(re.search(rf"^  {name}: ", block, re.MULTILINE) for name in settings)


def test_each_language_has_the_words_of_the_block_for_products() -> None:
    files = {path.name: json.loads(path.read_text()) for path in (LIQUID / "extension" / "locales").glob("*.json")}
    assert {name.partition(".")[0] for name in files} == {"en", *LANGUAGES}
    words = {name: each["chat"]["ask"] for name, each in files.items() if "schema" not in name}
    for name, ask in words.items():
        assert list(ask) == ["heading", "questions", "placeholder", "button"]
        assert len(ask["questions"].splitlines()) == 3
        assert name == "en.default.json" or ask.items().isdisjoint(words["en.default.json"].items())


def test_both_ways_to_install_are_the_same_files() -> None:
    for name in ("snippets/shop-chat.liquid", "snippets/shop-chat-ask.liquid", "assets/shop-chat-ask.css"):
        assert (LIQUID / name).read_bytes() == (LIQUID / "extension" / name).read_bytes()


def _names(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        return [name for value in schema.values() for name in _names(value)]
    if isinstance(schema, list):
        return [name for value in schema for name in _names(value)]
    return [schema] if isinstance(schema, str) and schema.startswith("t:") else []
