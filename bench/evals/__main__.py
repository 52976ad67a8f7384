"""One run: `make eval [ONLY=NAME] [REPEAT=k]`, or `python -m bench.evals [--only NAME]… [--repeat K] [--keep]`."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

import click

from bench.evals import page, results, world
from bench.evals.cases import Case, load
from bench.evals.run import run_case
from tests.live import Live

# What the product needs to reach the model that the environment configures.
PASSED_ON = ("MODEL_", "SSL_CERT_")


@click.command()
@click.option("--only", multiple=True, help="Only cases whose name, kind or language this is; * stands for anything.")
@click.option("--repeat", type=click.IntRange(1, 100), default=1, help="Run each case so often; all runs must pass.")
@click.option("--keep", is_flag=True, help="Keep the results although some are worse.")
def main(only: tuple[str, ...], repeat: int, keep: bool) -> None:
    """Hold the conversations with the configured model, and end with 1 when a case holds no longer.

    A run of all cases is kept in bench/evals/results, and written into docs/reports/evals.md.
    """
    cases = [case for case in load() if _is_wanted(case, only)]
    if not cases:
        raise click.UsageError(f"No case is called {', '.join(only)}.")
    model = _model()
    with tempfile.TemporaryDirectory(prefix="evals-") as folder, serving(Path(folder)) as running:
        found = {case.name: _run(running, case, repeat) for case in cases}
    if not any(turn["ended"] for result in found.values() for turn in result.turns):
        raise click.ClickException("No answer came to its end, so nothing is kept: look at the settings MODEL_*.")
    outcome = results.Results(model, *results.now(), repeat, found)
    kept = results.Results.read(results.file_of(model))
    compared = results.compare(kept, found)
    click.echo(f"{model}: {page.holding(found)}; {compared}")
    is_accepted = keep or not compared.worse
    if not only:
        write_outcome(outcome, kept, is_accepted=is_accepted)
    sys.exit(not is_accepted)


def write_outcome(outcome: results.Results, kept: results.Results | None, *, is_accepted: bool) -> None:
    """Keep the results, unless they are those that are kept already; put what is worse beside them."""
    file = results.file_of(outcome.model)
    if not is_accepted:
        outcome.write(file.with_suffix(results.WORSE))
        return
    if not (kept and kept.says_the_same_as(outcome)):
        outcome.write(file)
    page.write()


def _run(running: world.World, case: Case, repeat: int) -> results.CaseResult:
    result = results.result_of(case, [run_case(running, case) for _ in range(repeat)])
    seconds = sum(turn["seconds"] for turn in result.turns)
    click.echo(f"{'ok  ' if result.holds else 'FAIL'} {case.name} ({seconds:.1f} s)")
    for fault in result.faults:
        click.echo(f"     {fault}")
    return result


@contextmanager
def serving(folder: Path) -> Iterator[world.World]:
    """Run the product on a free port with a database of its own, for the block."""
    passed = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    live = Live(folder, passed, "bench.evals.app:create_app()")
    with world.places(live.url) as found:
        live.settings["EVAL_SHOPS"] = json.dumps(world.registrations(found))
        try:
            live.start()
            with live.faults() as faults:
                faults.pace = 0
                yield world.World(live.url, faults, folder / "chat.db", found)
        finally:
            if live.process:
                live.stop()


def _model() -> str:
    """Return the name of the configured model."""
    is_demo = os.environ.get("MODEL_API", "demo") == "demo"
    return "demo" if is_demo else os.environ.get("MODEL_NAME", "") or os.environ["MODEL_API"]


def _is_wanted(case: Case, only: tuple[str, ...]) -> bool:
    names = (case.name, case.kind, case.language)
    return not only or any(fnmatch(name, pattern) for name in names for pattern in only)


if __name__ == "__main__":
    main()
