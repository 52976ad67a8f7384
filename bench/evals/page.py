"""docs/reports/evals.md: the kept results of all models, by kind and language."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Final

from bench.evals.cases import load
from bench.evals.language import LANGUAGES
from bench.evals.results import CaseResult, Results, all_kept

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "reports" / "evals.md"

_HEAD: Final = """\
# Conversations, judged

`make eval` holds {cases} conversations with the product over HTTP, with the model that the environment's `MODEL_*`
configure (the demo's assistant without them), and writes this page. A judge without a model looks at every answer: it
ends well, has words, breaks nothing off, names no price and no address that no tool has named, calls no tool twice,
leaves the cart as it is unless a change was asked for, is in the shopper's language, is short, and shows no markup,
id, thought or call. A case adds what its question calls for. A case holds if all its runs pass; the cells say how
many of how many cases hold.
"""
_DEMO: Final = (
    "The demo's assistant is a handful of rules for English, no language model: in the other languages it says just "
    "that."
)


def text(kept: list[Results]) -> str:
    """Return the page."""
    parts = [_HEAD.format(cases=len(load()))]
    return "\n".join([*parts, *map(_section, kept)])


def write() -> None:
    """Write the page from the results that are kept."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text(all_kept()), "utf-8")


def _section(results: Results) -> str:
    runs = f", {results.repeat} runs a case" if results.repeat > 1 else ""
    lines = [f"## {results.model}", "", f"{results.date}, commit {results.commit}{runs}.", ""]
    lines += [_DEMO, ""] if results.model == "demo" else []
    lines += [*_table(results), "", _costs(results), ""]
    failed = {name: each for name, each in results.cases.items() if not each.holds}
    if failed:
        lines += ["What does not hold, and its first fault:", ""]
        lines += [f"- `{name}` ({each.language}): {_plain(each.faults[0])}" for name, each in failed.items()]
        lines.append("")
    return "\n".join(lines)


def _table(results: Results) -> list[str]:
    kinds = list(dict.fromkeys(each.kind for each in results.cases.values()))
    rows = [
        [kind, *(_cell(results, kind, language) for language in LANGUAGES), _cell(results, kind)] for kind in kinds
    ]
    rows.append(["**all**", *(_cell(results, "", language) for language in LANGUAGES), f"**{_cell(results)}**"])
    return [
        f"| kind | {' | '.join(LANGUAGES)} | all |",
        f"|---|{'--:|' * (len(LANGUAGES) + 1)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _cell(results: Results, kind: str = "", language: str = "") -> str:
    found = [
        each
        for each in results.cases.values()
        if each.kind == (kind or each.kind) and each.language == (language or each.language)
    ]
    return f"{sum(each.holds for each in found)}/{len(found)}" if found else ""


def _costs(results: Results) -> str:
    turns = [turn for each in results.cases.values() for turn in each.turns]
    if not turns:
        return "No answer was given."
    tokens, told = sum(turn["input"] for turn in turns), sum(turn["output"] for turn in turns)
    seconds = f"Median {median(turn['seconds'] for turn in turns)} s an answer"
    if not tokens:
        return f"{seconds}."
    cached = 100 * sum(turn["cached"] for turn in turns) / tokens
    return f"{seconds}; {tokens / len(turns):,.0f} tokens in ({cached:.0f} % cached), {told / len(turns):,.0f} out."


def _plain(fault: str) -> str:
    """Return a fault so that Markdown shows it as it is."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>#|" else sign for sign in fault)


def holding(results: dict[str, CaseResult]) -> str:
    """Return how many cases hold, in words."""
    return f"{sum(each.holds for each in results.values())} of {len(results)} cases hold"
