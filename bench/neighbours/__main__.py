"""One run: `make bench-neighbours`, or `python -m bench.neighbours [--quick] [--only ATTACK] [--column NAME]`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bench.machine import OTHERS, allow_many_files, kind, on
from bench.neighbours import page
from bench.neighbours.attacks import ATTACKS
from bench.neighbours.memory import watching
from bench.neighbours.readings import Reading, Readings
from bench.neighbours.site import COLUMNS, Site, domain, running_site
from tests.live import ROOT

SHOPPERS = 50
SECONDS, QUICK_SECONDS = 30, 12


@click.command()
@click.option("--quick", is_flag=True, help="Short runs, for development; the page stays as it is.")
@click.option("--only", type=click.Choice(list(ATTACKS)), multiple=True, help="Only this attack; the page stays.")
@click.option("--column", type=click.Choice(COLUMNS), multiple=True, help="Only this column; the page stays.")
@click.option("--from-readings", is_flag=True, help="Write the page again from the readings of the last run.")
def main(quick: bool, only: tuple[str, ...], column: tuple[str, ...], from_readings: bool) -> None:
    """Measure what 50 shoppers notice of five attacks, and write docs/reports/neighbours.md."""
    if from_readings:
        page.write(Readings.read(page.READINGS))
        return
    allow_many_files()
    readings, seconds = Readings(kind()), QUICK_SECONDS if quick else SECONDS
    for name in column or COLUMNS:
        with tempfile.TemporaryDirectory(prefix="neighbours-") as folder, running_site(name, Path(folder)) as site:
            for attack in only or ATTACKS:
                readings.add(name, attack, *measure(site, attack, seconds=seconds))
    if quick or only or column:
        click.echo(page.text(readings))
        return
    readings.save(page.READINGS)
    page.write(readings)


def measure(site: Site, attack: str, *, seconds: int, shoppers: int = SHOPPERS) -> tuple[Reading, Reading]:
    """Return what the shoppers waited without the attack and during it."""
    quiet = shop(site, seconds, shoppers)
    if quiet.errors:
        raise RuntimeError(f"the shoppers met errors without an attack: {quiet.errors[:3]}")
    with attacking(site, attack, seconds) as answers:
        during = shop(site, seconds, shoppers)
    during.answers = answers
    return quiet, during


def shop(site: Site, seconds: int, shoppers: int) -> Reading:
    """Let so many shoppers shop."""
    words = [str(site.port), domain("quiet"), str(shoppers), str(seconds), str(site.count_run())]
    with watching(site.workers) as memory, on(OTHERS):
        done = subprocess.run(
            [sys.executable, "-m", "bench.neighbours.shoppers", *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=seconds + 120,
        )
    return Reading(**json.loads(done.stdout), megabytes=memory)


@contextmanager
def attacking(site: Site, attack: str, seconds: int) -> Iterator[dict[str, int]]:
    """Attack during the block. What the attack was answered is in the dictionary afterwards."""
    answers: dict[str, int] = {}
    words = [attack, str(site.port), domain(attack), str(seconds)]
    with on(OTHERS):
        process = subprocess.Popen(
            # The attacker would have a machine of their own: here the shoppers' load comes first.
            ["nice", "-n", "10", sys.executable, "-m", "bench.neighbours.attacks", *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
    assert process.stdout
    try:
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"the attack {attack} could not be prepared")
        yield answers
        answers.update(json.loads(process.stdout.read()))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    main()
