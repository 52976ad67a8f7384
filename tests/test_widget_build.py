"""The widget's files: small, built from the sources that lie beside them, and right in their types and units."""

from __future__ import annotations

import fcntl
import gzip
import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.node, pytest.mark.xdist_group("widget-build")]

WIDGET = Path(__file__).parents[1] / "static" / "widget"
DIST = WIDGET / "dist"
# Shopify measures an app block's script uncompressed.
LARGEST_ENTRY = 10_000
# What comes when the chat is opened; with the first message; with everything opened, in the language that needs most.
LARGEST_PANEL, LARGEST_CONVERSATION, LARGEST_OF_ALL = 20_000, 29_000, 47_000
LARGEST_SHOPPING = 9_000  # comes with the first products or cart
LARGEST_CARTS = 3_500  # comes with the first cart
LARGEST_FEEDBACK = 2_000  # comes when an answer is rated, or has another version
# Each of the pieces that come when they are asked for: the pages, a language.
LARGEST_OTHER = 6_000


@pytest.fixture(scope="module")
def tools() -> Path:
    """The widget's folder, with its development tools installed."""
    if not shutil.which("npm"):
        missing = "npm is not installed: the widget's sources were not checked"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with (WIDGET / ".npmrc").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all((WIDGET / "node_modules" / each).is_dir() for each in ("esbuild", "@gfx", "@mdn", "css-tree")):
            subprocess.run(["npm", "ci", "--silent"], cwd=WIDGET, check=True, timeout=110)
    return WIDGET


def passes(*command: str, cwd: Path) -> None:
    """Run a program and show what it said when it failed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr


def later() -> list[Path]:
    """What the panel loads by itself: messages, products, feedback, pages, what a bad line needs, languages."""
    found = [script for script in DIST.glob("*-*.js") if not script.name.startswith(("panel-", "editor-"))]
    names = {script.name.partition("-")[0] for script in found}
    assert {"messages", "shopping", "carts", "feedback", "pages", "recovery", "de"} <= names
    return found


def languages() -> list[Path]:
    named = ("messages-", "shopping-", "carts-", "feedback-", "pages-", "cache-", "recovery-")
    return [script for script in later() if not script.name.startswith(named)]


def on_the_wire(*names: str) -> int:
    return sum(next(DIST.glob(f"{name}-*.js.gz")).stat().st_size for name in names)


def test_the_entry_is_under_ten_thousand_bytes() -> None:
    assert (DIST / "chat.js").stat().st_size <= LARGEST_ENTRY


def test_the_panel_is_under_twenty_kilobytes_on_the_wire() -> None:
    assert on_the_wire("panel") <= LARGEST_PANEL


def test_a_conversation_is_under_twenty_nine_kilobytes_and_everything_opened_under_forty_seven() -> None:
    assert on_the_wire("panel", "messages") <= LARGEST_CONVERSATION
    largest = max(script.with_suffix(".js.gz").stat().st_size for script in languages())
    assert on_the_wire("panel", "messages", "shopping", "feedback", "pages") + largest <= LARGEST_OF_ALL


def test_products_and_carts_are_under_nine_kilobytes_and_feedback_under_two_on_the_wire() -> None:
    assert on_the_wire("shopping") <= LARGEST_SHOPPING
    assert on_the_wire("carts") <= LARGEST_CARTS
    assert on_the_wire("feedback") <= LARGEST_FEEDBACK


def test_the_pages_and_each_language_are_under_six_kilobytes_on_the_wire() -> None:
    sizes = {script.name: script.with_suffix(".js.gz").stat().st_size for script in languages()}
    assert max(*sizes.values(), on_the_wire("pages")) <= LARGEST_OTHER, sizes


def test_the_entry_names_panel_and_preview_that_lie_beside_it_and_the_panel_all_others() -> None:
    (panel,), (editor,) = DIST.glob("panel-*.js"), DIST.glob("editor-*.js")
    assert all(f'"./{each.name}"' in (DIST / "chat.js").read_text() for each in (panel, editor))
    named = panel.read_text()
    assert [script.name for script in later() if f'"./{script.name}"' not in named] == []


def test_each_file_lies_there_compressed_too() -> None:
    for script in DIST.glob("*.js"):
        assert gzip.decompress(Path(f"{script}.gz").read_bytes()) == script.read_bytes()
        assert Path(f"{script}.br").is_file()


def test_nothing_in_them_writes_html_or_evaluates_text() -> None:
    built = "".join(script.read_text() for script in DIST.glob("*.js"))
    for sink in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        ".srcdoc",
    ):
        assert sink not in built


def test_building_again_changes_nothing(tools: Path, tmp_path: Path) -> None:
    passes("node", "build.mjs", str(tmp_path), cwd=tools)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in DIST.iterdir()}
    assert sorted(built) == sorted(committed)
    assert built == committed


def test_the_types_are_right(tools: Path) -> None:
    passes("npm", "run", "--silent", "types", cwd=tools)


def test_the_units_work(tools: Path) -> None:
    passes("npm", "test", "--silent", cwd=tools)


def test_the_locked_packages_name_no_registry() -> None:
    assert "resolved" not in (WIDGET / "package-lock.json").read_text()
