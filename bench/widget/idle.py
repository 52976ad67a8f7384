"""Before the shopper shows intent: what the entry asks for, moves, and does to the main thread."""

from __future__ import annotations

from playwright.sync_api import Browser

from bench.widget.run import Run
from bench.widget.scripted import SHOP, Scripted
from bench.widget.tab import DEVICES, Device, Work, tab
from bench.widget.weight import SETTLED_MS, Asked

# As the snippet does it, but on a page that is done: what comes now comes from the entry.
PASTE = """
(shop) => {
  const chat = document.createElement('shop-chat');
  chat.dataset.shop = shop;
  const script = document.createElement('script');
  script.type = 'module';
  script.src = '/widget/chat.js';
  document.body.append(chat, script);
}
"""


def idle(run: Run) -> None:
    """The entry on a page that was quiet, on a desktop and on a phone."""
    for _ in run.rounds():
        for device in DEVICES:
            asked, shift, work = paste(run.browser, run.shop, device)
            run.readings.add("idle requests", device.name, len(asked) + len(asked.hosts))
            run.readings.add("idle shift", device.name, shift)
            run.readings.add("idle script", device.name, work.script)
            run.readings.add("idle longest", device.name, work.longest)


def paste(browser: Browser, shop: Scripted, device: Device) -> tuple[Asked, float, Work]:
    """What the page asks for, by how much it shifts, and what it does when the entry is pasted into it."""
    with tab(browser, device) as opened:
        opened.page.goto(f"{shop.url}/bare")
        opened.page.wait_for_load_state("networkidle")
        asked = Asked(opened.page, shop.url)
        with opened.measured() as work:
            opened.page.evaluate(PASTE, SHOP)
            opened.page.locator("shop-chat .launcher").wait_for()
            opened.page.wait_for_timeout(SETTLED_MS)
        return asked, float(opened.page.evaluate("window.shifts")), work
