"""Shoes and bags."""

from __future__ import annotations

from itertools import pairwise

from widget_api.demo.drawings.pen import (
    BRASS,
    CREAM,
    IRON,
    LEATHER,
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


def boots(pen: Pen) -> str:
    """A pair of lace-up boots, seen from the side."""
    return "".join(
        (
            pen.contact(372, 806, 300, 30),
            group(_boot(pen), path(_FAR, pen.deep, opacity=0.35), transform="translate(34 -44)"),
            group(_boot(pen), transform="translate(-96 16)"),
        )
    )


def trainer(pen: Pen) -> str:
    """A pair of running shoes with deep lugs, seen from the side."""
    return "".join(
        (
            pen.contact(390, 742, 310, 30),
            group(_trainer(pen), path(_TRAINER, pen.deep, opacity=0.32), transform="translate(40 -62)"),
            group(_trainer(pen), transform="translate(-44 0)"),
        )
    )


def backpack(pen: Pen) -> str:
    """A roll-top pack with leather straps."""
    body = "M248 330Q250 306 276 304L524 304Q550 306 552 330L576 760Q578 806 534 812Q400 824 266 812Q222 806 224 760z"
    roll = (
        "M232 236Q230 208 262 204Q400 192 538 204Q570 208 568 236L560 300Q560 326 532 328Q400 340 268 328"
        "Q240 326 240 300z"
    )
    pocket = (
        "M276 560Q400 574 524 560Q534 560 535 572L544 752Q544 774 522 776Q400 788 278 776Q256 774 256 752"
        "L265 572Q266 560 276 560z"
    )
    flap = "M270 548Q400 562 530 548L534 610Q534 622 520 624Q400 636 280 624Q266 622 266 610z"
    return "".join(
        (
            pen.contact(400, 824, 230, 28),
            line("M352 206Q356 150 400 148Q444 150 448 206", LEATHER, 15),
            line("M352 206Q356 150 400 148Q444 150 448 206", mix(LEATHER, WHITE, 0.3), 3, 0.7),
            _both(line("M232 420Q176 520 210 740", pen.deep, 26)),
            pen.solid(body, pen.dye, "canvas"),
            _both(pen.solid("M226 640Q206 650 208 690L212 770Q216 796 244 800L240 640z", pen.dark, "canvas")),
            line("M252 350Q400 372 548 350", pen.deep, 16, 0.28),
            pen.solid(roll, mix(pen.dye, WHITE, 0.04), "canvas"),
            lines(["M238 262Q400 282 562 262", "M236 236Q400 254 564 236"], pen.deep, 4, 0.4),
            pen.solid(pocket, pen.dye, "canvas"),
            line("M268 616Q400 640 532 616", pen.deep, 14, 0.26),
            pen.solid(flap, mix(pen.dye, WHITE, 0.05), "canvas"),
            line("M272 612Q400 626 528 612", pen.light, 2, 0.8, stroke_dasharray="6 5"),
            line("M284 764Q400 776 516 764", pen.light, 2, 0.6, stroke_dasharray="6 5"),
            *(_strap(x, 212, 470, 380) for x in (322, 478)),
            _strap(400, 556, 676, 640),
            pen.label(400, 462, 82, 54),
            lines(["M262 500l-14 34l14 10", "M538 500l14 34l-14 10"], LEATHER, 9),
        )
    )


def tote(pen: Pen) -> str:
    """A canvas bag with a broad stripe and the mark."""
    body = "M212 380Q400 396 588 380L604 796Q604 816 582 818Q400 830 218 818Q196 816 196 796z"
    ink = "#3b4a45" if pen.dye != "#c8963e" else CREAM
    back = "M306 392Q300 190 400 184Q500 190 494 392"
    front = "M290 470Q284 216 400 208Q516 216 510 470"
    return "".join(
        (
            pen.contact(400, 828, 236, 26),
            line(back, pen.deep, 24),
            path("M212 380Q400 360 588 380Q400 400 212 380z", pen.deep),
            path(body, pen.dye),
            pen.clipped(
                "tote", body, line("M180 740Q400 756 620 740", ink, 44), line("M180 786Q400 802 620 786", ink, 10)
            ),
            pen.solid(body, "none", "canvas"),
            lines(
                ["M250 430Q262 600 244 760", "M546 420Q530 560 552 700", "M330 690Q350 740 340 800"],
                pen.deep,
                14,
                0.1,
            ),
            line("M210 410Q400 426 590 410", pen.deep, 2.4, 0.5, stroke_dasharray="7 5"),
            line(front, pen.dark, 26),
            line(front, pen.dye, 22),
            line(front, pen.light, 2, 0.9, stroke_dasharray="6 5"),
            *(_cross(pen, x) for x in (290, 510)),
            pen.mark(400, 590, 2.6, ink),
        )
    )


_UPPER = (
    "M262 258Q340 240 430 258Q440 380 434 470Q470 520 552 556Q650 590 668 640Q680 690 668 716L236 716"
    "Q226 640 244 540Q262 420 262 258z"
)


# What lies in the shade of the nearer boot: the upper without its fleece.
_FAR = _UPPER.replace("M262 258Q340 240 430 258", "M262 296Q340 286 438 292").replace("262 258z", "262 296z")

# Where the laces of a boot begin on its side, and where they vanish over its front.
_LACES = (
    (408, 300, 450, 290),
    (411, 342, 453, 332),
    (412, 384, 453, 374),
    (411, 426, 450, 416),
    (414, 470, 444, 456),
    (432, 514, 458, 490),
    (463, 540, 484, 514),
    (494, 558, 511, 531),
)


def _boot(pen: Pen) -> str:
    sole = (
        "M228 708L672 708Q690 716 686 748Q684 776 664 780L470 780Q440 776 424 760L392 758L388 780"
        "L246 780Q228 778 226 752z"
    )
    teeth = "".join(f"M{x} 776h24l-4 14h-16z" for x in (240, 276, 312, 348, 476, 512, 548, 584, 620))
    tongue = "M352 270Q400 240 456 258Q468 360 450 468L420 480Q392 400 352 270z"
    toe = "M572 564Q654 592 668 640Q680 690 668 716L548 716Q542 622 572 564z"
    heel = "M250 520Q300 540 306 612Q310 680 300 716L236 716Q228 620 250 520z"
    return "".join(
        (
            path(tongue, pen.dark),
            path(tongue, pen.ref("sheen")),
            pen.solid(_UPPER, pen.dye),
            line("M262 306Q340 290 434 306", pen.deep, 3, 0.5),
            line("M262 312Q340 296 434 312", pen.pale, 1.6, 0.5, stroke_dasharray="6 5"),
            pen.solid(toe, mix(pen.dye, WHITE, 0.05)),
            pen.solid(heel, pen.dark),
            line("M567 568Q538 628 543 712", pen.pale, 2, 0.6, stroke_dasharray="6 5"),
            line("M254 516Q308 540 312 612Q316 680 306 712", pen.pale, 2, 0.6, stroke_dasharray="6 5"),
            line("M392 288Q398 400 392 470Q408 548 492 580", pen.deep, 4, 0.4),
            lines(["M318 470Q358 500 386 498", "M326 500Q366 530 404 530"], pen.deep, 8, 0.13),
            _laces(pen),
            _wool(pen),
            line("M232 714L670 714", "#d9c79c", 7),
            line("M234 714L668 714", "#8f7a4d", 2, 1, stroke_dasharray="9 6"),
            path(teeth, IRON),
            path(sole, IRON),
            path(sole, pen.ref("fall")),
            line("M232 736L684 736", WHITE, 2, 0.12),
        )
    )


_TRAINER = (
    "M132 470Q150 440 186 446Q236 500 300 478Q330 462 352 424Q372 408 398 424Q470 520 596 552"
    "Q676 574 690 626Q696 650 688 664L128 664Q112 560 132 470z"
)


def _trainer(pen: Pen) -> str:
    midsole = "M124 652Q300 672 480 662Q600 656 692 646Q708 668 690 692Q676 706 640 706L170 706Q128 704 122 680z"
    lugs = "".join(f"M{x} 702h30l-5 20h-20z" for x in range(150, 640, 44))
    collar = "M132 470Q150 440 186 446Q236 500 300 478Q330 462 352 424Q340 500 276 516Q190 528 132 470z"
    toe = "M590 550Q676 574 690 626Q696 650 690 656Q620 664 566 664Q548 596 590 550z"
    heel = "M128 500Q176 540 190 600Q196 640 190 662L127 660Q116 570 128 500z"
    laces = [f"M{372 + step * 32} {452 + step * 23}L{338 + step * 33} {498 + step * 19}" for step in range(5)]
    return "".join(
        (
            path(lugs, IRON),
            pen.solid(_TRAINER, pen.dye, "knit"),
            path(collar, pen.deep),
            path(collar, pen.ref("sheen"), opacity=0.5),
            pen.solid(toe, pen.dark),
            pen.solid(heel, pen.dark),
            line("M352 424Q420 540 560 560", pen.deep, 4, 0.45),
            line("M300 508Q360 566 520 606", pen.pale, 2, 0.7, stroke_dasharray="6 5"),
            lines([f"M{x} 656Q{x + 26} 600 {x + 16} 540" for x in (236, 292, 348)], pen.light, 15, 0.85),
            lines(laces, CREAM, 9),
            line("M360 440q-34 -34 -54 -8q10 28 54 8q26 -40 50 -18q-6 30 -50 18", CREAM, 6),
            path(midsole, CREAM),
            path(midsole, pen.ref("fall")),
            line("M130 676Q400 700 690 668", pen.dye, 7, 0.9),
            line("M136 462Q116 438 128 424", pen.pale, 9),
        )
    )


def _laces(pen: Pen) -> str:
    across = [f"M{x} {y}L{end} {end_y}" for x, y, end, end_y in _LACES]
    crossed = [f"M{x} {y}L{above[2]} {above[3]}" for above, (x, y, _, _) in pairwise(_LACES)]
    ends = "M436 296q-8 34 -28 58M438 296q18 26 10 62"
    loops = "M437 294q-42 -34 -56 -6q2 26 56 6q42 -30 54 -4q-4 24 -54 4"
    return "".join(
        (
            lines(crossed, mix(CREAM, pen.deep, 0.25), 5),
            lines(across, CREAM, 6),
            *(ellipse(x, y, 6.5, 6.5, BRASS) + ellipse(x, y, 2.6, 2.6, "#5a4420") for x, y, _, _ in _LACES),
            line(ends, CREAM, 5),
            line(loops, mix(CREAM, pen.deep, 0.3), 7),
            line(loops, CREAM, 5),
            ellipse(438, 295, 7, 6, CREAM),
        )
    )


def _wool(pen: Pen) -> str:
    """The fleece that looks out of the shaft."""
    tufts = 11
    step = 204 / tufts
    upper, lower = (f"a{step / 2:.1f} 11 0 0 1 {way * step:.1f} 0" * tufts for way in (1, -1))
    band = f"M248 254{upper}q12 18 2 34{lower}q-14 -16 -2 -34z"
    curls = [f"M{262 + at * 17} {262 + at % 3 * 9}q6 -9 12 0t-3 9" for at in range(11)]
    return (
        path(band, CREAM, stroke="#d5cab4", stroke_width=2)
        + lines(curls, "#c9bda4", 2.4, 0.7)
        + path(band, pen.ref("sheen"), opacity=0.6)
        + line("M252 294Q340 284 452 282", pen.deep, 6, 0.16)
    )


def _strap(x: float, top: float, foot: float, buckle: float) -> str:
    leather = box(x - 13, top, 26, foot - top, 11)
    holes = "".join(ellipse(x, buckle + 34 + step * 18, 2.6, 2.6, "#3a2417") for step in range(3))
    return "".join(
        (
            path(leather, "#000000", opacity=0.22, transform="translate(4 5)"),
            path(leather, LEATHER),
            line(f"M{x - 7} {top + 10}V{foot - 12}", mix(LEATHER, WHITE, 0.35), 1.6, 0.8, stroke_dasharray="5 4"),
            line(f"M{x + 7} {top + 10}V{foot - 12}", mix(LEATHER, WHITE, 0.35), 1.6, 0.8, stroke_dasharray="5 4"),
            holes if buckle + 74 < foot else "",
            line(box(x - 19, buckle - 12, 38, 26, 6), BRASS, 6),
            line(f"M{x} {buckle - 12}v24", BRASS, 4),
        )
    )


def _cross(pen: Pen, x: float) -> str:
    seam = box(x - 12, 424, 24, 44, 2)
    return rect(x - 16, 418, 32, 54, pen.dark) + line(
        seam + f"M{x - 12} 424l24 44M{x + 12} 424l-24 44", pen.pale, 1.8, 0.8
    )


def _both(left: str) -> str:
    return left + group(left, transform="translate(800 0) scale(-1 1)")
