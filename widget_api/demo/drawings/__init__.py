"""The demo shop's pictures: a drawing for each kind of product, in any of the shop's dyes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import PurePosixPath

from widget_api.demo.catalogue import DYES, PRODUCTS, Product, product
from widget_api.demo.drawings import camp, garments, hats, home, leather, scenes, woollens
from widget_api.demo.drawings.pen import HEIGHT, PAPER, WHITE, WIDTH, Pen, mix, path, rect, tag

KINDS: Mapping[str, Callable[[Pen], str]] = {
    "beanie": hats.beanie,
    "bobble": hats.bobble,
    "scarf": woollens.scarf,
    "mittens": woollens.mittens,
    "socks": woollens.socks,
    "sweater": garments.sweater,
    "cardigan": garments.cardigan,
    "baselayer": garments.base_layer,
    "shell": garments.shell,
    "vest": garments.vest,
    "boots": leather.boots,
    "backpack": leather.backpack,
    "tote": leather.tote,
    "mug": camp.mug,
    "kettle": camp.kettle,
    "flask": camp.flask,
    "lantern": camp.lantern,
    "pan": camp.pan,
    "blanket": home.blanket,
    "cushion": home.cushion,
    "candle": home.candle,
    "towel": home.linen,
    "card": home.card,
    "trainer": leather.trainer,
    "stoneware": camp.stoneware,
    "balm": home.balm,
    "skein": woollens.skein,
}

_SCENES: Mapping[str, Callable[[], str]] = {"lake": scenes.lake, "allergens": scenes.allergens}

# What has no dye is drawn with this one.
_PLAIN = "#c7b08a"
_PALE = frozenset({"Oat", "Chalk"})

_Place = tuple[str, str, float, float, float]

# Wall colour, and what stands before it: handle, colour, x, y and scale of its sheet.
_SHELVES: Mapping[str, tuple[str, tuple[_Place, ...]]] = {
    "knitwear": (
        "#8d6a55",
        (("harbour-sweater", "Oat", -40, 264, 0.95), ("loft-bobble-hat", "Berry", 574, 612, 0.56)),
    ),
    "outdoor": ("#7c8f8c", (("traverse-pack", "Pine", -60, 228, 1.0), ("scree-boots", "Bark", 424, 496, 0.68))),
    "camp": ("#b98f52", (("hut-lantern", "Ink", -50, 240, 1.02), ("tin-cup", "Chalk", 480, 592, 0.6))),
    "home": ("#66735f", (("shoreline-blanket", "Oat", -50, 280, 1.0), ("after-rain-candle", "", 500, 518, 0.66))),
}

_SHEETS = {
    PurePosixPath(variant.image).stem: (product, variant.options.get("Colour", ""))
    for product in PRODUCTS
    for variant in product.variants
}


def picture(name: str) -> str | None:
    """The SVG with this name: a product's in a colour, "collection-{handle}", "lake", or "allergens"."""
    known = name in _SCENES or name in _SHEETS or name.removeprefix("collection-") in _SHELVES
    return _drawn(name) if known else None


@cache
def _drawn(name: str) -> str:
    if name in _SCENES:
        return _SCENES[name]()
    if name in _SHEETS:
        return _sheet(*_SHEETS[name])
    wall, things = _SHELVES[name.removeprefix("collection-")]
    return scenes.shelf(
        wall,
        [(_thing(handle, colour, handle), x, y, size) for handle, colour, x, y, size in things],
    )


def _sheet(shown: Product, colour: str) -> str:
    """One product before a wall that keeps its distance from the dye."""
    wall = mix(PAPER, "#8d8b80", 0.3) if colour in _PALE else mix(PAPER, DYES.get(colour, _PLAIN), 0.07)
    return tag(
        "svg",
        rect(0, 0, WIDTH, HEIGHT, wall),
        path(f"M0 0H{WIDTH}V260Q480 240 0 620z", WHITE, opacity=0.16),
        _thing(shown.handle, colour, "p"),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
    )


def _thing(handle: str, colour: str, name: str) -> str:
    pen = Pen(DYES.get(colour, _PLAIN), name)
    found = product(handle)
    return pen.defs() + KINDS[found.kind](pen) if found else ""
