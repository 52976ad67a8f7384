"""One run of the widget's bench: `python -m bench.widget [--quick] [--only NAME] [--from-readings]`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import click

from bench import machine
from bench.programs import Missing
from bench.readings import Readings
from bench.widget import history, idle, lighthouse, page, stream, weight
from bench.widget.run import Run
from bench.widget.scripted import scripted
from bench.widget.tab import chromium

PARTS: dict[str, Callable[[Run], None]] = {
    "bytes": weight.ours,
    "peers": weight.peers,
    "idle": idle.idle,
    "stream": stream.stream,
    "history": history.history,
    "memory": history.memory,
    "lighthouse": lighthouse.lighthouse,
}


@click.command()
@click.option("--quick", is_flag=True, help="One round of everything; the page is printed and not written.")
@click.option("--only", type=click.Choice(list(PARTS)), multiple=True, help="Only this part; nothing is written.")
@click.option("--from-readings", is_flag=True, help="Write the page again from the readings of the last run.")
def main(quick: bool, only: tuple[str, ...], from_readings: bool) -> None:
    """Measure what the widget costs, and write docs/widget.md."""
    if from_readings:
        page.write(Readings.read(page.READINGS))
        return
    try:
        readings = measure(only or tuple(PARTS), quick=quick)
    except Missing as exc:
        sys.exit(str(exc))
    if quick or only:
        click.echo("\n" + page.text(readings))
    else:
        readings.save(page.READINGS)
        page.write(readings)
    if readings.missing:
        sys.exit("\n".join(readings.missing.values()))


def measure(parts: tuple[str, ...], *, quick: bool) -> Readings:
    """Run the parts, one after the other. Raises `Missing` when there is no browser."""
    with chromium() as browser, scripted() as shop:
        programs = [f"Chromium {browser.version.partition('.')[0]}", f"Lighthouse {lighthouse.version()}"]
        run = Run(browser, shop, Readings([*machine.kind()[:4], *programs]), quick)
        for part in parts:
            click.echo(f"{part}: {(PARTS[part].__doc__ or '').strip()}")
            start = time.monotonic()
            try:
                PARTS[part](run)
            except Missing as exc:  # no npm, or nobody at the other end: the rest is worth measuring
                run.readings.missing[part] = str(exc)
            click.echo(f" {part} took {time.monotonic() - start:.0f} s")
    return run.readings


if __name__ == "__main__":
    main()
