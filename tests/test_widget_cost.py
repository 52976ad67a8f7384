"""What the widget costs the page: nothing before intent, few layouts for a long answer, no more messages drawn than
are near, and nothing kept of a chat that was closed. Counted here; the milliseconds stand in docs/widget.md."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from bench.widget.history import TO_THE_TOP, shopper, toggle
from bench.widget.idle import paste
from bench.widget.scripted import MARKDOWN, Scripted, Speech, scripted
from bench.widget.stream import ask, begin
from bench.widget.tab import DESKTOPS, DEVICES, Device, Tab, tab
from tests.browser import chromium
from tests.live import Live

__all__ = ["chromium"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-cost")]

# So long a task makes a page feel stuck. In processor time, and there is room for ten of ours in it.
LONG_TASK_MS = 50
DRAWS_A_SECOND = 10
MESSAGES = 240
# Writes down in which messages something changes.
WATCH = """
() => {
  const root = document.querySelector('shop-chat').shadowRoot;
  window.touched = new Set();
  window.changes = 0;
  new MutationObserver((records) => {
    for (const { target } of records) {
      const element = target instanceof Element ? target : target.parentElement;
      touched.add([...root.querySelectorAll('.message')].indexOf(element.closest('.message')));
    }
    changes += records.length;
  }).observe(root.querySelector('.log'), { subtree: true, childList: true, characterData: true, attributes: true });
}
"""
DRAWN = """
() => [...document.querySelector('shop-chat').shadowRoot.querySelectorAll('.message')]
  .filter((message) => message.checkVisibility({ contentVisibilityAuto: true })).length
"""
# One page of older messages, and how far what the shopper was reading moves when it comes.
ONE_PAGE_UP = """
async () => {
  const log = document.querySelector('shop-chat').shadowRoot.querySelector('.log');
  const frame = () => new Promise(requestAnimationFrame);
  const count = () => log.querySelectorAll('.message').length;
  const [first, before] = [log.querySelector('.message'), count()];
  const place = () => first.getBoundingClientRect().top - log.getBoundingClientRect().top;
  log.scrollTop = 100;
  const top = place();
  while (count() === before) await frame();
  for (let frames = 0; frames < 5; frames++) await frame();
  return place() - top;
}
"""
# How high the conversation is before and after all of it has passed the screen.
PASS_BY = """
async () => {
  const log = document.querySelector('shop-chat').shadowRoot.querySelector('.log');
  const frame = () => new Promise(requestAnimationFrame);
  const heights = [log.scrollHeight];
  const isAtEnd = () => log.scrollTop + log.clientHeight > log.scrollHeight - 1;
  for (log.scrollTop = 0; !isAtEnd(); log.scrollTop += 400) await frame();
  await frame();
  return [...heights, log.scrollHeight];
}
"""


@pytest.fixture(scope="module")
def shop() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


@pytest.fixture
def opened(chromium: Browser, shop: Scripted) -> Iterator[Tab]:
    """A desktop's tab with the chat open and one short answer in it."""
    with tab(chromium) as made:
        begin(shop, made)
        yield made


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_the_entry_loads_nothing_moves_nothing_and_holds_up_nobody(
    chromium: Browser, shop: Scripted, device: Device
) -> None:
    asked, shift, work = paste(chromium, shop, device)
    assert asked == ["/widget/chat.js"]
    assert shift == 0
    assert work.longest < LONG_TASK_MS * device.slower


def test_an_answer_that_comes_at_once_is_drawn_at_once(opened: Tab, shop: Scripted) -> None:
    shop.speech = Speech(deltas=2000)
    with opened.measured() as work:
        ask(opened, 2)
    assert work.layouts < 100


def test_an_answer_that_streams_is_drawn_a_few_times_a_second(opened: Tab, shop: Scripted) -> None:
    shop.speech = Speech(deltas=600, rate=200)
    start = time.monotonic()
    with opened.measured() as work:
        ask(opened, 2)
    assert work.layouts < (time.monotonic() - start) * DRAWS_A_SECOND + 20


def test_what_streams_in_touches_the_end_of_its_own_message(opened: Tab, shop: Scripted) -> None:
    shop.speech = Speech(deltas=50)
    ask(opened, 2)
    deltas = len(MARKDOWN)
    shop.speech = Speech(deltas=deltas, characters=1, rate=400)
    opened.page.evaluate(WATCH)
    ask(opened, 3)
    touched, changes = opened.page.evaluate("[[...touched], changes]")
    # Its question and it are the fifth and the sixth message; the question before loses the way to reword it.
    assert set(touched) <= {-1, 2, 3, 4, 5}
    assert changes < deltas


def test_of_a_long_conversation_only_what_is_near_is_drawn(chromium: Browser, live: Live) -> None:
    with shopper(chromium, live, DESKTOPS, MESSAGES) as (chat, opened):
        chat.launcher.click()
        opened.page.locator("shop-chat .message").nth(29).wait_for(state="attached")
        assert opened.page.locator("shop-chat .message").count() == 30
        moves = [opened.page.evaluate(ONE_PAGE_UP) for _ in range(2)]
        assert all(abs(move) <= 1 for move in moves), moves
        assert opened.page.evaluate(TO_THE_TOP) == MESSAGES
        assert opened.page.evaluate(DRAWN) <= 90
        before, after = opened.page.evaluate(PASS_BY)
        assert abs(after - before) <= 1


def test_a_chat_that_is_opened_fifty_times_keeps_nothing(opened: Tab) -> None:
    for _ in range(5):
        toggle(opened)
    first = opened.held()
    for _ in range(45):
        toggle(opened)
    last = opened.held()
    assert (last.nodes, last.listeners) == (first.nodes, first.listeners)
    assert last.heap - first.heap < 100_000
