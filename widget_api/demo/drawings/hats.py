"""Beanies and bobble hats."""

from __future__ import annotations

import math
import random

from widget_api.demo.drawings.pen import WHITE, Pen, ellipse, line, lines, mix, path

_CROWN = "M196 596C186 380 272 214 400 214C528 214 614 380 604 596Q400 640 196 596z"
_CUFF = (
    "M178 566Q400 618 622 566Q634 566 634 580L630 722Q630 736 616 739"
    "Q400 792 184 739Q170 736 170 722L166 580Q166 566 178 566z"
)


def beanie(pen: Pen) -> str:
    """A ribbed beanie with a folded cuff."""
    sides, cuff_sides = [at / 13 * 2 - 1 for at in range(14)], [at / 21 * 2 - 1 for at in range(22)]
    shine = mix(pen.dye, WHITE, 0.5)
    return "".join(
        (
            pen.contact(404, 772, 262, 34),
            pen.solid(_CROWN, pen.dye, "knit"),
            pen.clipped(
                "ribs",
                _CROWN,
                lines([_meridian(side) for side in sides], pen.deep, 9, 0.3),
                lines([_meridian(side, 10) for side in sides], shine, 6, 0.2),
            ),
            _cuff_shadow(pen),
            pen.solid(_CUFF, mix(pen.dye, WHITE, 0.06)),
            pen.clipped(
                "cuff",
                _CUFF,
                lines([_cuff_rib(side) for side in cuff_sides], pen.deep, 8, 0.32),
                lines([_cuff_rib(side, 8) for side in cuff_sides], shine, 6, 0.24),
                line("M180 572Q400 624 620 572", shine, 5, 0.5),
            ),
            pen.label(506, 682),
        )
    )


def bobble(pen: Pen) -> str:
    """A striped hat with a bobble on it."""
    stripes = [
        line(f"M150 {y}Q400 {y + 52} 650 {y}", colour, width)
        for y, colour, width in ((494, pen.pale, 34), (424, mix(pen.dye, "#c8963e", 0.75), 18), (366, pen.pale, 34))
    ]
    cuff_sides = [at / 25 * 2 - 1 for at in range(26)]
    return "".join(
        (
            pen.contact(404, 772, 262, 34),
            path(_CROWN, pen.dye),
            pen.clipped("crown", _CROWN, *stripes),
            pen.solid(_CROWN, "none", "knit"),
            _cuff_shadow(pen),
            pen.solid(_CUFF, pen.dark),
            pen.clipped(
                "cuff",
                _CUFF,
                lines([_cuff_rib(side) for side in cuff_sides], pen.deep, 8, 0.42),
                lines([_cuff_rib(side, 7) for side in cuff_sides], pen.light, 5, 0.26),
            ),
            _pompom(pen, 400, 196, 88),
        )
    )


def _cuff_shadow(pen: Pen) -> str:
    """What the folded cuff casts on the crown."""
    return pen.clipped("fold", _CROWN, line("M186 570Q400 622 614 570", pen.deep, 26, 0.32))


def _meridian(side: float, by: float = 0) -> str:
    """A rib from the cuff to the crown's top; `side` runs from -1 at the left edge to 1."""
    bow = math.sin(side * math.pi / 2)
    foot, bend, head = 400 + 200 * bow + by, 400 + 182 * bow + by, 400 + 40 * bow + by / 3
    return f"M{foot:.0f} {612 - 14 * abs(bow):.0f}C{foot:.0f} 450 {bend:.0f} 290 {head:.0f} 224"


def _cuff_rib(side: float, by: float = 0) -> str:
    bow = math.sin(side * math.pi / 2 * 0.97)
    x, sag = 400 + 228 * bow + by, 24 * (1 - bow * bow)
    return f"M{x:.0f} {574 + sag:.0f}L{x - 3 * bow:.0f} {736 + sag * 1.4:.0f}"


def _pompom(pen: Pen, x: float, y: float, radius: float) -> str:
    """A ball of cut threads."""
    chance = random.Random("bobble")
    threads: dict[str, list[str]] = {pen.pale: [], pen.light: [], mix(pen.pale, pen.dye, 0.4): []}
    for number in range(520):
        angle, reach = chance.uniform(0, math.tau), radius * math.sqrt(chance.random())
        tip = reach + chance.uniform(14, 26)
        cos, sin = math.cos(angle), math.sin(angle)
        thread = f"M{x + cos * reach:.0f} {y + sin * reach:.0f}L{x + cos * tip:.0f} {y + sin * tip:.0f}"
        list(threads.values())[number % 3].append(thread)
    ball = ellipse(x, y, radius + 8, radius + 8, mix(pen.pale, pen.dye, 0.2))
    shade = ellipse(x, y, radius + 16, radius + 16, pen.ref("sheen")) + ellipse(
        x, y, radius + 16, radius + 16, pen.ref("fall")
    )
    return ball + "".join(lines(each, colour, 4, 0.9) for colour, each in threads.items()) + shade
