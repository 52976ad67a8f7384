"""docs/reports/neighbours.md: what shoppers waited during each attack, beside the quiet run before it."""

from __future__ import annotations

from pathlib import Path

from bench.neighbours.attacks import ATTACKS
from bench.neighbours.readings import Reading, Readings
from bench.neighbours.site import TITLES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reports" / "neighbours.md"
READINGS = ROOT / "docs" / "reports" / "neighbours.json"
NOTES = Path(__file__).with_name("notes.md")

MOST_TIMES, MOST_MEGABYTES, MOST_HEALTH_MS = 2.0, 400, 1000
HEADS: tuple[str, ...] = (
    "attack",
    "first event p99",
    "quiet",
    "ratio",
    "history p99",
    "quiet",
    "ratio",
    "`/healthz` slowest",
)
HEADS += ("errors", "largest worker", "the attacker was told")


def write(readings: Readings) -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text(readings))


def text(readings: Readings) -> str:
    """Return the page."""
    return "\n\n".join([_head(readings), *_tables(readings), NOTES.read_text().strip()]) + "\n"


def _head(readings: Readings) -> str:
    attacks = "\n".join(f"- **{name}**: {(kind.__doc__ or '').splitlines()[0]}" for name, kind in ATTACKS.items())
    return f"""\
# Neighbours

Written by `make bench-neighbours`; every reading stands in [neighbours.json](neighbours.json). Fifty shoppers of one
shop ask, read the answer and open their history, while one visitor of another shop attacks. Beside each attack stands
the quiet run that was measured just before it: ratios count, absolute times do not travel.

Targets: both p99 at most {MOST_TIMES:g} times those of the quiet run, no error, `/healthz` within
{MOST_HEALTH_MS / 1000:g} s, no worker above {MOST_MEGABYTES} MB. A figure that misses its target is **bold**.

Machine: {", ".join(readings.machine)}.
nginx, with the deployed file, and the app share one core; load, model, shops and stores have the others. Limits are
the defaults, `MAX_STREAMS` is that of compose.yaml.

{attacks}"""


def _tables(readings: Readings) -> list[str]:
    return [_table(TITLES[column], attacks) for column, attacks in readings.runs.items()]


def _table(title: str, attacks: dict[str, tuple[Reading, Reading]]) -> str:
    lines = [f"| {' | '.join(HEADS)} |", "| --- |" + " ---: |" * (len(HEADS) - 2) + " --- |"]
    lines += [f"| {' | '.join([name, *cells(*runs)])} |" for name, runs in attacks.items()]
    return f"## {title}\n\n" + "\n".join(lines)


def cells(quiet: Reading, during: Reading) -> list[str]:
    """Return the cells of one attack."""
    told = ", ".join(f"{answer}: {count:,}" for answer, count in sorted(during.answers.items()))
    megabytes, health = max(during.megabytes), during.percentile("health", 1) or 0
    return [
        *_compared(quiet, during, "first_event"),
        *_compared(quiet, during, "history"),
        marked(f"{health:.0f} ms", keeps=health <= MOST_HEALTH_MS),
        marked(str(len(during.errors)), keeps=not during.errors),
        marked(f"{megabytes:.0f} MB", keeps=megabytes <= MOST_MEGABYTES),
        told,
    ]


def _compared(quiet: Reading, during: Reading, name: str) -> list[str]:
    before, now = quiet.percentile(name, 0.99), during.percentile(name, 0.99)
    if before is None or now is None:
        return ["-", "-", marked("not measured", keeps=False)]
    return [f"{now:.0f} ms", f"{before:.0f} ms", marked(f"{now / before:.1f}", keeps=now / before <= MOST_TIMES)]


def marked(text: str, *, keeps: bool) -> str:
    """Return the text of a cell, bold when it misses its target."""
    return text if keeps else f"**{text}**"
