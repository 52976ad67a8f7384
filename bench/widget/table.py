"""What was promised of the widget: each line's figure, its limit, and whether it was kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.readings import Readings
from bench.widget.history import CYCLES, MESSAGES, WARM
from bench.widget.lighthouse import WITH, WITHOUT
from bench.widget.stream import DELTAS

Measure = Callable[[Readings, str], float | None]


def at(figure: str, target: str = "{device}") -> Measure:
    """A figure as it was read on a device, or for a fixed `target`."""
    return lambda readings, device: readings.median(figure, target.format(device=device))


def lost(category: str) -> Measure:
    """Lighthouse's points without the widget, less those with it."""

    def measure(readings: Readings, _: str) -> float | None:
        bare, ours = (readings.median(category, page) for page in (WITHOUT, WITH))
        return None if bare is None or ours is None else bare - ours

    return measure


def grown(figure: str) -> Measure:
    """What a page holds more after all openings than after the first ones."""

    def measure(readings: Readings, _: str) -> float | None:
        first, last = (readings.median(figure, f"after {cycle}") for cycle in (WARM, CYCLES))
        return None if first is None or last is None else last - first

    return measure


def opened(readings: Readings, _: str) -> float | None:
    """What everything of the chat weighs, less what every page of the shop loads."""
    entry, whole = (readings.median("sent as gz", stage) for stage in ("entry", "everything"))
    return None if entry is None or whole is None else whole - entry


def beside_the_entry(readings: Readings, device: str) -> float | None:
    requests = readings.median("idle requests", device)
    return None if requests is None else requests - 1


@dataclass(frozen=True)
class Row:
    """One line. `devices` are those that it is measured on, where that makes a difference."""

    name: str
    measure: Measure
    limit: float
    unit: str = ""
    devices: tuple[str, ...] = ("desktop", "phone")

    def verdict(self, readings: Readings, device: str) -> str:
        value = self.measure(readings, device)
        if value is None:
            return "not measured"
        return "met" if value <= self.limit else "**not met**"


ONCE = ("desktop",)
ANSWER = f"8,000 characters in {DELTAS:,} deltas"
LONG = f"conversation of {MESSAGES:,} messages, longest task"
ROWS = (
    Row("the entry, uncompressed", at("raw", "entry"), 10_000, " bytes", ONCE),
    Row("the panel with everything in it, gzip", opened, 20_000, " bytes", ONCE),
    Row("requests before intent, beside the entry", beside_the_entry, 0),
    Row("layout shift before intent", at("idle shift"), 0),
    Row("longest task before intent", at("idle longest"), 50, " ms"),
    Row("Lighthouse performance, points lost", lost("performance"), 0, devices=ONCE),
    Row("Lighthouse accessibility, points lost", lost("accessibility"), 0, devices=ONCE),
    Row(f"{ANSWER}, all at once", at("stream own", "{device} at 0"), 150, " ms"),
    Row(f"{ANSWER}, 200 a second", at("stream own", "{device} at 200"), 150, " ms"),
    Row(f"{ANSWER}, 50 a second", at("stream own", "{device} at 50"), 150, " ms"),
    Row(f"{LONG} while it opens", at("open longest"), 50, " ms"),
    Row(f"{LONG} while all of it is read", at("scroll longest"), 50, " ms"),
    Row(f"{LONG} when all of it is closed and opened again", at("reopen longest"), 50, " ms"),
    Row(f"elements more after {CYCLES} openings than after {WARM}", grown("held nodes"), 0, devices=ONCE),
    Row(f"listeners more after {CYCLES} openings than after {WARM}", grown("held listeners"), 0, devices=ONCE),
    Row(f"heap more after {CYCLES} openings than after {WARM}", grown("held heap"), 50_000, " bytes", ONCE),
)
