"""The cases: conversations as data, and what is expected of their answers. One file of TOML a kind in `cases/`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from bench.evals.language import LANGUAGES
from widget_api.shopify.tools import TOOLS

FOLDER: Final = Path(__file__).with_name("cases")
TOOL_NAMES: Final = frozenset(spec.name for spec in TOOLS)
DEFECTS: Final = frozenset(f"D{number}" for number in range(1, 19))
MAX_WORDS: Final = 180
MAX_CALLS: Final = 5


class BadCase(ValueError):
    """A case cannot be used; the message names it and says what to mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the shopper says, and what is expected of the answer. What is left out is not looked at, but `cart`: a
    cart that is not named must be as it was before."""

    says: str
    language: str = ""  # of the answer, if it is not the case's
    page: dict[str, str] = field(default_factory=dict)
    conversation: str = "a"  # a second one is a second tab of the same shopper
    faults: dict[str, Any] = field(default_factory=dict)  # switches of the demo shop that are set before
    carts_expire: bool = False  # before
    must_call: tuple[str, ...] = ()  # each a tool's name, or several of which one must be called: "a|b"
    must_not_call: tuple[str, ...] = ()
    max_calls: int = MAX_CALLS
    require: tuple[str, ...] = ()  # patterns that must be found in the answer
    forbid: tuple[str, ...] = ()
    names: tuple[str, ...] = ()  # products that must be named
    names_any: tuple[str, ...] = ()  # … of which one must be
    names_none: tuple[str, ...] = ()
    most_named: int = 0
    dearest: float = 0  # the highest price of a product that may be named
    cart: dict[str, int] | None = None  # the lines afterwards, by title
    cards: tuple[str, ...] | None = None  # the products on cards, in any order
    asks: bool = False  # whether the answer must ask something
    max_words: int = MAX_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A conversation with one shopper. `defects` are the numbers of the faults of real models that it looks for."""

    name: str
    kind: str
    language: str
    turns: tuple[Turn, ...]
    shop: str = "demo"
    currency: str = ""  # of the demo shop, if it is not its own
    defects: tuple[str, ...] = ()


def load(folder: Path = FOLDER) -> list[Case]:
    """Return all cases, by kind and then in the order of the files. Raises `BadCase`."""
    cases = [case for path in sorted(folder.glob("*.toml")) for case in _read(path)]
    names = [case.name for case in cases]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadCase(f"There are two cases of the name {twice[0]}: give one of them another.")
    return cases


def _read(path: Path) -> Iterator[Case]:
    for raw in tomllib.loads(path.read_text("utf-8"))["cases"]:
        name = raw.get("name", f"number {raw}")
        try:
            turns = tuple(_checked(_made(Turn, turn)) for turn in raw.pop("turns"))
            case = _made(Case, {**raw, "kind": path.stem, "turns": turns})
            _check(case)
        except (BadCase, KeyError, TypeError, re.error) as exc:
            raise BadCase(f"{path.name}, case {name}: {exc}") from exc
        yield case


def _made(kind: type[Any], raw: dict[str, Any]) -> Any:
    unknown = raw.keys() - {each.name for each in fields(kind)}
    if unknown:
        raise BadCase(f"there is no field {min(unknown)}.")
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()})


def _checked(turn: Turn) -> Turn:
    for named in (*turn.must_call, *turn.must_not_call):
        if unknown := set(named.split("|")) - TOOL_NAMES:
            raise BadCase(f"there is no tool {min(unknown)}.")
    for pattern in (*turn.require, *turn.forbid):
        re.compile(pattern)
    return turn


def _check(case: Case) -> None:
    unknown = set(case.defects) - DEFECTS
    if unknown:
        raise BadCase(f"there is no defect {min(unknown)}.")
    for language in (case.language, *(turn.language for turn in case.turns if turn.language)):
        if language not in LANGUAGES:
            raise BadCase(f"the judge does not know the language {language}.")
    if not case.turns:
        raise BadCase("it has no turns.")
