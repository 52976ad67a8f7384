"""An answer of 8,000 characters in 2,000 deltas, read and drawn by the real widget."""

from __future__ import annotations

import time

from bench.widget.run import Run
from bench.widget.scripted import Scripted, Speech
from bench.widget.tab import DEVICES, Tab, Work, tab

# Deltas a second. Fast models say 200, most say 50; all at once is what comes after a lost connection.
RATES = (0, 200, 50)
DELTAS = 2000
LONGEST_MS = 120_000
ENDED = "shop-chat .composer:not(.busy)"


def stream(run: Run) -> None:
    """The main thread's time for the answer, from the question to its end."""
    for number in run.rounds():
        for rate in RATES[: 2 if number or run.quick else 3]:  # 50 a second take long, and one round is enough
            for device in DEVICES:
                with tab(run.browser, device) as opened:
                    _record(run, f"{device.name} at {rate}", _streamed(run, opened, Speech(DELTAS, rate=rate)))


def _record(run: Run, name: str, work: Work) -> None:
    for figure in ("own", "script", "style", "layout", "tasks", "layouts", "longest"):
        run.readings.add(f"stream {figure}", name, getattr(work, figure))


def _streamed(run: Run, opened: Tab, speech: Speech) -> Work:
    begin(run.shop, opened)
    run.shop.speech = speech
    with opened.measured() as work:
        ask(opened, 2, seconds=speech.deltas / speech.rate if speech.rate else 0)
    text = opened.page.locator("shop-chat .assistant").nth(1).locator(".text").inner_text()
    assert len(text) > 0.8 * speech.deltas * speech.characters, "the answer is not all there"
    return work


def begin(shop: Scripted, opened: Tab) -> None:
    """Open the chat and have a short answer, so that all scripts are there."""
    opened.page.goto(shop.url)
    opened.page.locator("shop-chat .launcher").click()
    shop.speech = Speech(deltas=3)
    ask(opened, 1)


def ask(opened: Tab, answers: int, seconds: float = 0) -> None:
    """Ask, and wait for the end of answer number `answers`, for `seconds` without looking: that would keep the page
    busy, too."""
    page = opened.page
    page.locator("shop-chat textarea").fill("What do you have against the cold?")
    page.locator("shop-chat textarea").press("Enter")
    time.sleep(seconds)
    answer = page.locator("shop-chat .assistant").nth(answers - 1)
    answer.locator(".tools").wait_for(state="attached", timeout=LONGEST_MS)
    page.locator(ENDED).wait_for(state="attached", timeout=LONGEST_MS)
    opened.frames(5)
