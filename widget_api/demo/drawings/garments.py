"""What is worn on the body, laid flat: sweaters, cardigans, base layers, shells and vests."""

from __future__ import annotations

import math
from collections.abc import Iterable

from widget_api.demo.drawings.pen import (
    BRASS,
    CREAM,
    IRON,
    WHITE,
    Pen,
    box,
    ellipse,
    group,
    line,
    lines,
    mix,
    path,
    rect,
)

# Half of each outline; the other half is its mirror image.
_BODY = "M400 276L330 262Q280 274 254 300L262 470Q258 640 252 772Q256 790 274 792L400 796"
_SLEEVE = "M330 262Q234 284 206 352L120 690Q118 706 132 712L196 730Q210 732 214 718L268 520L262 380z"
_CUFF = "M132 652L118 700Q116 712 128 717L196 736Q210 738 214 724L224 680z"
_MIRROR = "translate(800 0) scale(-1 1)"


def sweater(pen: Pen) -> str:
    """A roll neck with cables."""
    hem = "M256 724L252 776Q254 794 274 796Q400 806 526 796Q546 794 548 776L544 724Q400 738 256 724z"
    neck = "M332 270Q330 232 340 196Q400 178 460 196Q470 232 468 270Q400 300 332 270z"
    return _laid(
        (
            pen.contact(400, 806, 210, 24),
            _both(_sleeve(pen, "knit")),
            pen.solid(_whole(), pen.dye, "knit"),
            *(_cable(pen, x, 306, 722) for x in (310, 400, 490)),
            _moss_columns(pen),
            pen.solid(hem, pen.dye, "rib"),
            line("M257 724Q400 738 543 724", pen.deep, 4, 0.3),
            path("M336 252Q400 292 464 252L470 292Q400 330 330 292z", pen.deep, opacity=0.22),
            pen.solid(neck, mix(pen.dye, WHITE, 0.05), "rib"),
            line("M336 222Q400 246 464 222", pen.deep, 5, 0.3),
        )
    )


def cardigan(pen: Pen) -> str:
    """A shawl collar, horn buttons and two pockets."""
    hem = "M256 728L252 776Q254 794 274 796Q400 806 526 796Q546 794 548 776L544 728Q400 740 256 728z"
    inside = "M346 262Q400 284 454 262L404 500z"
    shawl = "M344 236Q318 262 322 310Q340 440 384 512L384 800L420 800L420 512Q352 400 352 262z"
    pocket = "M278 590h96v128q-48 6 -96 2z"
    left = pen.solid(pocket, pen.dye, "knit") + pen.solid("M278 584h96v26h-96z", pen.dark, "rib")
    return _laid(
        (
            pen.contact(400, 806, 210, 24),
            _both(_sleeve(pen, "purl")),
            pen.solid(_whole(), pen.dye, "purl"),
            path(inside, pen.deep),
            path(inside, pen.ref("inside")),
            pen.solid(hem, pen.dye, "rib"),
            _both(left),
            _both(path("M336 250Q316 290 330 344Q352 440 392 510L400 540L360 420z", pen.deep, opacity=0.2)),
            group(pen.solid(shawl, pen.light, "rib"), transform=_MIRROR),
            pen.solid(shawl, mix(pen.dye, WHITE, 0.1), "rib"),
            *(_button(402, y) for y in (530, 594, 658, 722, 776)),
        )
    )


def base_layer(pen: Pen) -> str:
    """A close crew neck with raglan seams."""
    neck = "M338 262Q400 330 462 262Q470 262 476 268Q400 356 324 268Q330 262 338 262z"
    behind = "M338 262Q400 290 462 262Q400 330 338 262z"
    raglan = line("M334 276Q304 350 262 404", pen.deep, 3, 0.5) + line(
        "M341 280Q311 354 268 408", pen.light, 2, 0.7, stroke_dasharray="5 5"
    )
    seam = line("M266 430Q286 600 274 788", pen.deep, 2.5, 0.35)
    cuff = line("M128 668L218 694", pen.deep, 2.5, 0.5)
    return _laid(
        (
            pen.contact(400, 806, 210, 24),
            _both(pen.solid(_SLEEVE, pen.dye, "linen") + cuff),
            pen.solid(_whole(), pen.dye, "linen"),
            path(behind, pen.deep),
            pen.solid(neck, pen.dark, "rib"),
            _both(raglan + seam),
            line("M258 762Q400 776 542 762", pen.deep, 2.5, 0.5),
            line("M258 769Q400 783 542 769", pen.light, 2, 0.7, stroke_dasharray="5 5"),
            pen.mark(470, 400, 0.72, pen.pale),
        )
    )


def shell(pen: Pen) -> str:
    """A hooded rain jacket, zipped up."""
    hood = "M400 122Q320 126 310 214Q308 262 330 300Q400 336 470 300Q492 262 490 214Q480 126 400 122z"
    face = "M400 168Q350 172 348 236Q352 282 400 306Q448 282 452 236Q450 172 400 168z"
    yoke = "M254 300Q280 274 330 262L400 290L470 262Q520 274 546 300L548 396Q400 428 252 396z"
    pocket = line("M296 596L336 698", pen.deep, 11, 0.55) + line("M296 596L336 698", pen.pale, 3, 0.9)
    folds = lines(["M280 470Q300 520 292 580", "M318 440Q332 520 330 580"], pen.deep, 10, 0.12)
    velcro = path("M136 648l86 24l-6 26l-86 -24z", pen.deep)
    return _laid(
        (
            pen.contact(400, 808, 214, 24),
            _both(pen.solid(_SLEEVE, pen.dye, "twill") + velcro),
            pen.solid(hood, pen.dye, "twill"),
            path(face, pen.deep),
            path(face, pen.ref("inside")),
            line("M346 238Q350 172 400 168Q450 172 454 238", pen.dark, 9),
            pen.solid(_whole(), pen.dye, "twill"),
            pen.solid(yoke, mix(pen.dye, BRASS, 0.1) if pen.dye == "#c8963e" else pen.dark),
            _both(folds + pocket),
            line("M252 396Q400 428 548 396", pen.deep, 3, 0.5),
            path("M344 268Q400 300 456 268L462 318Q400 342 338 318z", pen.dye),
            path("M344 268Q400 300 456 268L462 318Q400 342 338 318z", pen.ref("sheen")),
            _zip(pen, 292, 792),
            line("M254 768Q400 784 546 768", pen.deep, 3, 0.4),
            lines(["M352 300Q346 340 350 372", "M448 300Q454 340 450 372"], CREAM, 4),
            pen.mark(486, 356, 0.8),
        )
    )


