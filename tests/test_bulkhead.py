"""Places that shops share: no shop takes them all, and none is turned away while one is free."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget_api.bulkhead import Bulkhead

SHOPS = st.sampled_from(["anna", "ben", "cleo"])


@pytest.mark.parametrize(
    ("places", "share", "most", "held"),
    [
        (1, 1, None, 1),
        (4, 1, None, 2),
        (32, 1, 8, 8),
        (2, 7, None, 2),
        (3, 7, None, 3),
        (8, 7, None, 7),
        (2000, 7, None, 1750),
    ],
)
def test_a_shop_alone_has_its_share_and_leaves_the_rest(places: int, share: int, most: int | None, held: int) -> None:
    bulkhead = Bulkhead(places, share=share, most=most)
    assert [bulkhead.take("anna") for _ in range(places + 1)].count(True) == held


def test_a_place_that_is_given_back_can_be_taken_again() -> None:
    bulkhead = Bulkhead(2)
    assert bulkhead.take("anna")
    assert not bulkhead.take("anna")
    bulkhead.give_back("anna")
    assert bulkhead.take("anna")


@given(st.integers(1, 40), st.integers(1, 4), st.lists(st.tuples(SHOPS, st.booleans()), max_size=150))
def test_there_are_never_more_than_all_and_a_free_one_is_for_whoever_has_none(
    places: int, share: int, steps: list[tuple[str, bool]]
) -> None:
    bulkhead, held = Bulkhead(places, share=share), Counter[str]()
    for shop, takes in steps:
        if not takes and held[shop]:
            bulkhead.give_back(shop)
            held[shop] -= 1
        elif takes:
            has_one = bulkhead.take(shop)
            assert has_one or held[shop] or held.total() == places
            held[shop] += has_one
            assert held.total() <= places
