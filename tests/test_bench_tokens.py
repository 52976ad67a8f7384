"""The tokens bench: its story goes on with full and with bare ids, and its page marks what misses a target."""

from __future__ import annotations

from pathlib import Path

from bench.tokens import page
from bench.tokens.product import CLOTHES
from bench.tokens.readings import Story
from bench.tokens.story import Seen, story

ROOT = Path(__file__).parents[1]


BEFORE = Story([0, 0, 1], [100, 200, 300], [0, 100, 150])


def stories(now: Story) -> dict[str, Story]:
    return {version.name: now if version == page.TODAY else BEFORE for version in page.VERSIONS}


def test_the_figures_are_taken_from_the_requests() -> None:
    assert (BEFORE.per_turn, BEFORE.first_turns(1), BEFORE.largest) == (300, 300, 300)
    assert (round(BEFORE.cached, 3), BEFORE.kept) == (0.417, 0.75)


def test_the_page_marks_what_misses_a_target() -> None:
    kept = Story([0, 1], [50, 60], [0, 100])
    missed = page.text(dict.fromkeys(page.SHOPS, stories(Story([0, 1], [100, 100], [0, 50]))))
    assert (missed.count("**0.33** |"), missed.count("**25%** |")) == (2, len(page.SHOPS))
    assert page.text(dict.fromkeys(page.SHOPS, stories(kept))).count("**") == 2, "the word that explains it"
    assert "bench-tokens: " in (ROOT / "Makefile").read_text()


def test_the_story_finds_the_ids_of_today_and_of_earlier_commits() -> None:
    lean = '{"products":[{"id":"8036","title":"Merino","variants":[{"id":"43729","available":true},{"id":"43730"}]}]}'
    one = '{"product":{"id":"8036","variants":[{"id":"43729","available":true}]},"more_variants":"call get_product"}'
    full = '{"id": "gid://shopify/Product/8036", "variants": [{"id": "gid://shopify/ProductVariant/43729"}], … (short'
    prefix = "gid://shopify/Product"
    told = ((lean, "8036", "43729"), (one, "8036", "43729"), (full, f"{prefix}/8036", f"{prefix}Variant/43729"))
    for text, product, variant in told:
        seen = Seen()
        seen.learn([{"role": "user", "content": "?"}, {"role": "tool", "content": text}])
        seen.learn([{"role": "tool", "content": '{"status":"ok","cart":{"lines":[]}}'}])
        inputs = [turn.input(seen) for turn in story(CLOTHES)[7:9]]
        assert inputs == [{"id": product}, {"lines": [{"variant_id": variant, "quantity": 2}]}]
