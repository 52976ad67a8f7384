"""Enamel, steel, iron and stoneware: mugs, kettles, flasks, lanterns and pans."""

from __future__ import annotations

import random

from widget_api.demo.drawings.pen import (
    BLACK,
    CREAM,
    IRON,
    STEEL,
    WHITE,
    Pen,
    ellipse,
    group,
    line,
    lines,
    mix,
    path,
    rect,
)

_RIM = "#2b2f35"
_BEECH = "#b98a5a"


def mug(pen: Pen) -> str:
    """An enamelled cup with a dark rim."""
    body = "M210 380L226 700Q232 752 290 762Q400 782 510 762Q568 752 574 700L590 380z"
    handle = "M582 450Q690 440 690 548Q690 640 572 652"
    return "".join(
        (
            pen.contact(404, 770, 236, 34),
            line(handle, pen.deep, 38, 0.7),
            line(handle, pen.dark, 34),
            line(handle, pen.dye, 30),
            line("M590 440Q676 438 680 540", pen.light, 7, 0.8),
            line("M584 470Q656 462 656 548Q656 612 576 622", BLACK, 3, 0.18),
            path(body, pen.dye),
            path(body, pen.ref("round")),
            pen.clipped("mug", body, _speckle(pen, 210, 420, 590, 760, 90)),
            path(body, pen.ref("fall")),
            line("M268 440L280 690", WHITE, 16, 0.3),
            line("M300 446L306 560", WHITE, 6, 0.28),
            ellipse(400, 380, 190, 44, _RIM),
            ellipse(400, 382, 176, 37, mix(pen.pale, CREAM, 0.6)),
            ellipse(400, 382, 176, 37, pen.ref("inside"), opacity=0.6),
            path("M230 392Q400 340 570 392Q540 419 400 419Q260 419 230 392z", mix(pen.pale, CREAM, 0.6), opacity=0.5),
            line("M214 370Q250 336 400 336", WHITE, 3, 0.45),
            line("M230 716Q400 772 570 716", _RIM, 9, 0.85),
            pen.mark(396, 580, 1.7, _on(pen)),
        )
    )


def stoneware(pen: Pen) -> str:
    """A bare stoneware mug with a name cut into it."""
    body = "M232 372Q214 560 236 716Q246 758 300 764Q400 776 500 764Q554 758 564 716Q586 560 568 372z"
    handle = "M566 440Q676 420 680 540Q682 640 560 664"
    letters = "M328 594l16 -46l16 46m-26 -15h20M378 594v-30q12 -12 22 3v27M416 594v-30q12 -12 22 3v27"
    name = f"{letters}M476 568q-22 -8 -24 12q4 22 24 6v-18v26"
    return "".join(
        (
            pen.contact(404, 768, 226, 32),
            line(handle, pen.deep, 48, 0.6),
            line(handle, pen.dark, 42),
            line(handle, pen.dye, 38),
            line("M578 446Q658 438 662 540", pen.light, 8, 0.6),
            path(body, pen.dye),
            pen.clipped("stoneware", body, _speckle(pen, 216, 380, 584, 770, 260)),
            path(body, pen.ref("round")),
            path(body, pen.ref("fall")),
            lines([f"M226 {y}Q400 {y + 22} 574 {y}" for y in (420, 450, 640, 676)], pen.deep, 2, 0.18),
            ellipse(400, 372, 168, 38, pen.dark),
            ellipse(400, 374, 154, 31, mix(pen.pale, CREAM, 0.4)),
            ellipse(400, 374, 154, 31, pen.ref("inside"), opacity=0.55),
            line("M312 606Q400 622 488 606", pen.deep, 3, 0.7),
            line(name, pen.light, 5, 0.55, transform="translate(12 2)"),
            line(name, pen.deep, 5, 0.95, transform="translate(10 0)"),
            line("M276 430L284 690", WHITE, 14, 0.18),
        )
    )


