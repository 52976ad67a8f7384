"""`docs/promises.md`, written from the outcomes of a full run."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from tests.chaos.outcome import COMPLETE, Outcome
from tests.chaos.promises import EVERYWHERE, FIGURES, KINDS, PROMISES, Promise
from tests.chaos.scenarios import COLUMNS, SCENARIOS, Scenario

HEAD = """\
# Promises

What the chat promises, how each promise was tried, how often, and what was lost. Written by `make chaos`, which
runs real servers, a model and a shop, lets many shoppers ask at once, and hurts all of it on purpose, by a
seeded chance. What is compared was written down outside of the system: by the shoppers, by the model and by the
shop.

There are two set-ups: **SQLite + memory** is one server process and needs nothing else,
**PostgreSQL + Redis** is what runs on several processes and hosts (here two).
"""

NONE = "-"

Outcomes = dict[tuple[str, str], Outcome]  # by scenario and column


def render(outcomes: Iterable[Outcome]) -> str:
    """The page."""
    found = {(outcome.scenario, outcome.column): outcome for outcome in outcomes}
    sections = [HEAD, "\n".join(_in_short(found))]
    sections += ["\n".join(_promise(number, promise, found)) for number, promise in enumerate(PROMISES, 1)]
    sections += ["\n".join(_scenarios(found)), "\n".join(_points(found)), "\n".join(_seeds(found))]
    return "\n".join(sections)


def _in_short(found: Outcomes) -> Iterator[str]:
    """What matters most, over all scenarios."""
    yield f"| in short | {' | '.join(COLUMNS.values())} |"
    yield "|---|---|---|"
    everything = Promise("", "", EVERYWHERE, counts=("lost", "doubled", "spliced", "doubled-write", "unfinished"))
    yield from _figures(everything, found)
    yield from _mostly(everything, found)
    yield ""


def _promise(number: int, promise: Promise, found: Outcomes) -> Iterator[str]:
    yield f"## {number}. {promise.says}\n"
    yield textwrap.fill(promise.how, 112, break_on_hyphens=False) + "\n"
    if promise.held:
        yield f"Held by {', '.join(f'[{path}]({_link(path)})' for path in promise.held)}.\n"
    if promise.scenarios:
        yield f"| | {' | '.join(COLUMNS.values())} |"
        yield "|---|---|---|"
        yield from _figures(promise, found)
        if promise.mostly:
            yield from _mostly(promise, found)
        yield ""


def _figures(promise: Promise, found: Outcomes) -> Iterator[str]:
    """How often it was tried, and what was lost."""
    for figure in promise.figures:
        yield _row(FIGURES[figure], (_sum(found, promise, column, figure) for column in COLUMNS))
    for kind in promise.counts:
        yield _row(KINDS[kind], (_faults(found, promise, column, kind) for column in COLUMNS), bold=True)


def _mostly(promise: Promise, found: Outcomes) -> Iterator[str]:
    """What became of answers whose worker was killed."""
    yield _row("answers that lost a worker", (_sum(found, promise, column, "hit") for column in COLUMNS))
    share = f"of these complete (promised: {COMPLETE:.0%})"
    yield _row(share, (_share(found, promise, column) for column in COLUMNS), bold=True)


def _link(path: str) -> str:
    return path.removeprefix("docs/") if path.startswith("docs/") else f"../{path}"


def _row(name: str, values: Iterable[object], *, bold: bool = False) -> str:
    cells = (f"{value:,}" if isinstance(value, int) else str(value) for value in values)
    return f"| {name} | {' | '.join(f'**{cell}**' if bold else cell for cell in cells)} |"


def _tried(found: Outcomes, promise: Promise, column: str) -> list[Outcome]:
    return [found[name, column] for name in promise.scenarios if (name, column) in found]


def _sum(found: Outcomes, promise: Promise, column: str, figure: str) -> int | str:
    tried = _tried(found, promise, column)
    return sum(getattr(outcome, figure) for outcome in tried) if tried else NONE


def _faults(found: Outcomes, promise: Promise, column: str, kind: str) -> int | str:
    tried = _tried(found, promise, column)
    return sum(outcome.faults.get(kind, 0) for outcome in tried) if tried else NONE


def _share(found: Outcomes, promise: Promise, column: str) -> str:
    tried = _tried(found, promise, column)
    hit = sum(outcome.hit for outcome in tried)
    return f"{sum(outcome.hit_complete for outcome in tried) / hit:.1%}" if hit else NONE


def _scenarios(found: Outcomes) -> Iterator[str]:
    yield "## How often\n"
    heads = (
        "what happened",
        "where",
        "how often",
        "messages accepted",
        "answers complete",
        "lost a worker, complete",
    )
    yield f"| {' | '.join(heads)} |"
    yield "|---|---|---|---|---|---|"
    for scenario in SCENARIOS:
        for column in scenario.columns:
            if outcome := found.get((scenario.name, column)):
                yield _scenario(scenario, outcome)
    yield ""


def _scenario(scenario: Scenario, outcome: Outcome) -> str:
    often = f"{sum(outcome.done.values()):,}"
    if len(outcome.done) > 1:
        times = sorted(set(outcome.done.values()))
        many = f"{times[0]}" if len(times) == 1 else f"{times[0]} to {times[-1]}"
        often += f" ({many} of each of {len(outcome.done)})"
    hit = f"{outcome.hit:,}, {outcome.hit_complete / outcome.hit:.1%}" if outcome.hit else "0"
    title = scenario.title[0].upper() + scenario.title[1:]
    cells = (title, COLUMNS[outcome.column], often, f"{outcome.accepted:,}", f"{outcome.complete:,}", hit)
    return f"| {' | '.join(cells)} |"


def _points(found: Outcomes) -> Iterator[str]:
    """The moments by name."""
    if not any(("points", column) in found for column in COLUMNS):
        return
    yield "The named moments at which a worker ended itself, and how often it did:\n"
    yield f"| moment | {' | '.join(COLUMNS.values())} |"
    yield "|---|---|---|"
    (scenario,) = (scenario for scenario in SCENARIOS if scenario.name == "points")
    for act in scenario.acts:
        played = [found.get((scenario.name, column)) for column in COLUMNS]
        done = (outcome.done.get(act, 0) if outcome else NONE for outcome in played)
        yield _row(act.replace("-", " "), done)
    yield ""


def _seeds(found: Outcomes) -> Iterator[str]:
    seeds = sorted({outcome.seed for outcome in found.values()})
    if not seeds:
        return
    yield f"Played with {'the seed' if len(seeds) == 1 else 'the seeds'} {', '.join(map(str, seeds))}."
    yield ""
