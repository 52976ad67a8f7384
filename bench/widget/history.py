"""A conversation of 2,000 messages: opened, read up to its beginning, closed and opened again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, expect

from bench.seed import seeded
from bench.widget.run import Run
from bench.widget.tab import DESKTOPS, DEVICES, Device, Tab, Work, tab
from bench.widget.weight import PRODUCT
from tests.live import SHOP, Live, serving
from tests.widget import Chat

MESSAGES = 2000
FIRST_PAGE = 30
CYCLES, WARM = 50, 5
# Up to the beginning, a frame after the other, as a thumb does that never stops.
TO_THE_TOP = """
async () => {
  const root = document.querySelector('shop-chat').shadowRoot;
  const [log, older] = ['.log', '.older'].map((each) => root.querySelector(each));
  const frame = () => new Promise(requestAnimationFrame);
  for (let still = 0; still < 30; still = older.hidden ? still + 1 : 0) {
    log.scrollTop = 0;
    await frame();
  }
  return root.querySelectorAll('.message').length;
}
"""


def history(run: Run) -> None:
    """Longest tasks while the conversation is opened, read to its beginning, and opened again with all of it."""
    with _shop() as live:
        for _ in run.rounds(2):
            for device in DEVICES:
                with shopper(run.browser, live, device) as (chat, opened):
                    _note(run, "open", device, _opened(chat, opened))
                    _note(run, "scroll", device, _read(opened))
                    _note(run, "reopen", device, _again(opened))


def memory(run: Run) -> None:
    """What the page holds after the chat was closed and opened 5 times, and after 50."""
    with _shop() as live, shopper(run.browser, live, DESKTOPS) as (chat, opened):
        _opened(chat, opened)
        for cycle in range(1, CYCLES + 1):
            toggle(opened)
            if cycle in (WARM, CYCLES):
                for name, value in vars(opened.held()).items():
                    run.readings.add(f"held {name}", f"after {cycle}", value)


def _note(run: Run, what: str, device: Device, work: Work) -> None:
    run.readings.add(f"{what} longest", device.name, work.longest)
    run.readings.add(f"{what} tasks", device.name, work.tasks)


@contextmanager
def _shop() -> Iterator[Live]:
    with TemporaryDirectory() as folder, serving(Path(folder)) as live:
        yield live


@contextmanager
def shopper(browser: Browser, live: Live, device: Device, messages: int = MESSAGES) -> Iterator[tuple[Chat, Tab]]:
    """A shopper who has a conversation of that many messages, on a product's page with the chat closed."""
    with tab(browser, device) as opened:
        chat = Chat(opened.page, live)
        chat.open(PRODUCT)
        chat.ask("thanks")
        database = f"sqlite:///{live.folder / 'chat.db'}"
        title = seeded(database, SHOP, chat.kept("session")["id"], messages)
        chat.choose("Past conversations")
        opened.page.get_by_role("button", name=title).first.click()
        expect(opened.page.locator("shop-chat .message")).to_have_count(FIRST_PAGE)
        opened.page.evaluate("document.querySelector('shop-chat').close()")
        chat.visit(PRODUCT)
        opened.page.wait_for_load_state("networkidle")
        yield chat, opened


def _opened(chat: Chat, opened: Tab) -> Work:
    with opened.measured() as work:
        chat.launcher.click()
        opened.page.locator("shop-chat .message").nth(FIRST_PAGE - 1).wait_for(state="attached")
        opened.frames(20)
    return work


def _read(opened: Tab) -> Work:
    with opened.measured() as work:
        count = opened.page.evaluate(TO_THE_TOP)
        opened.frames(3)
    assert count == MESSAGES, f"{count} of {MESSAGES} messages are there"
    return work


def _again(opened: Tab) -> Work:
    with opened.measured() as work:
        for _ in range(3):
            toggle(opened)
    return work


def toggle(opened: Tab) -> None:
    """Close the chat and open it again."""
    for act in ("close", "open"):
        opened.page.evaluate(f"document.querySelector('shop-chat').{act}()")
        opened.frames(3)
