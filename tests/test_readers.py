"""Few read one answer, few at one address, in all processes together; and nobody's place is lost with its process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.servers import RedisServer, free_port
from tests.workers import until
from widget_api.addresses import WIDER_TIMES
from widget_api.api.places import ASKED_SECONDS, Place, Places
from widget_api.problems import Busy, TooManyRequests
from widget_api.streams import readers as product
from widget_api.streams import redis_readers
from widget_api.streams.readers import Reader, Readers, Scope

HERE = [Scope("203.0.113.9", 3)]


class Sitting:
    """Readers of one turn, in the order in which they came, and who of them was sent away."""

    def __init__(self) -> None:
        self.gone: list[str] = []

    def sit(self, readers: Readers, name: str, turn: str = "turn") -> Reader:
        reader = readers.enter([])
        assert reader
        readers.sit(reader, turn, lambda: self.gone.append(name))
        return reader


@pytest.fixture
def sitting() -> Sitting:
    return Sitting()


def test_the_oldest_reader_of_a_turn_is_sent_away_once(sitting: Sitting) -> None:
    readers = Readers(2)
    for name in "abcd":
        sitting.sit(readers, name)
    assert sitting.gone == ["a", "b"]
    sitting.sit(readers, "e", turn="another")
    assert sitting.gone == ["a", "b"]


def test_who_leaves_makes_room(sitting: Sitting) -> None:
    readers = Readers(2)
    first, _ = (sitting.sit(readers, name) for name in "ab")
    readers.leave(first)
    readers.leave(first)
    sitting.sit(readers, "c")
    assert sitting.gone == []


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 4))
def test_a_turn_has_the_newest_readers_whatever_happens(moves: list[int], most: int) -> None:
    readers, sitting = Readers(most), Sitting()
    inside: dict[str, Reader] = {}
    for number, move in enumerate(moves):
        if move < 7:
            inside[str(number)] = sitting.sit(readers, str(number))
        elif inside:
            readers.leave(inside.pop(list(inside)[move % len(inside)]))
        for name in list(inside)[: max(0, len(inside) - most)]:
            assert sitting.gone[-1] == name
            readers.leave(inside.pop(name))
    assert len(sitting.gone) == len(set(sitting.gone))
    for reader in inside.values():
        readers.leave(reader)
    assert (readers._turns, readers._counts, readers._readers) == ({}, {}, {})


# Places


def test_a_quarter_of_the_places_is_kept_for_sends() -> None:
    places = Places(8)
    for _ in range(6):
        places.take("a", sends=False)
    with pytest.raises(Busy):
        places.take("a", sends=False)
    for _ in range(2):
        places.take("a", sends=True)
    with pytest.raises(Busy):
        places.take("a", sends=True)


def test_a_busy_shop_leaves_places_to_another_that_asks() -> None:
    places = Places(16)
    held = [places.take("a", sends=True, shop=1) for _ in range(16)]
    with pytest.raises(Busy):
        places.take("b", sends=True, shop=2)
    held.pop().give_back()
    with pytest.raises(Busy):
        places.take("a", sends=True, shop=1)
    places.take("b", sends=True, shop=2)
    for place in held[:10]:
        place.give_back()
    for _ in range(3):
        places.take("a", sends=True, shop=1)


def test_a_shop_that_asks_alone_has_all_places(monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places(8)
    places.take("b", sends=True, shop=2).give_back()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + ASKED_SECONDS + 1)
    for _ in range(8):
        places.take("a", sends=True, shop=1)


def test_a_place_is_given_back_once() -> None:
    places = Places(1)
    place = places.take("a", sends=True)
    place.give_back()
    place.give_back()
    places.take("a", sends=True)
    with pytest.raises(Busy):
        places.take("a", sends=True)


def test_an_address_has_so_many_places_and_a_quarter_of_them_for_sends() -> None:
    places = Places(100, at_address=4)
    taken = [places.take("203.0.113.9", sends=False) for _ in range(3)]
    with pytest.raises(TooManyRequests, match="network"):
        places.take("203.0.113.9", sends=False)
    places.take("203.0.113.9", sends=True)
    with pytest.raises(TooManyRequests):
        places.take("203.0.113.9", sends=True)
    places.take("203.0.113.10", sends=False)
    taken[0].give_back()
    places.take("203.0.113.9", sends=True)


def test_who_is_refused_holds_no_place() -> None:
    places = Places(3, at_address=1)
    places.take("a", sends=True)
    for _ in range(5):
        with pytest.raises(TooManyRequests):
            places.take("a", sends=True)
    places.take("b", sends=True)
    places.take("c", sends=True)


def test_a_wide_network_has_more_places_but_not_one_for_each_of_its_parts() -> None:
    places = Places(1000, at_address=2)
    with pytest.raises(TooManyRequests):
        for number in range(100):
            places.take(f"2001:db8:0:{number:x}::/64", sends=True)
    assert number == 2 * WIDER_TIMES


# in Redis


Make = Callable[[], Readers]


@pytest.fixture
def shared(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes the readers of a process that counts in Redis."""
    monkeypatch.setattr(redis_readers, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(redis_readers, "RETRY_SECONDS", 0)
    redis.flush()
    made: list[Readers] = []

    def make() -> Readers:
        made.append(product.build(redis.url, 2))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_the_oldest_reader_is_sent_away_by_whichever_process_the_newest_comes_to(
    shared: Make, sitting: Sitting
) -> None:
    here, there = shared(), shared()
    sitting.sit(here, "a")
    sitting.sit(there, "b")
    sitting.sit(there, "c")
    until(lambda: sitting.gone == ["a"])
    sitting.sit(here, "d")
    until(lambda: sitting.gone == ["a", "b"])


def test_all_processes_count_an_address_together(shared: Make) -> None:
    here, there = shared(), shared()
    first = here.enter(HERE)
    assert first
    assert here.enter(HERE)
    assert there.enter(HERE)
    for _ in range(30):  # being refused makes no room
        assert here.enter(HERE) is None
        assert there.enter(HERE) is None
    assert there.enter([Scope("203.0.113.10", 3)])
    here.leave(first)
    until(lambda: there.enter(HERE) is not None)


def test_the_places_of_a_process_that_died_come_back(
    shared: Make, sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_readers, "ALIVE_MS", 300)
    dead, alive = shared(), shared()
    sitting.sit(dead, "of the dead")
    assert all(dead.enter(HERE) for _ in range(3))
    assert alive.enter(HERE) is None
    monkeypatch.setattr(dead._shared, "_tell", lambda: None)  # it says nothing more, as when it is killed
    until(lambda: alive.enter(HERE) is not None)
    sitting.sit(alive, "a")
    sitting.sit(alive, "b")
    assert sitting.gone == []


def test_a_process_that_ends_leaves_no_readers(shared: Make) -> None:
    ending, there = shared(), shared()
    assert all(ending.enter(HERE) for _ in range(3))
    assert there.enter(HERE) is None
    ending.close()
    assert there.enter(HERE)


def test_without_redis_each_process_counts_by_itself(sitting: Sitting) -> None:
    readers = product.build(f"redis://127.0.0.1:{free_port()}/0", 2)
    for name in "abc":
        sitting.sit(readers, name)
    assert sitting.gone == ["a"]
    entered = [readers.enter(HERE) for _ in range(4)]
    assert [bool(each) for each in entered] == [True, True, True, False]
    for each in entered[:3]:
        assert each
        readers.leave(each)
    assert readers.enter(HERE)
    readers.close()


def test_what_was_counted_when_redis_failed_is_not_counted_for_ever(
    shared: Make, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_readers, "ALIVE_MS", 300)
    here, there = shared(), shared()
    entered = [here.enter(HERE) for _ in range(3)]
    redis.pause()
    try:
        for each in entered:
            assert each
            here.leave(each)
        assert here.enter(HERE), "nobody waits for long"
    finally:
        redis.resume()
    until(lambda: there.enter(HERE) is not None)


def test_redis_is_left_as_it_was_when_all_have_left(shared: Make, redis: RedisServer, sitting: Sitting) -> None:
    import redis as client

    readers = shared()
    readers.leave(sitting.sit(readers, "a"))
    entered = readers.enter(HERE)
    assert entered
    readers.leave(entered)
    with client.Redis.from_url(redis.url) as asked:
        until(lambda: asked.keys("*") == [b"chat:readers:beats"])


def test_many_threads_keep_the_count(shared: Make) -> None:
    readers = [shared(), shared()]
    scope = [Scope("busy", 6)]
    at_once: list[int] = []
    now, lock = [0], threading.Lock()

    def come_and_go(mine: Readers) -> None:
        for _ in range(40):
            reader = mine.enter(scope)
            if reader is None:
                continue
            with lock:
                now[0] += 1
                at_once.append(now[0])
            with lock:
                now[0] -= 1
            mine.leave(reader)

    threads = [threading.Thread(target=come_and_go, args=(readers[number % 2],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert 1 <= max(at_once) <= 6
    until(lambda: readers[0].enter(scope) is not None)


def test_a_place_reads_and_is_left(sitting: Sitting) -> None:
    places = Places(4, Readers(1))
    first: Place = places.take("a", sends=True)
    first.read("turn", lambda: sitting.gone.append("first"))
    second = places.take("a", sends=False)
    second.read("turn", lambda: sitting.gone.append("second"))
    assert sitting.gone == ["first"]
