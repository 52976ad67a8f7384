"""A page in a real Chromium, and what it costs the page's main thread and memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.programs import Missing
from tests.browser import DESKTOP, FLAGS, PHONE, WHOLE, find

MAIN_THREAD, TASK = "CrRendererMain", "ThreadControllerImpl::RunTask"
SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => { for (const { value } of list.getEntries()) window.shifts += value; })
  .observe({ type: 'layout-shift', buffered: true });
"""


@dataclass(frozen=True)
class Device:
    """Whose browser it is: its screen, and how many times slower it is than this machine."""

    name: str
    slower: int
    settings: dict[str, Any]


DESKTOPS = Device("desktop", 1, {"viewport": DESKTOP})
PHONES = Device("phone", 4, {"viewport": PHONE, "has_touch": True, "is_mobile": True})
DEVICES = (DESKTOPS, PHONES)


@dataclass
class Work:
    """What the main thread has done in a block. Times are milliseconds of its own processor time, so that whoever
    else is busy on the machine does not count."""

    script: float = 0
    style: float = 0
    layout: float = 0
    tasks: float = 0  # all of it: these three, painting, and the browser's own
    layouts: int = 0
    styles: int = 0
    longest: float = 0

    @property
    def own(self) -> float:
        """Script, style and layout: what the page's code and its style sheets answer for."""
        return self.script + self.style + self.layout


@dataclass
class Held:
    """What a page holds in memory after its garbage was collected."""

    heap: int
    nodes: int
    listeners: int


@dataclass
class Tab:
    """One page."""

    page: Page
    device: Device
    _wire: CDPSession = field(repr=False)

    @contextmanager
    def measured(self) -> Iterator[Work]:
        """What the main thread does in the block, on a machine that is as slow as the device."""
        work = Work()
        browser = self.page.context.browser
        assert browser
        self.page.locator("html").wait_for()  # so that the driver's own scripts are in the page before
        self._wire.send("Emulation.setCPUThrottlingRate", {"rate": self.device.slower})
        browser.start_tracing(page=self.page, categories=["-*", "toplevel"])
        before = self._metrics()
        yield work
        after = self._metrics()
        work.longest = longest_task(browser.stop_tracing())
        self._wire.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        for name, metric in TIMES.items():
            setattr(work, name, (after[metric] - before[metric]) * 1000)
        for name, metric in COUNTS.items():
            setattr(work, name, int(after[metric] - before[metric]))

    def held(self) -> Held:
        """What it holds now."""
        for _ in range(3):  # what the first round frees may have held something else
            self._wire.send("HeapProfiler.collectGarbage")
        heap = self._wire.send("Runtime.getHeapUsage")["usedSize"]
        metrics = self._metrics()
        return Held(int(heap), int(metrics["Nodes"]), int(metrics["JSEventListeners"]))

    def frames(self, count: int = 2) -> None:
        """Wait until the screen has been drawn."""
        self.page.evaluate(
            """async (count) => {
              while (count--) await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
            }""",
            count,
        )

    def _metrics(self) -> dict[str, float]:
        return {each["name"]: each["value"] for each in self._wire.send("Performance.getMetrics")["metrics"]}


TIMES = {
    "script": "ScriptDuration",
    "style": "RecalcStyleDuration",
    "layout": "LayoutDuration",
    "tasks": "TaskDuration",
}
COUNTS = {"layouts": "LayoutCount", "styles": "RecalcStyleCount"}


def longest_task(trace: bytes) -> float:
    """The longest task of a page's main thread, in milliseconds of processor time."""
    events = json.loads(trace)["traceEvents"]
    named = [each for each in events if each["name"] == "thread_name" and each["args"]["name"] == MAIN_THREAD]
    threads = {(each["pid"], each["tid"]) for each in named}
    tasks = (each for each in events if each["name"] == TASK and (each["pid"], each["tid"]) in threads)
    return max((each.get("tdur", 0) / 1000 for each in tasks), default=0.0)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's browser. Raises `Missing`."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        yield browser
        browser.close()


def program() -> str:
    """Where the browser lies. Raises `Missing`."""
    path = find(WHOLE)
    if not path:
        raise Missing("The widget's bench needs a browser: run tests/setup as root, or install chromium.")
    return path


@contextmanager
def tab(browser: Browser, device: Device = DESKTOPS) -> Iterator[Tab]:
    """A tab of a fresh profile."""
    context = browser.new_context(**device.settings)
    page = context.new_page()
    page.add_init_script(SHIFTS)
    wire = context.new_cdp_session(page)
    wire.send("Performance.enable", {"timeDomain": "threadTicks"})
    wire.send("HeapProfiler.enable")
    yield Tab(page, device, wire)
    context.close()