def kettle(pen: Pen) -> str:
    """A squat kettle with a slow spout."""
    body = (
        "M224 560Q214 466 280 424Q400 380 520 424Q586 466 576 560L566 690Q560 744 510 752Q400 768 290 752"
        "Q240 744 234 690z"
    )
    spout = "M556 650Q622 640 632 540Q638 470 690 442L708 462Q672 486 672 560Q668 680 558 706z"
    return group(
        *(
            pen.contact(404, 762, 230, 32),
            pen.solid(spout, pen.dye),
            line("M688 440L710 464", _RIM, 11),
            line("M262 440Q240 236 400 226Q560 236 538 440", _RIM, 13),
            line("M312 266Q350 230 400 227Q450 230 488 266", _BEECH, 32),
            line("M316 258Q352 224 400 221Q440 222 474 248", mix(_BEECH, WHITE, 0.45), 5, 0.7),
            path(body, pen.dye),
            path(body, pen.ref("round")),
            pen.clipped("kettle", body, _speckle(pen, 214, 430, 586, 750, 110)),
            path(body, pen.ref("fall")),
            ellipse(400, 424, 132, 30, _RIM),
            ellipse(400, 418, 124, 27, pen.dye),
            ellipse(400, 418, 124, 27, pen.ref("sheen")),
            ellipse(400, 410, 62, 13, pen.dark, opacity=0.5),
            ellipse(400, 392, 27, 20, _BEECH),
            ellipse(393, 386, 12, 7, mix(_BEECH, WHITE, 0.45), opacity=0.8),
            ellipse(262, 444, 15, 15, _RIM),
            ellipse(538, 444, 15, 15, _RIM),
            line("M282 490Q262 560 276 660", WHITE, 15, 0.3),
            line("M312 486Q300 520 300 570", WHITE, 6, 0.26),
            line("M236 704Q400 760 564 704", _RIM, 9, 0.85),
            pen.mark(404, 596, 1.7, _on(pen)),
        ),
        transform="translate(-30 -10)",
    )


def flask(pen: Pen) -> str:
    """A tall flask; the lid is a cup."""
    body = "M300 396Q288 410 288 440L288 792Q288 820 316 824Q400 834 484 824Q512 820 512 792L512 440Q512 410 500 396z"
    cup = "M310 190Q312 172 334 170Q400 162 466 170Q488 172 490 190L500 356L300 356z"
    collar = "M300 350h200v52h-200z"
    return "".join(
        (
            pen.contact(400, 830, 160, 26),
            path(body, pen.dye),
            path(body, pen.ref("round")),
            path(body, pen.ref("felt"), opacity=0.35),
            path(collar, IRON),
            path(collar, pen.ref("round")),
            lines([f"M{x} 358v36" for x in range(312, 500, 12)], WHITE, 2, 0.14),
            path(cup, STEEL),
            path(cup, pen.ref("round")),
            ellipse(400, 176, 80, 9, WHITE, opacity=0.5),
            line("M304 330Q400 342 496 330", BLACK, 2, 0.25),
            line("M334 200L330 340", WHITE, 14, 0.6),
            line("M322 460L322 780", WHITE, 13, 0.3),
            line("M288 780Q400 796 512 780", pen.deep, 5, 0.5),
            pen.mark(404, 600, 1.8, _on(pen)),
        )
    )


