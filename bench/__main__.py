"""One run of the bench: `bench/run [--quick] [--only NAME]`, see README.md beside this file."""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import click

from bench import growth, machine, page, plots, stores, streams
from bench.load import Load
from bench.programs import Missing, compiled, running_model
from bench.readings import Bench, Readings
from bench.targets import Surroundings
from tests.servers import postgres_server, redis_server

PARTS: dict[str, Callable[[Bench], None]] = {
    "steady": streams.steady,
    "held": streams.held,
    "capacity": streams.capacity,
    "lag": stores.lag,
    "history": stores.history,
    "replies": growth.replies,
    "conversations": growth.conversations,
    "idle": growth.idle,
    "replays": growth.replays,
}


@click.command()
@click.option(
    "--quick", is_flag=True, help="One short round of everything, for development; the page stays as it is."
)
@click.option(
    "--only", type=click.Choice(list(PARTS)), multiple=True, help="Only this part; the page stays as it is."
)
@click.option("--from-readings", is_flag=True, help="Write the page again from the readings of the last run.")
def main(quick: bool, only: tuple[str, ...], from_readings: bool) -> None:
    """Measure everything, and write docs/performance.md."""
    if from_readings:
        publish(Readings.read(page.READINGS))
        return
    readings = Readings(machine.kind())
    try:
        broken = measure(readings, only or tuple(PARTS), quick=quick)
    except Missing as exc:
        sys.exit(str(exc))
    if quick or only:
        click.echo("\n" + page.text(readings))
    else:
        readings.save(page.READINGS)
        publish(readings)
    if broken:
        sys.exit(f"These parts could not be measured: {', '.join(broken)}.")


def publish(readings: Readings) -> None:
    """Write the page and its pictures."""
    plots.draw(readings, page.PLOTS)
    page.write(readings)
    click.echo(f"{page.PAGE.relative_to(page.ROOT)} is written.")


def measure(readings: Readings, parts: tuple[str, ...], *, quick: bool) -> list[str]:
    """Run the parts. Returns those that broke."""
    machine.allow_many_files()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        machine.on(machine.OTHERS),
        redis_server() as redis,
        postgres_server(fsync=True) as postgres,
    ):
        folder = Path(name)
        with running_model(compiled("model", folder)) as model:
            around = Surroundings(model, folder, redis, postgres)
            bench = Bench(around, Load(compiled("client", folder), folder), readings, quick)
            return [part for part in parts if not _measured(bench, part)]


def _measured(bench: Bench, part: str) -> bool:
    click.echo(f"{part}: {(PARTS[part].__doc__ or '').strip()}")
    start = time.monotonic()
    try:
        PARTS[part](bench)
    except Exception:  # noqa: BLE001 - a part that breaks is named at the end and does not cost the others
        click.echo(traceback.format_exc(), err=True)
        return False
    finally:
        click.echo(f" {part} took {time.monotonic() - start:.0f} s")
    return True


if __name__ == "__main__":
    main()
