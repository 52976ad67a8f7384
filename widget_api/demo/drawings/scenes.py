"""The larger pictures: the lake that the shop is named for, and a shelf for each collection."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import pairwise

from widget_api.demo.drawings.pen import (
    BLACK,
    WHITE,
    ellipse,
    group,
    line,
    lines,
    mix,
    path,
    rect,
    tag,
)

_WIDE, _HIGH = 1600, 1000
# Sky above the ridges, for the words of the page.
_SKY_HIGH = 220
_SHORE = 640
_SKY = (("0", "#d9e0df"), ("0.45", "#ece6d8"), ("0.64", "#f4dfc2"))
# From far to near: the foot's height, how rough the ridge is, and its colour.
_RANGES = (
    (430, 190, "#c3ccca"),
    (480, 170, "#a5b4b5"),
    (540, 130, "#7f9696"),
    (590, 80, "#5b7874"),
)


def lake() -> str:
    """A mountain lake early on a winter morning, 1600 x 1220."""
    ranges = [(_ridge(foot, rough, f"range{number}"), colour) for number, (foot, rough, colour) in enumerate(_RANGES)]
    land = "".join(path(f"{d}V{_SHORE}H0z", colour) for d, colour in ranges)
    stops = [tag("stop", offset=at, stop_color=colour) for at, colour in _SKY]
    mist = [
        tag("stop", offset=at, stop_color="#f6efe2", stop_opacity=how) for at, how in ((0, 0), (0.5, 0.85), (1, 0))
    ]
    halo = [tag("stop", offset=at, stop_color="#fbf1dc", stop_opacity=how) for at, how in ((0.2, 0.8), (1, 0))]
    return tag(
        "svg",
        tag(
            "defs",
            tag("linearGradient", *stops, id="sky", x2="0", y2="1"),
            tag("linearGradient", *mist, id="mist", x2="0", y2="1"),
            tag("radialGradient", *halo, id="halo"),
        ),
        rect(0, -_SKY_HIGH, _WIDE, _HIGH + _SKY_HIGH, "url(#sky)"),
        ellipse(1130, 330, 260, 260, "url(#halo)"),
        ellipse(1130, 330, 58, 58, "#fdf6e6"),
        land,
        rect(0, 0, _WIDE, _HIGH - _SHORE, "#d7ddd6", transform=f"translate(0 {_SHORE})"),
        group(land, transform=f"translate(0 {2 * _SHORE}) scale(1 -1)", opacity=0.5),
        _ripples(),
        rect(0, 560, _WIDE, 150, "url(#mist)"),
        _woods(),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 {-_SKY_HIGH} {_WIDE} {_HIGH + _SKY_HIGH}",
        preserveAspectRatio="xMidYMid slice",
    )


def shelf(wall: str, things: Iterable[tuple[str, float, float, float]]) -> str:
    """A picture of a collection, 1000 x 1250.

    `things` are SVG groups drawn on a sheet of 800 x 1000, each with x, y and scale of its sheet.
    """
    dark = mix(wall, BLACK, 0.12)
    return tag(
        "svg",
        rect(0, 0, 1000, 1250, wall),
        path("M0 0H1000V480Q600 300 0 860z", WHITE, opacity=0.07),
        rect(0, 1040, 1000, 210, dark),
        rect(0, 1040, 1000, 7, WHITE, opacity=0.12),
        *(group(drawn, transform=f"translate({x:g} {y:g}) scale({size:g})") for drawn, x, y, size in things),
        xmlns="http://www.w3.org/2000/svg",
        viewBox="0 0 1000 1250",
        preserveAspectRatio="xMidYMid slice",
    )


def allergens() -> str:
    """The sign beside an allergen notice, 96 x 96."""
    return tag(
        "svg",
        path("M48 10L90 82Q92 88 86 88L10 88Q4 88 6 82z", "#f2b632", stroke="#6b4a12", stroke_width=5),
        line("M48 38v24", "#3a2a0c", 9),
        ellipse(48, 75, 5, 5, "#3a2a0c"),
        xmlns="http://www.w3.org/2000/svg",
        viewBox="0 0 96 96",
    )


def _ridge(foot: float, rough: float, seed: str) -> str:
    """A skyline from the left edge to the right, by midpoint displacement."""
    chance = random.Random(seed)
    heights = [foot - rough * chance.uniform(0, 0.8) for _ in range(6)]
    spread = rough * 0.62
    while len(heights) < 160:
        middles = [(a + b) / 2 + chance.uniform(-spread, spread) for a, b in pairwise(heights)]
        heights = [height for pair in zip(heights, middles, strict=False) for height in pair] + heights[-1:]
        spread *= 0.5
    step = _WIDE / (len(heights) - 1)
    return f"M0 {heights[0]:.0f}" + "".join(f"L{at * step:.0f} {min(y, _SHORE):.0f}" for at, y in enumerate(heights))


def _ripples() -> str:
    chance = random.Random("ripples")
    strokes = []
    for _ in range(90):
        y = _SHORE + 14 + (chance.random() ** 1.6) * 330
        strokes.append(f"M{chance.uniform(-60, 1600):.0f} {y:.0f}h{chance.uniform(30, 190) * (y - 560) / 240:.0f}")
    glints = [f"M{1130 + chance.gauss(0, 46):.0f} {y}h{chance.uniform(8, 54):.0f}" for y in range(660, 930, 9)]
    return lines(strokes, WHITE, 2, 0.28) + lines(glints, "#fff3d8", 3, 0.6)


def _woods() -> str:
    """Firs on both near shores, and a hut with a light in it."""
    chance = random.Random("woods")
    left = "M0 690Q180 676 330 724T620 812Q420 850 300 1000H0z"
    right = "M1600 730Q1440 716 1330 770T1090 880Q1240 900 1300 1000H1600z"
    near = [(x + chance.uniform(-9, 9), 716 + x * x / 3400 + chance.uniform(-6, 6), 0) for x in range(8, 420, 22)]
    near += [(x + chance.uniform(-9, 9), 746 + (1600 - x) ** 2 / 3000, 1) for x in range(1240, 1600, 24)]
    firs = [_fir(x, y, chance.uniform(74, 190), chance) for x, y, _ in near]
    hut = group(
        path("M0 0L44 -40L88 0V48H0z", "#3b2f2a"),
        path("M-9 4L44 -46L97 4L90 10L44 -32L-2 10z", "#e9e4d9"),
        rect(18, 12, 18, 18, "#ffcf7d"),
        rect(56, 10, 16, 38, "#241d1a"),
        line("M68 -30v-24", "#3b2f2a", 9),
        transform="translate(452 726)",
    )
    return (
        path(left, "#2f443b")
        + path(right, "#2b3f38")
        + hut
        + path("".join(firs), "#263a33")
        + path("M430 786Q520 772 640 812Q520 836 430 786z", "#2f443b")
    )


def _fir(x: float, y: float, height: float, chance: random.Random) -> str:
    """A fir of some tiers with its foot at the point."""
    tiers = 5
    left: list[str] = []
    right: list[str] = []
    for tier in range(1, tiers + 1):
        reach = height * 0.2 * tier / tiers * chance.uniform(0.85, 1.15)
        at = y - height * (1 - tier / tiers)
        left.append(f"L{x - reach:.0f} {at:.0f}L{x - reach * 0.45:.0f} {at - 3:.0f}")
        right.insert(0, f"L{x + reach * 0.45:.0f} {at - 3:.0f}L{x + reach:.0f} {at:.0f}")
    return f"M{x:.0f} {y - height:.0f}{''.join(left)}{''.join(right)}z"