def vest(pen: Pen) -> str:
    """A quilted vest with snaps."""
    outline = (
        "M330 250Q300 252 274 264Q300 360 268 452Q252 620 256 776Q260 794 280 796Q400 806 520 796"
        "Q540 794 544 776Q548 620 532 452Q500 360 526 264Q500 252 470 250Q400 284 330 250z"
    )
    collar = "M330 256Q330 222 344 198Q400 184 456 198Q470 222 470 256Q400 292 330 256z"
    seams = range(320, 790, 56)
    return _laid(
        (
            pen.contact(400, 808, 190, 24),
            pen.solid(outline, pen.dye, "twill"),
            pen.clipped(
                "vest",
                outline,
                lines([_quilt(y + 10) for y in seams], WHITE, 16, 0.12),
                lines([_quilt(y) for y in seams], pen.deep, 16, 0.16),
                lines([_quilt(y) for y in seams], pen.deep, 3.4, 0.7),
            ),
            line("M274 264Q300 360 268 452M526 264Q500 360 532 452", pen.deep, 9, 0.55),
            pen.solid(collar, pen.dark, "twill"),
            path("M384 284h32v514q-16 2 -32 0z", pen.dark),
            path("M384 284h32v514q-16 2 -32 0z", pen.ref("sheen")),
            lines(["M384 284V798", "M416 284V798"], pen.deep, 2.4, 0.6),
            *(_snap(400, y) for y in range(316, 800, 76)),
            _both(line("M288 612Q316 640 330 690", pen.deep, 7, 0.6)),
            pen.label(474, 400, 54, 36),
        )
    )


def _whole() -> str:
    """The body's outline: the left half and its mirror image."""
    right = "L526 792Q544 790 548 772Q542 640 538 470L546 300Q520 274 470 262L400 276z"
    return _BODY + right


def _laid(parts: Iterable[str]) -> str:
    """The parts, drawn as large as the sheet allows."""
    return group(*parts, transform="translate(-56 -44) scale(1.14 1.09)")


def _both(left: str) -> str:
    return left + group(left, transform=_MIRROR)


def _sleeve(pen: Pen, texture: str) -> str:
    return (
        pen.solid(_SLEEVE, pen.dye, texture)
        + group(pen.solid(_CUFF, pen.dye, "rib"))
        + line("M262 372L268 520L224 676", pen.deep, 9, 0.22)
    )


def _quilt(y: int) -> str:
    return f"M240 {y}Q400 {y + 22} 560 {y}"


def _cable(pen: Pen, x: float, top: float, foot: float) -> str:
    """Two strands of wool that cross every 44 units."""
    steps = range(int(top), int(foot), 4)

    def strand(phase: float) -> str:
        return "M" + "L".join(f"{x + 15 * math.sin((y - top) / 44 * math.pi + phase):.1f} {y}" for y in steps)

    shadow = rect(x - 32, top - 8, 64, foot - top + 8, pen.deep, opacity=0.14)
    return shadow + "".join(
        line(strand(phase), colour, width, opacity)
        for phase in (0, math.pi)
        for colour, width, opacity in (
            (pen.deep, 17, 0.42),
            (mix(pen.dye, WHITE, 0.12), 12, 1.0),
            (pen.light, 4, 0.8),
        )
    )


def _moss_columns(pen: Pen) -> str:
    edges = [f"M{x} 300V722" for x in (276, 344, 366, 434, 456, 524)]
    return lines(edges, pen.deep, 3, 0.3)


def _button(x: float, y: float) -> str:
    holes = ellipse(x - 4, y, 1.8, 1.8, "#2a1c12") + ellipse(x + 4, y, 1.8, 1.8, "#2a1c12")
    return (
        ellipse(x + 1, y + 3, 14, 14, "#000000", opacity=0.25)
        + ellipse(x, y, 13, 13, "#57402f")
        + ellipse(x - 2, y - 2, 9, 9, "#7a5b44")
        + holes
    )


def _snap(x: float, y: float) -> str:
    return (
        ellipse(x, y + 2, 9, 9, "#000000", opacity=0.3)
        + ellipse(x, y, 8, 8, BRASS)
        + ellipse(x - 2, y - 2, 4, 4, mix(BRASS, WHITE, 0.45))
    )


def _zip(pen: Pen, top: float, foot: float) -> str:
    teeth = line(f"M400 {top}V{foot}", CREAM, 3, 0.85, stroke_dasharray="3 6")
    tape = path(f"M391 {top}h18v{foot - top}h-18z", pen.deep)
    pull = path(box(394, top + 26, 12, 38, 5), CREAM) + ellipse(400, top + 22, 7, 7, IRON)
    return tape + teeth + pull
