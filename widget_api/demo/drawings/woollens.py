"""Small woollens: scarves, mittens and socks."""

from __future__ import annotations

import random

from widget_api.demo.drawings.pen import CREAM, WHITE, Pen, group, line, lines, mix, path, rect


def scarf(pen: Pen) -> str:
    """A checked scarf, folded over itself, with fringes."""
    front = "M300 190Q360 168 420 190Q470 210 468 262L452 760L268 760L262 262Q264 206 300 190z"
    back = "M420 190Q520 214 536 330L566 690L398 706L380 300z"
    fold = "M300 190Q380 226 392 330Q396 240 420 190Q360 168 300 190z"
    return group(
        *(
            pen.contact(412, 850, 200, 22),
            _fringe(pen, 398, 566, 706, 690, 84),
            path(back, pen.dark),
            pen.clipped("back", back, group(_checks(pen), transform="rotate(-5 480 450) translate(8 20)")),
            pen.solid(back, "none", "twill"),
            path(back, pen.deep, opacity=0.22),
            path("M468 262L452 760L476 704L490 320z", pen.deep, opacity=0.35),
            _fringe(pen, 268, 452, 760, 760, 90),
            path(front, pen.dye),
            pen.clipped("front", front, _checks(pen)),
            pen.solid(front, "none", "twill"),
            path(fold, pen.deep, opacity=0.2),
            lines(["M330 240Q338 480 330 740", "M402 300Q398 520 408 744"], pen.deep, 16, 0.1),
        ),
        transform="translate(-76 -60) scale(1.16 1.1)",
    )


def mittens(pen: Pen) -> str:
    """A pair with long ribbed cuffs."""
    one = _mitten(pen)
    return "".join(
        (
            pen.contact(410, 820, 250, 26),
            group(one, transform="translate(34 4) rotate(-9 230 500)"),
            group(one, transform="translate(784 26) scale(-1 1) rotate(-7 230 500)"),
        )
    )


def skein(pen: Pen) -> str:
    """A twisted skein of yarn with a paper band."""
    strands = [f"M{270 + at * 13} 300Q{190 + at * 21} 500 {270 + at * 13} 720" for at in range(21)]
    body = "M262 300Q170 500 262 720Q400 780 538 720Q630 500 538 300Q400 240 262 300z"
    return "".join(
        (
            pen.contact(400, 742, 220, 30),
            pen.solid(body, pen.dye),
            pen.clipped("skein", body, lines(strands, pen.deep, 3, 0.35), lines(strands, pen.light, 2, 0.5)),
            line("M268 316Q400 360 532 316", pen.deep, 10, 0.3),
            line("M286 300Q400 216 514 300", pen.dark, 22),
            line("M286 300Q400 220 514 300", pen.light, 5, 0.6),
            path("M214 458Q400 506 586 458L590 580Q400 628 210 580z", CREAM),
            path("M214 458Q400 506 586 458L590 580Q400 628 210 580z", pen.ref("round"), opacity=0.5),
            pen.mark(400, 548, 1.7, "#4a4f4a"),
        )
    )


def socks(pen: Pen) -> str:
    """A pair with pale heels, toes and stripes."""
    return "".join(
        (
            pen.contact(420, 856, 230, 24),
            group(
                _sock(pen, "far"),
                path(_SOCK, pen.deep, opacity=0.28),
                transform="translate(96 -26) rotate(4 300 500)",
            ),
            group(_sock(pen, "near"), transform="translate(0 20)"),
        )
    )


def _checks(pen: Pen) -> str:
    """A tartan of two pale and one ochre thread, across the sheet."""
    warp = [rect(x, 100, 34, 760, pen.pale, opacity=0.42) for x in range(206, 640, 92)]
    weft = [rect(160, y, 500, 34, pen.pale, opacity=0.42) for y in range(150, 860, 92)]
    thin = [rect(x + 62, 100, 6, 760, pen.deep, opacity=0.55) for x in range(206, 640, 92)]
    thin += [rect(160, y + 62, 500, 6, pen.deep, opacity=0.55) for y in range(150, 860, 92)]
    return "".join(warp + weft + thin)


