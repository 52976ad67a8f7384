"""The law of the code: who may know whom."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "widget_api"
MODULES = sorted(PACKAGE.rglob("*.py"))

# A folder and what of the product it may import; files at the top are named by themselves.
KNOWS = {
    "config": set(),
    "text": set(),
    "problems": set(),
    "tokens": set(),
    "sockets": {"problems", "streams"},
    "streams": set(),
    "migrations": {"text"},
    "logs": {"redaction"},
    "redaction": set(),
    "exports": {"markdown", "shopify"},
    "links": set(),
    "markdown": {"links"},
    "shares": {"exports", "models", "problems"},
    "origins": {"config"},
    "bulkhead": set(),
    "addresses": set(),
    "windows": set(),
    "limits": {"addresses", "config", "problems", "windows"},
    "backups": {"config", "private"},
    "boot_check": {"config", "llm", "models"},
    "private": set(),
    "generations": {"models", "tokens"},
    "sqlite": set(),
    "database": {"postgres", "sqlite"},
    "postgres": {"database"},
    "records": {"database"},
    "models": {"database", "problems", "records"},
    "llm": {"sockets", "problems", "text", "config"},
    "shopify": {"problems", "text", "config"},
    "turns": {"bulkhead", "llm", "shopify", "streams", "models", "problems", "text"},
    "api": {
        "backups",
        "boot_check",
        "bulkhead",
        "shares",
        "turns",
        "llm",
        "shopify",
        "sockets",
        "streams",
        "models",
        "problems",
        "text",
        "config",
        "tokens",
        "addresses",
        "limits",
        "links",
        "exports",
        "generations",
    },
}
FLASK = {"api", "problems", "cli", "__init__", "demo"}


def part(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(module: Path) -> set[str]:
    """The full names of all that a module imports, at its top and inside its functions."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_layer_may_know(module: Path) -> None:
    if part(module) not in KNOWS:
        return
    known = {name.split(".")[1] for name in imports(module) if name.startswith("widget_api.")}
    assert known <= KNOWS[part(module)] | {part(module)}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PACKAGE)))
def test_only_the_border_knows_flask_one_module_redis_and_none_gevent(module: Path) -> None:
    packages = {name.split(".")[0] for name in imports(module)}
    assert "gevent" not in packages
    assert "redis" not in packages or module.relative_to(PACKAGE).as_posix() == "streams/redis.py"
    if part(module) not in FLASK:
        assert not packages & {"flask", "flask_cors"}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PACKAGE)))
def test_only_the_config_reads_the_environment(module: Path) -> None:
    reads = {
        ast.unparse(node)
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
    }
    # The package and the demo hand the environment to Config as an argument.
    assert (
        not reads
        or module.name == "config.py"
        or module.relative_to(PACKAGE).as_posix()
        in {
            "__init__.py",
            "demo/__main__.py",
            "demo/__init__.py",
        }
    )
