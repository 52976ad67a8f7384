"""Five hundred answers as models write them: some by hand, the rest put together from the words of ten languages."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

HERE = Path(__file__).parent
WRITTEN: Final = (HERE / "written.md").read_text().removesuffix("\n").split("\n%%\n")
LANGUAGES: Final[dict[str, dict[str, Any]]] = json.loads((HERE / "languages.json").read_text())
COUNT = 500
PAGE = "https://tarn.example/products/ridge-beanie"

Piece = Callable[[random.Random, dict[str, Any]], str]


def price(rng: random.Random, words: dict[str, Any]) -> str:
    """Return a line with a price, as the language writes it."""
    amount = words["money"].format(rng.choice(words["amounts"]))
    line = rng.choice(["{}: **{}**", "**{}:** {}", "{}: {}*\n\n*{}", "{} {}\\*\n\n\\* {}", "{}: ~~{}~~ **{}**"])
    return line.format(words["price"], amount, rng.choice([words["tax"], amount]))


def size(rng: random.Random, words: dict[str, Any]) -> str:
    """Return a line with measures, whose signs mean themselves."""
    first, second = rng.sample([20, 30, 40, 50, 60, 90], 2)
    ways = ["{}: {}*{} cm", "*{}*: {}\u00d7{} cm", "{}: **{}** / {}", "{} {} x {} cm (~2 cm)", "`{}` {} < {}"]
    return rng.choice(ways).format(words["size"], first, second)


def table(rng: random.Random, words: dict[str, Any]) -> str:
    """Return a table of sizes."""
    heads = [words["size"], words["chest"], words["price"]][: rng.randint(2, 3)]
    align = rng.choice(["---", ":--", "--:", ":-:", " --- "])
    rows = [[name, f"{rng.randint(80, 99)} cm", words["money"].format("9")] for name in ("S", "**M**", "L")]
    lines = [heads, [align] * len(heads), *(row[: len(heads)] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(rng: random.Random, words: dict[str, Any]) -> str:
    """Return a list, some of it nested."""
    sign = rng.choice(["-", "*", "•"]) if rng.random() < 0.9 else "+"
    goods = rng.sample(words["goods"], 2)
    lines = [f"{sign} **{goods[0]}** \u2013 {words['stock']}", f"{sign} *{goods[1]}*: {words['care']}"]
    if sign != "•" and rng.random() < 0.4:
        lines.insert(1, f"  {sign} {words['size']} M")
    return "\n".join(lines)


def steps(rng: random.Random, words: dict[str, Any]) -> str:
    """Return a numbered list, close together or not."""
    between = rng.choice(["\n", "\n\n"])
    return between.join(f"{number}. {text}" for number, text in enumerate(words["steps"], rng.choice([1, 1, 1, 4])))


def quote(rng: random.Random, words: dict[str, Any]) -> str:
    """Return what a policy says."""
    return "\n".join(
        f"> {line}" for line in rng.sample([words["care"], words["stock"], words["tax"]], rng.randint(1, 3))
    )


def code(rng: random.Random, words: dict[str, Any]) -> str:
    """Return a discount's code."""
    return rng.choice(["{0}: `{1}`", "**{0}** ``{1}``", "```\n{1}\n```\n{0}", "{0}\n\n~~~text\n{1}\n~~~"]).format(
        words["price"], f"TARN_{rng.randint(10, 99)}_{words['size'][:1]}*"
    )


def link(rng: random.Random, words: dict[str, Any]) -> str:
    """Return a link to a product's page, in one of the ways to write one."""
    good = rng.choice(words["goods"])
    ways = [
        "[{0}]({1})",
        "[**{0}**]({1})",
        "**[{0}]({1})**",
        "{0}: {1}",
        "{0} ({1})",
        "<{1}>",
        '[{0}]({1} "{0}")',
        "{0} {1}{2}",
    ]
    return rng.choice(ways).format(good, PAGE, words["stop"])


def emphasis(rng: random.Random, words: dict[str, Any]) -> str:
    """Return words with emphasis, beside the language's own punctuation."""
    good, other = rng.sample(words["goods"], 2)
    opened, closed = words["quotes"]
    ways = [
        "**{0}**{2} *{1}*{2}",
        "**{3}{0}{4}**{5}{1}{2}",
        "***{0}***{2} _{1}_",
        "**{0}{2}**{5}*{1}*",
        "{0} **{1}",
        "*{0}{2} {1}",
        "**{0} *{1}***{2}",
        "__{0}__ & _{1}_{2}",
    ]
    return rng.choice(ways).format(good, other, words["stop"], opened, closed, words["space"])


def heading(rng: random.Random, words: dict[str, Any]) -> str:
    """Return a title of what follows."""
    return f"{'#' * rng.randint(1, 4)} {rng.choice(words['goods'])}\n{words['stock']}{words['stop']}"


def question(_: random.Random, words: dict[str, Any]) -> str:
    """Return how an answer ends."""
    return str(words["ask"])


PIECES: Final[list[Piece]] = [price, size, table, bullets, steps, quote, code, link, emphasis, emphasis, heading]


def answers() -> list[str]:
    """Return the answers, the same ones every time."""
    rng = random.Random(500)
    made = list(dict.fromkeys(WRITTEN))
    while len(made) < COUNT:
        words = LANGUAGES[sorted(LANGUAGES)[len(made) % len(LANGUAGES)]]
        pieces = [piece(rng, words) for piece in rng.sample(PIECES, rng.randint(1, 4))]
        answer = "\n\n".join([*pieces, *([question(rng, words)] if rng.random() < 0.3 else [])])
        if answer not in made:
            made.append(answer)
    return made