def _fringe(pen: Pen, left: float, right: float, at_left: float, at_right: float, length: float) -> str:
    chance = random.Random("fringe")
    count = 17
    tassels = []
    for number in range(count):
        share = number / (count - 1)
        x, y = left + 5 + (right - left - 10) * share, at_left + (at_right - at_left) * share - 4
        sway, drop = chance.uniform(-7, 7), length + chance.uniform(-8, 8)
        tassels.append(f"M{x:.0f} {y:.0f}q{sway:.1f} {drop / 2:.0f} {sway / 2:.1f} {drop:.0f}")
    return lines(tassels, pen.deep, 9, 0.9) + lines(tassels[::2], pen.dye, 6) + lines(tassels[1::2], pen.pale, 6, 0.8)


def _mitten(pen: Pen) -> str:
    hand = (
        "M132 560Q120 470 122 400Q126 236 226 230Q322 232 326 380Q330 430 324 462Q340 428 368 420"
        "Q404 416 402 452Q396 520 330 566L320 590L136 590z"
    )
    cuff = (
        "M128 572Q226 594 326 572Q334 574 334 584L342 770Q342 780 332 783Q228 806 124 783Q114 780 114 770"
        "L120 584Q120 574 128 572z"
    )
    pale = mix(pen.pale, CREAM, 0.4)
    ribs = [
        f"M{x} {586 + (1 - abs(x - 228) / 110) * 14:.0f}L{228 + (x - 228) * 1.08:.0f} 786"
        for x in range(136, 330, 15)
    ]
    return "".join(
        (
            pen.solid(hand, pen.dye, "felt"),
            line("M324 462Q314 500 322 552", pen.deep, 5, 0.35),
            _star(226, 402, pale),
            line("M134 572Q228 596 322 570", pen.deep, 16, 0.3),
            pen.solid(cuff, pen.dark),
            pen.clipped(
                "cuff",
                cuff,
                lines(ribs, pen.deep, 7, 0.45),
                lines(ribs, pen.light, 2.5, 0.3),
                line("M110 716Q228 738 346 716", pale, 13, 0.9),
                line("M110 744Q228 766 346 744", pale, 5, 0.9),
            ),
        )
    )


def _star(x: float, y: float, colour: str) -> str:
    """An eight-pointed star as knitters make it, of eight slanted squares."""
    petal = path("M0 -6L20 -34L20 -66L0 -40z", colour) + path("M0 -6L-20 -34L-20 -66L0 -40z", colour)
    return group(
        *(group(petal, transform=f"rotate({turn})") for turn in (0, 90, 180, 270)),
        transform=f"translate({x:g} {y:g})",
        opacity=0.92,
    )


_SOCK = (
    "M262 170Q340 154 424 170L418 500Q420 560 470 606L560 690Q612 742 582 796Q548 842 470 826"
    "Q420 812 372 770L296 700Q256 660 258 590z"
)


def _sock(pen: Pen, name: str) -> str:
    top = "M256 168Q340 150 430 168L428 262Q340 278 258 262z"
    pale = mix(pen.pale, CREAM, 0.25)
    return "".join(
        (
            path(_SOCK, pen.dye),
            pen.clipped(
                name,
                _SOCK,
                path("M226 560Q330 590 352 690Q340 760 270 760L220 700z", pale),
                path("M640 690L540 652Q496 706 486 860L640 880z", pale),
                line("M226 330Q340 348 446 330", pale, 26),
                line("M226 368Q340 386 446 368", pen.dark, 10),
            ),
            pen.solid(_SOCK, "none", "knit"),
            line("M260 566Q330 592 350 676", pen.deep, 3, 0.3),
            line("M536 672Q498 716 490 816", pen.deep, 3, 0.3),
            lines(["M404 470Q410 560 462 612", "M386 520Q396 580 430 616"], pen.deep, 9, 0.16),
            pen.solid(top, mix(pen.dye, WHITE, 0.05), "rib"),
            line("M258 263Q340 280 428 263", pen.deep, 6, 0.3),
        )
    )
