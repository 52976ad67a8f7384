"""The demo shop's search finds what a shopper would expect."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget_api.demo.catalogue import PRODUCTS, answers, search


def handles(query: str, **filters: int | bool) -> list[str]:
    return [each.handle for each in search(query, **filters)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("beanie", "ridge-beanie"),
        ("Beanies", "ridge-beanie"),
        ("mittens", "drift-mittens"),
        ("gloves for the snow", "drift-mittens"),
        ("jumper", "harbour-sweater"),
        ("raincoat", "squall-shell"),
        ("waterproof jacket", "squall-shell"),
        ("rucksack", "traverse-pack"),
        ("thermos", "long-watch-flask"),
        ("do you have boots in 42?", "scree-boots"),
        ("a mug for camping", "tin-cup"),
        ("throw for the sofa", "shoreline-blanket"),
        ("blankett", "shoreline-blanket"),
        ("tea towel", "table-linen-set"),
        ("voucher", "gift-card"),
        ("frying pan", "ember-pan"),
    ],
)
def test_the_best_hit_is_what_was_meant(query: str, first: str) -> None:
    assert handles(query)[0] == first


def test_a_sentence_with_a_price_finds_the_hats_and_only_those() -> None:
    found = handles("warm hat under 40 euros for winter", price_max=4000)
    assert sorted(found) == ["loft-bobble-hat", "ridge-beanie"]


def test_a_colour_finds_the_things_that_have_it() -> None:
    assert all("Moss" in str(each.options) or "Pine" in str(each.options) for each in search("something green"))


def test_nonsense_finds_nothing() -> None:
    assert handles("xyzzy") == []
    assert handles("!!!") == []


def test_nothing_said_finds_everything() -> None:
    assert handles("") == [each.handle for each in PRODUCTS]
    assert handles("something nice under 20 euros", price_max=2000) == ["long-mile-socks", "tin-cup"]


def test_a_product_passes_the_filters_with_one_variant_that_passes_all() -> None:
    # The beanie in rust costs 34 and is there; moss is sold out.
    assert "ridge-beanie" in handles("beanie", available=True, price_min=3400)
    assert handles("beanie", price_min=3500) == []


@given(st.text(max_size=80))
def test_any_words_can_be_searched_for(query: str) -> None:
    found = search(query)
    assert len(found) == len({each.id for each in found})


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("how long does shipping take?", "working days"),
        ("can I return a hat?", "60 days"),
        ("do you wrap gifts", "brown paper"),
        ("how do I wash a sweater", "wool cycle"),
    ],
)
def test_questions_find_their_answers(question: str, about: str) -> None:
    assert any(about in answer for _, answer in answers(question))


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("How long do returns take?", "How do I return something?"),
        ("How long does shipping take?", "How long does delivery take?"),
        ("Which size should I take?", "Which size should I take?"),
        ("How much is shipping?", "What does shipping cost?"),
    ],
)
def test_the_best_answer_is_about_what_was_asked(question: str, best: str) -> None:
    assert answers(question, limit=1)[0][0] == best


def test_an_unrelated_question_has_no_answer() -> None:
    assert answers("xyzzy") == []


@pytest.mark.parametrize(("typed", "found"), [("beenie", "Ridge Beanie"), ("bicycles", None)])
def test_a_slip_of_the_pen_is_mended_and_a_word_of_another_kind_is_not(typed: str, found: str | None) -> None:
    titles = [product.title for product in search(typed)]
    assert titles[:1] == ([found] if found else [])
