"""For the house: blankets, cushions, candles, linen and a card."""

from __future__ import annotations

import random

from widget_api.demo.drawings.pen import (
    BLACK,
    CREAM,
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


def blanket(pen: Pen) -> str:
    """A folded blanket; the stripes run like the tide's lines."""
    front = "M196 300Q196 262 234 260L572 248Q604 248 606 284L618 700Q420 724 190 706z"
    back = "M234 260Q214 226 252 222L586 208Q626 206 632 250L648 690L618 700L606 284Q604 248 572 248z"
    tide = [(392, 46), (462, 30), (516, 22), (560, 14), (592, 10), (618, 7)]
    stripes = [line(f"M170 {y}Q400 {y + 16} 640 {y - 8}", pen.pale, width, 0.9) for y, width in tide]
    chance = random.Random("blanket")
    tassels = [_tassel(x, chance) for x in range(198, 618, 13)]
    return "".join(
        (
            pen.contact(414, 776, 270, 26),
            pen.solid(back, pen.dark, "twill"),
            lines(["M252 224Q236 236 244 258", "M610 262L632 694"], pen.deep, 4, 0.4),
            lines(["M624 244L640 690"], pen.light, 3, 0.4),
            lines(tassels, pen.deep, 8, 0.8),
            lines(tassels[::2], pen.light, 5),
            lines(tassels[1::2], pen.dye, 5),
            path(front, pen.dye),
            pen.clipped("blanket", front, *stripes),
            pen.solid(front, "none", "twill"),
            lines(["M300 262Q290 460 308 700", "M470 262Q486 480 470 706"], pen.deep, 22, 0.08),
            lines(["M322 262Q314 460 330 700"], WHITE, 14, 0.12),
            line("M194 690Q420 712 616 686", pen.deep, 2.4, 0.4, stroke_dasharray="9 6"),
            pen.label(250, 664, 70, 46),
        )
    )


def _tassel(x: int, chance: random.Random) -> str:
    foot, sway, end, drop = 704 + 14 * (1 - abs(x - 404) / 214), *(chance.uniform(-5, 5) for _ in range(3))
    return f"M{x} {foot:.0f}q{sway:.1f} 26 {end:.1f} {58 + drop:.0f}"


def cushion(pen: Pen) -> str:
    """A square cushion, woven in diamonds."""
    outline = (
        "M166 270Q150 246 178 244Q400 282 622 244Q650 246 634 270Q600 500 634 730Q650 754 622 756"
        "Q400 718 178 756Q150 754 166 730Q200 500 166 270z"
    )
    pale = mix(pen.pale, CREAM, 0.2)
    diamonds = [
        line(f"M{x} {y}l40 -52l40 52l-40 52z", pale, 5, 0.75)
        for row, y in enumerate(range(240, 800, 52))
        for x in range(120 + 40 * (row % 2), 680, 80)
    ]
    dots = [
        ellipse(x + 40, y, 6, 6, pale, opacity=0.8)
        for row, y in enumerate(range(240, 800, 52))
        for x in range(120 + 40 * (row % 2), 680, 80)
    ]
    dents = [
        "M186 262Q240 320 262 360",
        "M614 262Q560 320 538 360",
        "M186 738Q240 680 262 640",
        "M614 738Q560 680 538 640",
    ]
    return "".join(
        (
            pen.contact(400, 762, 250, 30),
            path(outline, pen.dye),
            pen.clipped("cushion", outline, *diamonds, *dots),
            pen.solid(outline, "none", "linen"),
            ellipse(380, 470, 210, 190, WHITE, opacity=0.07),
            lines(dents, pen.deep, 16, 0.16),
            line(outline, pen.dark, 9),
            line(outline, pen.light, 2, 0.6, stroke_dasharray="7 6"),
        )
    )


def candle(pen: Pen) -> str:
    """Wax in a glass, lit."""
    glass = "M252 400L268 772Q270 800 300 804Q400 816 500 804Q530 800 532 772L548 400z"
    wax = "M258 474L269 770Q272 794 300 798Q400 808 500 798Q528 794 531 770L542 474z"
    ink = "#4a4f4a"
    return "".join(
        (
            pen.contact(400, 810, 200, 28),
            ellipse(400, 330, 210, 200, pen.ref("glow"), opacity=0.8),
            path(wax, "#efe4cf"),
            path(wax, pen.ref("round"), opacity=0.5),
            ellipse(400, 474, 142, 27, "#f8efdd"),
            ellipse(400, 476, 66, 12, "#fff6dd"),
            line("M400 476Q396 456 402 430", "#3a3029", 5),
            path("M402 442Q372 410 388 362Q398 332 400 306Q432 352 428 396Q424 430 402 442z", "#ffc766"),
            path("M402 440Q386 420 396 388Q404 372 404 358Q420 392 416 414Q412 434 402 440z", "#fff3cf"),
            path(glass, WHITE, opacity=0.16),
            line(glass, "#c9c3b6", 3, 0.9),
            ellipse(400, 400, 148, 30, "none", stroke="#d8d2c5", stroke_width=5),
            line("M280 440L292 760", WHITE, 14, 0.5),
            line("M518 450L508 750", WHITE, 5, 0.4),
            path(box(318, 570, 164, 156, 3), CREAM),
            line(box(328, 580, 144, 136, 2), "#b9ad97", 1.6),
            pen.mark(400, 634, 1.5, ink),
            lines(["M356 682h88", "M372 698h56"], ink, 3, 0.7),
        )
    )


def balm(pen: Pen) -> str:
    """An open tin of balm, its lid leaning behind it."""
    side = "M196 610L204 706Q300 762 400 762Q500 762 596 706L604 610z"
    ink = "#4a4f4a"
    lid = group(
        ellipse(0, 0, 206, 206, "#8f9497"),
        ellipse(-4, -4, 200, 200, "#c3c7c9"),
        ellipse(-4, -4, 172, 172, CREAM),
        ellipse(-4, -4, 160, 160, "none", stroke="#b9ad97", stroke_width=2),
        pen.mark(-4, -26, 2.6, ink),
        lines(["M-84 62h160", "M-56 88h104"], ink, 5, 0.6),
        transform="translate(470 380) rotate(9)",
    )
    return "".join(
        (
            pen.contact(410, 752, 280, 34),
            lid,
            path(side, "#aeb3b6"),
            path(side, pen.ref("round")),
            line("M204 640Q400 716 596 640", WHITE, 3, 0.5),
            ellipse(400, 610, 204, 84, "#c3c7c9"),
            ellipse(400, 612, 186, 72, "#8f9497"),
            ellipse(400, 616, 180, 66, "#efdca6"),
            path("M262 606Q330 566 420 580Q360 590 340 616Q300 640 262 606z", "#fbf0cd", opacity=0.9),
            line("M330 636Q420 660 500 622", "#cfb673", 5, 0.6),
            line("M208 586Q260 540 380 530", WHITE, 4, 0.7),
        )
    )


def linen(pen: Pen) -> str:
    """Two tea towels on a rail with pegs."""
    rail = box(130, 212, 540, 54, 12)
    wood = "#b98a5a"
    return "".join(
        (
            path(rail, BLACK, opacity=0.16, transform="translate(6 12)"),
            path(rail, wood),
            path(rail, pen.ref("fall")),
            lines(["M150 228Q400 222 650 230", "M150 248Q380 254 650 246"], "#7d5733", 1.6, 0.35),
            _towel(pen, 278, 760, plain=False),
            _towel(pen, 520, 700, plain=True),
            *(_peg(x, wood) for x in (278, 520)),
        )
    )


def card(pen: Pen) -> str:
    """A gift card before its envelope."""
    kraft, ink = "#c2a078", "#33493f"
    ridges = (
        ("M0 210L90 120L150 176L238 70L320 164L372 122L460 200V290H0z", "#5b7f92"),
        ("M0 236L120 176L206 224L300 160L460 236V290H0z", "#41606c"),
        ("M0 262Q230 232 460 262V290H0z", "#33493f"),
    )
    envelope = box(150, 330, 500, 350, 10)
    face = group(
        path(box(6, 10, 460, 290, 18), BLACK, opacity=0.2),
        path(box(0, 0, 460, 290, 18), "#e7ddcb"),
        ellipse(342, 92, 34, 34, "#f6d9a2"),
        pen.clipped("card", box(0, 0, 460, 290, 18), *(path(d, colour) for d, colour in ridges)),
        path(box(0, 0, 460, 290, 18), pen.ref("sheen")),
        pen.mark(70, 62, 1.35, ink),
        line("M118 52h92M118 68h58", ink, 5, 0.8),
        transform="translate(186 320) rotate(-7)",
    )
    return "".join(
        (
            pen.contact(410, 770, 260, 28),
            group(
                path(envelope, kraft),
                path(
                    "M150 342Q150 330 162 330L638 330Q650 330 650 342L410 520Q400 526 390 520z",
                    mix(kraft, BLACK, 0.14),
                ),
                path(envelope, pen.ref("sheen")),
                transform="rotate(5 400 500) translate(6 70)",
            ),
            face,
        )
    )


def _towel(pen: Pen, x: float, foot: float, *, plain: bool) -> str:
    cloth = mix(CREAM, pen.dye, 0.08) if plain else mix(CREAM, pen.dye, 0.16)
    d = (
        f"M{x - 20} 258Q{x} 250 {x + 20} 258Q{x + 84} 300 {x + 96} 372L{x + 102} {foot - 6}"
        f"Q{x + 60} {foot + 12} {x + 20} {foot}T{x - 60} {foot + 2}T{x - 102} {foot - 4}"
        f"L{x - 96} 372Q{x - 84} 300 {x - 20} 258z"
    )
    bands = (
        [rect(x - 120, foot - off, 240, height, pen.dye) for off, height in ((150, 40), (96, 12), (72, 12))]
        if plain
        else [
            rect(x + off, 240, width, 540, pen.dye)
            for off, width in ((-72, 9), (-56, 22), (-26, 9), (20, 9), (38, 22), (69, 9))
        ]
    )
    folds = [f"M{x - 8} 270Q{x - 46} 420 {x - 40} {foot - 14}", f"M{x + 8} 270Q{x + 40} 420 {x + 44} {foot - 14}"]
    return "".join(
        (
            path(d, BLACK, opacity=0.12, transform="translate(8 12)"),
            path(d, cloth),
            pen.clipped(f"towel{x:g}", d, group(*bands, opacity=0.85)),
            pen.solid(d, "none", "linen"),
            lines(folds, BLACK, 16, 0.08),
            lines([f"M{x} 270Q{x - 4} 440 {x + 2} {foot - 14}"], WHITE, 14, 0.3),
        )
    )


def _peg(x: float, wood: str) -> str:
    return (
        line(f"M{x} 250q-16 -20 0 -30q16 10 0 30", CREAM, 4)
        + ellipse(x + 3, 238, 17, 17, BLACK, opacity=0.22)
        + ellipse(x, 232, 16, 16, mix(wood, WHITE, 0.12))
        + ellipse(x - 4, 227, 7, 6, mix(wood, WHITE, 0.5))
    )
