"""A shop that does not answer in time is left alone, asked once after a while, and then asked again by all."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from widget_api.shopify.breaker import FAILURES, FIRST_PAUSE, LONGEST_PAUSE, Admission, Breaker, Ending


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("anna-store.myshopify.com", clock)


def end(breaker: Breaker, *endings: Ending) -> None:
    for ending in endings:
        wait, is_probe = breaker.enter()
        assert not wait
        breaker.leave(ending, is_probe=is_probe)


def test_it_opens_after_some_late_calls_in_a_row(breaker: Breaker, caplog: pytest.LogCaptureFixture) -> None:
    end(breaker, *[Ending.LATE] * FAILURES)
    assert breaker.enter() == Admission(FIRST_PAUSE)
    assert caplog.messages == [
        f"anna-store.myshopify.com did not answer {FAILURES} calls in time: it is not asked for {FIRST_PAUSE} s."
    ]


def test_an_answer_between_them_keeps_it_closed(breaker: Breaker) -> None:
    end(breaker, *[Ending.LATE] * (FAILURES - 1), Ending.ANSWERED, *[Ending.LATE] * (FAILURES - 1))
    assert breaker.enter() == Admission(0)


def test_calls_that_asked_nothing_change_nothing(breaker: Breaker) -> None:
    end(breaker, *[Ending.LATE] * (FAILURES - 1), Ending.UNASKED, Ending.LATE)
    assert breaker.enter().wait_seconds


def test_calls_that_were_under_way_when_it_opened_do_not_prolong_it(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3 * FAILURES):
        assert breaker.enter() == Admission(0)
    for _ in range(3 * FAILURES):
        breaker.leave(Ending.LATE, is_probe=False)
    clock.now += FIRST_PAUSE
    assert breaker.enter() == Admission(0, is_probe=True)


def test_one_call_is_the_probe_and_the_others_wait_for_it(breaker: Breaker, clock: Clock) -> None:
    end(breaker, *[Ending.LATE] * FAILURES)
    clock.now += FIRST_PAUSE
    assert breaker.enter() == Admission(0, is_probe=True)
    assert breaker.enter().wait_seconds > 0
    breaker.leave(Ending.ANSWERED, is_probe=True)
    assert [breaker.enter() for _ in range(2)] == [Admission(0)] * 2


def test_a_probe_that_asked_nothing_makes_room_for_another(breaker: Breaker, clock: Clock) -> None:
    end(breaker, *[Ending.LATE] * FAILURES)
    clock.now += FIRST_PAUSE
    end(breaker, Ending.UNASKED)
    assert breaker.enter() == Admission(0, is_probe=True)


def test_each_probe_that_is_late_doubles_the_pause_up_to_the_longest(breaker: Breaker, clock: Clock) -> None:
    end(breaker, *[Ending.LATE] * FAILURES)
    pauses = []
    for _ in range(5):
        pauses.append(breaker.enter().wait_seconds)
        clock.now += pauses[-1]
        end(breaker, Ending.LATE)
    assert pauses == [10, 20, 40, 80, 80] == [min(FIRST_PAUSE * 2**n, LONGEST_PAUSE) for n in range(5)]


def test_it_begins_with_the_first_pause_when_the_shop_has_answered_meanwhile(breaker: Breaker, clock: Clock) -> None:
    end(breaker, *[Ending.LATE] * FAILURES)
    clock.now += FIRST_PAUSE
    end(breaker, Ending.LATE)
    clock.now += 2 * FIRST_PAUSE
    end(breaker, Ending.ANSWERED, *[Ending.LATE] * FAILURES)
    assert breaker.enter() == Admission(FIRST_PAUSE)
