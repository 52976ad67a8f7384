"""One run: `make bench-tokens`, or `python -m bench.tokens [--commit COMMIT]`."""

from __future__ import annotations

import click

from bench.tokens import page
from bench.tokens.count import count
from bench.tokens.model import Model, serving
from bench.tokens.product import THINGS, Version, has_commit, running, tell
from bench.tokens.readings import Story
from bench.tokens.story import story


@click.command()
@click.option("--commit", "commits", multiple=True, help="Only these commits; `now` is the working tree.")
def main(commits: tuple[str, ...]) -> None:
    """Count the story's tokens in both shops, and write docs/reports/tokens.md.

    A version that is not measured, or that the repository does not have, keeps the readings of an earlier run.
    """
    readings = page.read()
    for shop in page.SHOPS:
        for version in page.VERSIONS:
            if has_commit(version) and (not commits or version.commit in commits):
                readings.setdefault(shop, {})[version.name] = measured = measure(version, shop)
                figures = f"{measured.per_turn:8.0f} tokens a turn, {measured.cached:.0%} repeated"
                click.echo(f"{shop:<8} {version.name:<26} {figures}")
        readings[shop] = {each.name: readings[shop][each.name] for each in page.VERSIONS}
    page.write(readings)


def measure(version: Version, shop: str) -> Story:
    """Return the tokens of the story in a version and a shop."""
    turns = story(THINGS[shop])
    model = Model(turns)
    with serving(model) as model_url, running(version, shop, model_url) as url:
        tell(url, turns)
    return count(model.requests)


if __name__ == "__main__":
    main()
