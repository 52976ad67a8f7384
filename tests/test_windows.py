"""Moving windows in memory: they count as a list of all hits would, and their upkeep and memory are bounded."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import parse
from limits.strategies import MovingWindowRateLimiter

from widget_api.windows import Windows


class Clock:
    """The monotonic clock, moved by hand."""

    now = 1000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    return clock


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 40)), max_size=60),
    st.integers(1, 5),
)
def test_a_hit_is_granted_where_the_last_seconds_have_room(hits: list[tuple[str, int]], limit: int) -> None:
    windows, clock = Windows(), Clock()
    granted: dict[str, list[float]] = {"a": [], "b": []}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: clock.now)
        for key, pause in hits:
            clock.now += pause
            recent = [each for each in granted[key] if each >= clock.now - 60]
            assert windows.acquire_entry(key, limit, 60) == (len(recent) < limit)
            if len(recent) < limit:
                granted[key].append(clock.now)
            assert windows.get_moving_window(key, limit, 60)[1] == min(len(recent) + 1, limit)


def test_the_time_to_wait_is_told_by_the_clock_on_the_wall(clock: Clock) -> None:
    limiter = MovingWindowRateLimiter(Windows())
    rule = parse("1 per minute")
    assert limiter.hit(rule, "anna")
    clock.now += 20
    assert not limiter.hit(rule, "anna")
    assert limiter.get_window_stats(rule, "anna").reset_time - time.time() == pytest.approx(40, abs=1)


def test_what_does_not_count_any_more_is_forgotten_as_others_hit(clock: Clock) -> None:
    windows = Windows()
    for number in range(1000):
        windows.acquire_entry(f"early {number}", 5, 60)
    clock.now += 61
    for number in range(600):
        windows.acquire_entry(f"late {number}", 5, 60)
    assert all(key.startswith("late") for key in windows.events)


def test_long_windows_do_not_keep_short_ones(clock: Clock) -> None:
    windows = Windows()
    for number in range(100):
        windows.acquire_entry(f"day {number}", 5, 86400)
        windows.acquire_entry(f"minute {number}", 5, 60)
    clock.now += 61
    for _ in range(60):
        windows.acquire_entry("now", 100, 60)
    assert len(windows.events) == 101


def test_memory_is_bounded_and_the_quietest_are_forgotten_first() -> None:
    windows = Windows(most_keys=100, most_hits=350)
    for number in range(1000):
        assert windows.acquire_entry(f"{number}", 5, 60)
        windows.acquire_entry("busy", 300, 60)
    assert len(windows.events) <= 100
    assert sum(map(len, windows.events.values())) <= 350
    assert "999" in windows.events


def test_what_is_cleared_begins_anew() -> None:
    windows = Windows()
    assert windows.acquire_entry("a", 1, 60)
    windows.clear("a")
    assert windows.acquire_entry("a", 1, 60)
    assert windows.reset() == 1
    assert windows.acquire_entry("a", 1, 60)
    assert windows.check()
