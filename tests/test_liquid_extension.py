"""The theme app extension and the demo's theme, as Shopify's own linter sees them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.node_tools import require_node
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
def test_the_snippet_is_clean_in_a_theme(tmp_path: Path) -> None:
    theme = shutil.copytree(THEME, tmp_path / "theme")
    shutil.copy(LIQUID / "snippets" / "shop-chat.liquid", theme / "snippets")
    (theme / "locales").mkdir()
    (theme / "locales" / "en.default.json").write_text("{}")
    found = offenses(theme, "theme")
    assert [each for each in found if "shop-chat" in each["uri"]] == []
    # The one error is Shopify's own: its globals stand in a script that blocks.
    assert {Path(each["uri"]).name for each in found if each["severity"] == ERROR} == {"content-for-header.liquid"}


def test_the_extension_has_only_the_folders_that_shopify_takes() -> None:
    folders = {path.name for path in (LIQUID / "extension").iterdir() if path.is_dir()}
    assert folders <= {"assets", "blocks", "locales", "snippets"}


def test_every_label_of_the_settings_is_translated() -> None:
    block = (LIQUID / "extension" / "blocks" / "chat.liquid").read_text()
    schema = json.loads(block.partition("{% schema %}")[2].partition("{% endschema %}")[0])
    words = json.loads((LIQUID / "extension" / "locales" / "en.default.schema.json").read_text())
    for name in _names(schema):
        found: Any = words
        for part in name.removeprefix("t:").split("."):
            found = found[part]
        assert isinstance(found, str)


def _names(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        return [name for value in schema.values() for name in _names(value)]
    if isinstance(schema, list):
        return [name for value in schema for name in _names(value)]
    return [schema] if isinstance(schema, str) and schema.startswith("t:") else []
