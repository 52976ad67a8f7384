"""docs/reports/tokens.md: the tokens of the story in both shops, at three commits."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from bench.tokens.product import NOW, Version
from bench.tokens.readings import Story
from widget_api.turns.token_count import estimate_tokens

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reports" / "tokens.md"
READINGS = ROOT / "docs" / "reports" / "tokens.json"
NOTES = Path(__file__).with_name("notes.md")
SAMPLES = Path(__file__).with_name("samples.json")

# The commit that the report on real models was written at, and the one before results became lean. Both
# forgot what they had shown when a conversation grew, so they are also measured with nothing left out.
REPORTED, BEFORE, TODAY = Version("4bc206b"), Version("13f1f63"), Version(NOW)
WHOLE = Version(REPORTED.commit, is_whole=True)
VERSIONS = (REPORTED, WHOLE, BEFORE, Version(BEFORE.commit, is_whole=True), TODAY)
SHOPS = {"demo": "demo shop", "clothes": "clothes shop, 36 variants a product"}
MOST_SHARE, LEAST_CACHED = 0.3, 0.9

Readings = dict[str, dict[str, Story]]


def read() -> Readings:
    """Return the readings of the last run, shop by shop and commit by commit."""
    if not READINGS.exists():
        return {}
    kept = json.loads(READINGS.read_text())
    return {shop: {commit: Story(**story) for commit, story in stories.items()} for shop, stories in kept.items()}


def write(readings: Readings) -> None:
    """Write the readings and the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    plain = {shop: {name: asdict(story) for name, story in stories.items()} for shop, stories in readings.items()}
    READINGS.write_text(json.dumps(plain) + "\n")
    PAGE.write_text(text(readings))


def text(readings: Readings) -> str:
    """Return the page."""
    tables = [f"## {title[0].upper()}{title[1:]}\n\n{_table(shop, readings[shop])}" for shop, title in SHOPS.items()]
    return "\n\n".join([_HEAD, *tables, NOTES.read_text().strip(), _estimates()]) + "\n"


_HEAD = f"""\
# Input tokens

Written by `make bench-tokens`; every reading stands in [tokens.json](tokens.json). The same ten turns (three
searches, two looks at a product, two changes of the cart, one question about returns, two turns of words; 18
requests) go through the product and its demo shop over HTTP, with a stand-in for the model that keeps each request.
The clothes shop is the demo shop with fifteen products of 36 variants. Counted with o200k, the vocabulary of OpenAI's
newer models.

Commits {REPORTED.name} and {BEFORE.name} cut results of earlier turns as soon as the conversation had 24,000
characters: in the clothes shop after two searches, from when on the model could name little of what it had shown. So
they are measured a second time with nothing left out. The product leaves nothing out in this story today.

Targets in the clothes shop: at most {MOST_SHARE:g} times the input tokens of commit {REPORTED.name}, in the first
three turns and, with nothing left out, in all ten; and at least {LEAST_CACHED:.0%} of the input the repeated
beginning of the request before, which providers' caches charge less for. A figure that misses its target is
**bold**."""


def _table(shop: str, stories: dict[str, Story]) -> str:
    whole, reported = stories[WHOLE.name].per_turn, stories[REPORTED.name]
    named, told = list(stories.items()), list(stories.values())
    most = MOST_SHARE if shop == "clothes" else 1
    rows = [
        ("", *stories),
        ("---", *("---:" for _ in stories)),
        ("input tokens a turn", *(f"{each.per_turn:,.0f}" for each in told)),
        (f"times those of {WHOLE.name}", *(_ratio(each.per_turn / whole, most, name) for name, each in named)),
        (f"times those of {REPORTED.name}", *(f"{each.per_turn / reported.per_turn:.2f}" for each in told)),
        ("the first three turns", *(f"{each.first_turns(3):,}" for each in told)),
        (
            f"times those of {REPORTED.name}",
            *(_ratio(each.first_turns(3) / reported.first_turns(3), most, name) for name, each in named),
        ),
        ("the largest request", *(f"{each.largest:,}" for each in told)),
        ("repeated beginning, of all input", *(_share(each.cached, name) for name, each in named)),
        ("not repeated, tokens a turn", *(f"{each.per_turn * (1 - each.cached):,.0f}" for each in told)),
        ("of a request, repeated by the next: at least", *(f"{each.kept:.0%}" for each in told)),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _estimates() -> str:
    """Return the table of what vocabularies take of some texts, and of what the product takes them for."""
    kept = json.loads(SAMPLES.read_text("utf-8"))
    rows = [("text", *kept["vocabularies"], "the product"), ("---", *("---:" for _ in kept["vocabularies"]), "---:")]
    for name, sample in kept["samples"].items():
        rows.append((name, *map(str, sample["tokens"]), str(estimate_tokens(sample["text"]))))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _ratio(ratio: float, most: float, name: str) -> str:
    return f"**{ratio:.2f}**" if name == TODAY.name and ratio > most else f"{ratio:.2f}"


def _share(share: float, name: str) -> str:
    return f"**{share:.0%}**" if name == TODAY.name and share < LEAST_CACHED else f"{share:.0%}"
