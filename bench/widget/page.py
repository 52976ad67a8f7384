"""docs/widget.md: the readings as tables, each beside what was promised."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bench.page import ROOT, number, table
from bench.readings import Readings
from bench.widget.history import CYCLES, WARM
from bench.widget.lighthouse import AUDITS, RUNS, WITH, WITHOUT
from bench.widget.peers import PEERS
from bench.widget.run import OURS
from bench.widget.stream import RATES
from bench.widget.tab import DEVICES
from bench.widget.table import ROWS, Row
from bench.widget.weight import STAGES

PAGE = ROOT / "docs" / "widget.md"
READINGS = ROOT / "docs" / "widget" / "readings.json"
NOTES = Path(__file__).with_name("notes.md")

SIZES = ("raw", "gzip", "brotli")


def write(readings: Readings) -> None:
    """Write the page."""
    PAGE.write_text(text(readings))


def text(readings: Readings) -> str:
    """The page."""
    sections = (_head, _promises, _peers, _stages, _lighthouse, _stream, _conversation)
    parts = [section(readings) for section in sections]
    return "\n\n".join([*parts, NOTES.read_text().strip()]) + "\n"


def _head(readings: Readings) -> str:
    slower = max(device.slower for device in DEVICES)
    return f"""\
# What the widget costs

Written by `make bench-widget` ([how each figure is measured](../bench/widget/README.md)); every reading stands in
[readings.json](widget/readings.json). Figures are medians of up to {RUNS} rounds.

Machine: {", ".join(readings.machine)}.
Times are processor time of the page's main thread, so other programs on the machine do not count. The desktop is this
machine as it is; the phone is a small touch screen before a processor made {slower} times slower. Sizes are bytes."""


def _promises(readings: Readings) -> str:
    heads = ["figure", "target"]
    for device in DEVICES:
        heads += [device.name, ""]
    return "## What was promised\n\n" + table(heads, [_promise(readings, row) for row in ROWS])


def _promise(readings: Readings, row: Row) -> list[str]:
    cells = [row.name, f"≤ {row.limit:,g}{row.unit}" if row.limit else "none"]
    for device in DEVICES:
        known = device.name in row.devices
        value = number(row.measure(readings, device.name), row.unit) if known else ""
        cells += [value, row.verdict(readings, device.name) if known else ""]
    return cells


def _peers(readings: Readings) -> str:
    heads = ["before a click", "uncompressed", "gzip -9", "brotli 11", "files", "other hosts", "phone's main thread"]
    known = [peer for peer in PEERS if readings.of("gzip", peer.package)]
    known.sort(key=lambda peer: readings.of("gzip", peer.package))
    lines = [_load(readings, "**ours**", "entry", OURS)]
    lines += [_load(readings, f"{peer.name} {peer.version}", peer.package, peer.package) for peer in known]
    away = [f"The peers were not measured: {readings.missing['peers']}"] if "peers" in readings.missing else []
    intro = """\
## Beside whom

Packed from npm by the run, each put into an empty page as its documentation says, all compressed by the same zlib.
What counts is what the page asked for before anybody touched it; what comes from other hosts (fonts, settings) is not
in the bytes. The time is that of the page with the widget, less that of the empty page. Two need a React that is
neither counted nor there: they do not run."""
    return "\n\n".join([intro, table(heads, lines), *away])


def _load(readings: Readings, title: str, name: str, page: str) -> list[str]:
    counts = _whole(readings, name, (*SIZES, "files", "other hosts"))
    return [title, *counts, number(readings.median("load", page), " ms")]


def _whole(readings: Readings, name: str, figures: Iterable[str]) -> list[str]:
    values = (readings.median(figure, name) for figure in figures)
    return ["-" if value is None else f"{value:,.0f}" for value in values]


def _stages(readings: Readings) -> str:
    heads = ["loaded with", "uncompressed", "gzip -9", "brotli 11", "sent as gzip", "sent as brotli"]
    figures = (*SIZES, "sent as gz", "sent as br")
    lines = [[title, *_whole(readings, stage, figures)] for stage, title in STAGES.items()]
    return f"""\
## What a shopper loads of ours

Each row has the ones above in it. Browsers get the brotli files; what gets gzip has it from zopfli, which is a little
smaller than zlib's.

{table(heads, lines)}"""


def _lighthouse(readings: Readings) -> str:
    units = {"cumulative layout shift": "", "bytes": ""}
    lines = [[f"{each} score", *_both(readings, each, "")] for each in ("performance", "accessibility")]
    lines += [[each, *_both(readings, each, units.get(each, " ms"))] for each in AUDITS]
    runs = len(readings.of("performance", WITH))
    return f"""\
## Lighthouse

The demo shop's product page on Lighthouse's phone, medians of {runs} runs each, in turn. Without the widget it is the
same server, which takes the chat and its question block out of its pages: elements, script, style sheet. Both
compress their pages and files, as Shopify does.

{table(["", WITH, WITHOUT], lines)}"""


def _both(readings: Readings, figure: str, unit: str) -> list[str]:
    return [number(readings.median(figure, page), unit) for page in (WITH, WITHOUT)]


def _stream(readings: Readings) -> str:
    heads = ["", "layouts", "script", "style", "layout", "the three", "with painting and all else"]
    return f"""\
## An answer that streams

8,000 characters of Markdown in 2,000 deltas through the real widget, from the question to the end of the answer. What
is promised is the sum of script, style and layout.

{table(heads, [_answer(readings, device.name, rate) for device in DEVICES for rate in RATES])}"""


def _answer(readings: Readings, device: str, rate: int) -> list[str]:
    name = f"{device} at {rate}"
    times = [readings.median(f"stream {figure}", name) for figure in ("script", "style", "layout", "own", "tasks")]
    title = f"{device}, {rate} deltas a second" if rate else f"{device}, all at once"
    return [title, *_whole(readings, name, ["stream layouts"]), *(number(time, " ms") for time in times)]


def _conversation(readings: Readings) -> str:
    rows = {
        "open": "opened",
        "scroll": "read up to its beginning",
        "reopen": "closed and opened three times, with all of it there",
    }
    heads = [""]
    for device in DEVICES:
        heads += [f"{device.name}: longest task", "all tasks"]
    held = {"held heap": "JavaScript heap, bytes", "held nodes": "elements and texts", "held listeners": "listeners"}
    kept = [
        [title, *(_whole(readings, f"after {cycle}", [figure])[0] for cycle in (WARM, CYCLES))]
        for figure, title in held.items()
    ]
    return f"""\
## A conversation of 2,000 messages

{table(heads, [[title, *_tasks(readings, figure)] for figure, title in rows.items()])}

{table(["held by the page, garbage collected", f"after {WARM} openings", f"after {CYCLES}"], kept)}"""


def _tasks(readings: Readings, figure: str) -> list[str]:
    names = [(f"{figure} {each}", device.name) for device in DEVICES for each in ("longest", "tasks")]
    return [number(readings.median(*name), " ms") for name in names]