def lantern(pen: Pen) -> str:
    """A storm lantern with a warm light."""
    glass = "M318 420Q268 500 300 600Q312 632 340 646L460 646Q488 632 500 600Q532 500 482 420z"
    tank = "M262 690Q262 666 300 662L500 662Q538 666 538 690L550 760Q552 790 520 794Q400 806 280 794Q248 790 250 760z"
    cap = "M330 420Q324 366 348 340Q354 300 400 298Q446 300 452 340Q476 366 470 420z"
    return "".join(
        (
            pen.contact(400, 800, 180, 28),
            line("M286 420Q250 150 400 146Q550 150 514 420", IRON, 7),
            line("M268 690L254 420Q252 370 330 372M532 690L546 420Q548 370 470 372", pen.deep, 22),
            line("M264 690L250 420Q252 376 320 376", pen.dye, 14),
            line("M536 690L550 420Q548 376 480 376", pen.dye, 14),
            ellipse(400, 540, 250, 230, pen.ref("glow"), opacity=0.75),
            path(glass, "#fff7e2", opacity=0.72),
            ellipse(400, 566, 84, 100, pen.ref("glow")),
            path("M400 490Q432 548 418 590Q410 614 400 614Q390 614 382 590Q368 548 400 490z", "#ffd27a"),
            path("M400 540Q416 570 410 594Q406 608 400 608Q394 608 390 594Q384 570 400 540z", "#fff6dc"),
            line("M322 440Q290 510 312 596", WHITE, 9, 0.85),
            lines(["M300 470Q400 500 500 470", "M292 560Q400 592 508 560"], IRON, 4, 0.7),
            path("M310 644h180v26h-180z", IRON),
            path("M310 644h180v26h-180z", pen.ref("round")),
            path(tank, pen.dye),
            path(tank, pen.ref("round")),
            ellipse(400, 664, 112, 9, pen.light, opacity=0.6),
            path(cap, pen.dye),
            path(cap, pen.ref("round")),
            lines([f"M{x} 386v22" for x in range(352, 460, 16)], BLACK, 6, 0.5),
            ellipse(400, 420, 74, 11, pen.deep),
            line("M278 710L284 770", WHITE, 9, 0.3),
            pen.mark(402, 734, 1.05, _on(pen)),
        )
    )


def pan(pen: Pen) -> str:
    """An iron pan from above."""
    rings = "".join(
        ellipse(372, 430, radius, radius, "none", stroke=WHITE, stroke_opacity=0.07, stroke_width=1.6)
        for radius in range(18, 190, 13)
    )
    handle = "M-26 0Q-30 130 -22 250Q-20 300 -30 350Q-30 392 0 394Q30 392 30 350Q20 300 22 250Q30 130 26 0z"
    grain = [f"M{x} 60Q{x + 4} 180 {x - 2} 330" for x in (-14, -5, 5, 14)]
    grip = group(
        path("M-20 -70h40l6 90h-52z", IRON),
        pen.solid(handle, _BEECH),
        lines(grain, "#7d5733", 2, 0.35),
        ellipse(0, 356, 11, 13, "#6b4a2c"),
        ellipse(0, 18, 5, 5, STEEL),
        transform="translate(508 572) rotate(-42)",
    )
    return group(
        *(
            ellipse(392, 468, 262, 250, pen.ref("contact")),
            group(grip, transform="translate(8 14)", opacity=0.16),
            grip,
            ellipse(372, 430, 236, 236, "#24262b"),
            ellipse(372, 430, 236, 236, pen.ref("sheen")),
            ellipse(368, 425, 224, 224, "#3d4047"),
            ellipse(374, 434, 206, 206, "#2a2c31"),
            ellipse(372, 430, 194, 194, "#34373d"),
            rings,
            path("M236 300Q300 232 400 240Q300 262 250 350z", WHITE, opacity=0.1),
            path("M520 330Q566 430 512 538Q536 436 500 350z", WHITE, opacity=0.05),
            line("M180 330Q240 204 372 198", WHITE, 4, 0.3),
        ),
        transform="translate(-42 24)",
    )


def _on(pen: Pen) -> str:
    """The mark's colour on this dye: dark on pale things."""
    red, green, blue = (int(pen.dye[at : at + 2], 16) for at in (1, 3, 5))
    return CREAM if red * 0.3 + green * 0.6 + blue * 0.1 < 165 else _RIM


def _speckle(pen: Pen, left: int, top: int, right: int, foot: int, count: int) -> str:
    """The fine spots of enamel."""
    chance = random.Random("enamel")
    colour = mix(pen.dye, BLACK if _on(pen) == _RIM else WHITE, 0.5)
    spots = [
        rect(chance.randint(left, right), chance.randint(top, foot), 3, 3, colour, rx=1.5, opacity=0.5)
        for _ in range(count)
    ]
    return "".join(spots)
