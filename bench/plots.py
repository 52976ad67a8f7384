"""The page's pictures, the same bytes for the same readings."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.growth import TOKENS
from bench.readings import Readings
from bench.streams import CAP, TOLERABLE_MS
from bench.targets import TITLES, Nginx, Node, Ours, OursOnRedis

COLOURS = {Nginx.name: "#8a8f98", Node.name: "#d97706", Ours.name: "#1d4ed8", OursOnRedis.name: "#0f9d8a"}
STYLE = {
    "svg.hashsalt": "bench",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e5e7eb",
    "figure.constrained_layout.use": True,
}


def draw(readings: Readings, folder: Path) -> None:
    """Draw all of them into the folder."""
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("svg")
    pyplot: Any = importlib.import_module("matplotlib.pyplot")
    folder.mkdir(exist_ok=True)
    pictures: dict[str, Callable[[Readings, Any], None]] = {
        "cpu": _cpu,
        "latency": _latency,
        "memory": _memory,
        "streams": _streams,
        "replies": _replies,
    }
    for name, picture in pictures.items():
        with matplotlib.rc_context(STYLE), _figure(pyplot, folder / f"{name}.svg") as axes:
            picture(readings, axes)


@contextmanager
def _figure(pyplot: Any, path: Path) -> Iterator[Any]:
    figure, axes = pyplot.subplots(figsize=(7.2, 2.8))
    yield axes
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def _bars(readings: Readings, axes: Any, figures: dict[str, str]) -> None:
    """A group of bars for each figure, a bar for each target."""
    targets = [name for name in COLOURS if any(readings.of(figure, name) for figure in figures)]
    width = 0.8 / max(1, len(targets))
    for place, target in enumerate(targets):
        values = [readings.median(figure, target) or 0.0 for figure in figures]
        spots = [group + (place - (len(targets) - 1) / 2) * width for group in range(len(figures))]
        bars = axes.bar(spots, values, width * 0.92, color=COLOURS[target], label=TITLES[target])
        axes.bar_label(bars, [f"{value:.3g}" if value else "" for value in values], fontsize=7, padding=1)
    axes.set_xticks(range(len(figures)), list(figures.values()))
    axes.grid(axis="x", visible=False)
    axes.legend(frameon=False, fontsize=8)


def _logarithmic(axes: Any, name: str) -> None:
    """A logarithmic scale with plain numbers on it."""
    getattr(axes, f"set_{name}scale")("log")
    axis = getattr(axes, f"{name}axis")
    axis.set_major_formatter("{x:,g}")
    axis.set_minor_formatter("")


def _cpu(readings: Readings, axes: Any) -> None:
    _bars(readings, axes, {"cpu at 60": "60 streams", "cpu at 10": "10 streams"})
    axes.set_ylabel("CPU per chunk, µs")


def _latency(readings: Readings, axes: Any) -> None:
    figures = {
        f"{share} at {streams}": f"{share}, {streams} streams" for streams in (60, 10) for share in ("p50", "p99")
    }
    _bars(readings, axes, figures)
    _logarithmic(axes, "y")
    axes.set_ylabel("added latency, ms")


def _memory(readings: Readings, axes: Any) -> None:
    _bars(readings, axes, {"memory": "200 open streams, 2 chunks a second"})
    axes.set_ylabel("memory per stream, KB")


def _streams(readings: Readings, axes: Any) -> None:
    for target, points in readings.curves.items():
        streams, p99 = zip(*sorted(map(tuple, points)), strict=True)
        axes.plot(streams, p99, "o", markersize=3.5, color=COLOURS[target], label=TITLES[target])
    axes.axhline(TOLERABLE_MS, color="#b91c1c", linewidth=1, linestyle="--")
    _logarithmic(axes, "x")
    _logarithmic(axes, "y")
    axes.set_xticks([25, 50, 100, 200, 400, 800, CAP])
    axes.set_xlabel("streams of 50 chunks a second, on one core (each point one try of the search)")
    axes.set_ylabel("added latency p99, ms")
    axes.legend(frameon=False, fontsize=8)


def _replies(readings: Readings, axes: Any) -> None:
    for target in (Ours.name, OursOnRedis.name):
        points = [(tokens, readings.median(f"token of {tokens}", target)) for tokens in TOKENS]
        known = [(tokens, value) for tokens, value in points if value is not None]
        if known:
            axes.plot(*zip(*known, strict=True), "o-", color=COLOURS[target], label=TITLES[target])
    axes.set_xscale("log", base=2)
    axes.set_xticks(TOKENS, [f"{tokens:,}" for tokens in TOKENS])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("tokens in the reply")
    axes.set_ylabel("CPU per token, µs")
    axes.legend(frameon=False, fontsize=8)
